const mask = '‹redacted›';

/** A text that printing, inspecting or serialising the object around it cannot show. */
export type Secret = {readonly reveal: () => string};

/** Wraps a text so that only calling `reveal` gives it out. */
export function secret(text: string): Secret {
  return {reveal: () => text};
}

/** Whether a value of a template is secret: whatever has a function `reveal` counts as one. */
export function isSecret(value: unknown): value is Secret {
  return (
    typeof value === 'object' &&
    value !== null &&
    'reveal' in value &&
    typeof value.reveal === 'function'
  );
}

/** What stands in place of every secret in a rendering for people. */
export function maskedText(): string {
  return mask;
}

/** Undoes the quoting of the mask, so that a person reads it as it was meant. */
export function showMasks(rendered: string): string {
  return rendered.replaceAll(/\\{1,8}u2039redacted\\{1,8}u203A/gv, () => mask);
}
