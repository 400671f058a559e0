import type {Send, Session} from './metadata.js';

const lifetimeSeconds = 21_600;
const renewedBeforeSeconds = 900;

/** The token of EC2's metadata service (IMDSv2), used again until it has less than 15 minutes left. */
export function createImdsSession(send: Send, now: () => number = Date.now): Session {
  let token: {text: string; until: number} | undefined;

  return {
    async headers(signal) {
      if (token === undefined || token.until <= now()) {
        const until = now() + (lifetimeSeconds - renewedBeforeSeconds) * 1000;
        const text = await send('PUT', '/api/token', {
          signal,
          headers: {'x-aws-ec2-metadata-token-ttl-seconds': String(lifetimeSeconds)},
          timeoutMs: 2000,
        });
        token = {text, until};
      }

      return {'x-aws-ec2-metadata-token': token.text};
    },

    forget() {
      token = undefined;
    },
  };
}
