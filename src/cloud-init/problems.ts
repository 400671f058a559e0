import {UsageError} from '../errors.js';

/** Makes every part and throws one UsageError with the problems of all of them. */
export async function together<Parts extends Record<string, unknown>>(parts: {
  [Name in keyof Parts]: () => Parts[Name] | Promise<Parts[Name]>;
}): Promise<Parts> {
  const names = Object.keys(parts);
  const makers = Object.values<() => unknown>(parts);
  const outcomes = await Promise.allSettled(makers.map(async (make) => make()));

  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') {
      values[names[index]!] = outcome.value;
    } else if (outcome.reason instanceof UsageError) {
      problems.push(...outcome.reason.problems);
    } else {
      throw outcome.reason as Error;
    }
  }

  if (problems.length > 0) {
    throw new UsageError(problems);
  }

  return values as Parts;
}
