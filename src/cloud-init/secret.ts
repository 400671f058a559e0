const mask = '‹redacted›';

/** A text that printing, inspecting or serialising the object around it cannot show. */
export type Secret = {readonly reveal: () => string};

export function secret(text: string): Secret {
  return {reveal: () => text};
}

export function isSecret(value: unknown): value is Secret {
  return (
    typeof value === 'object' &&
    value !== null &&
    'reveal' in value &&
    typeof value.reveal === 'function'
  );
}

export function maskedText(): string {
  return mask;
}

/** Undoes the quoting of the mask, so that a person reads it as it was meant. */
export function showMasks(rendered: string): string {
  return rendered.replaceAll(/\\{1,8}u2039redacted\\{1,8}u203A/gv, () => mask);
}
