/** A signal that aborts as `signal` does, but not between `send` and the use of what was answered. */
export function gateOf(signal: AbortSignal) {
  const gate = new AbortController();
  let isSending = false;
  const close = () => {
    if (!isSending) {
      gate.abort(signal.reason);
    }
  };

  signal.addEventListener('abort', close);
  return {
    signal: gate.signal,
    check() {
      signal.throwIfAborted();
    },
    send() {
      signal.throwIfAborted();
      isSending = true;
    },
    sent() {
      isSending = false;
    },
    [Symbol.dispose]() {
      signal.removeEventListener('abort', close);
    },
  };
}
