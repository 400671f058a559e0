# A Concourse resource type whose scripts run the command line, and the command line itself: for cron, Kubernetes, by hand.
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
# What runs is bundled, so ssh2 alone is a production dependency; its optional native parts are not built.
RUN npm run build && npm ci --omit=dev --ignore-scripts

FROM ${NODE_IMAGE}
WORKDIR /opt/do-worker
COPY --from=build /build/package.json /build/oclif.manifest.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/bin bin
COPY --from=build /build/templates templates
COPY --from=build /build/dist dist
RUN mkdir -p /opt/resource \
  && ln -s /opt/do-worker/bin/check /opt/do-worker/bin/in /opt/do-worker/bin/out /opt/resource/ \
  && ln -s /opt/do-worker/bin/do-worker.js /usr/local/bin/do-worker
ENTRYPOINT ["do-worker"]
