/** Looks every few milliseconds until the claim holds; the last failure is the error when it never does. */
export async function eventually(claim: () => void | Promise<void>, ms = 3000): Promise<void> {
  const until = performance.now() + ms;
  for (;;) {
    try {
      await claim();
      return;
    } catch (error) {
      if (performance.now() > until) {
        throw error;
      }
    }

    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}
