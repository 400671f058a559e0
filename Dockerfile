# The CLI with its production dependencies: ssh2 alone, the rest is bundled.
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM ${NODE_IMAGE}
WORKDIR /opt/do-worker
COPY --from=build /build/package.json /build/oclif.manifest.json ./
COPY --from=build /build/bin bin
COPY --from=build /build/dist dist
COPY --from=build /build/templates templates
COPY --from=build /build/node_modules node_modules
RUN ln -s /opt/do-worker/bin/do-worker.js /usr/local/bin/do-worker
ENTRYPOINT ["do-worker"]
