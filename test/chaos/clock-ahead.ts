/** The environment of a process whose machine's clock is ahead. */
export function clockAhead(seconds: number): {NODE_OPTIONS: string} {
  const text = `const now = Date.now; Date.now = () => now() + ${seconds * 1000};`;
  return {NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(text)}`};
}
