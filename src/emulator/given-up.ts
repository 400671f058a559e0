import type {HttpBindings} from '@hono/node-server';

/** Waits until a client that gets no answer gives up, or the server stops listening. */
export async function untilGivenUp({socket}: HttpBindings['incoming']): Promise<void> {
  if (!socket.destroyed) {
    await new Promise((resolve) => {
      socket.once('close', resolve);
    });
  }
}
