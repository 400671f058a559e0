export const plainUrl = 'an http or https URL without user, query and fragment';

/** Whether requests can be sent below an address; one that is not may hold a password, so it is not to be shown. */
export function isPlainUrl(url: string): boolean {
  return URL.canParse(url) && /^https?:\/\/[^\s#?@]+$/v.test(url);
}
