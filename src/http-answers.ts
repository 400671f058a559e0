/** DigitalOcean's {id, message}, its odd {error}, Concourse's and dex's texts, or a proxy's HTML. */
export function explain(
  body: string,
  secrets: string[],
): {detail: string; requestId?: string | undefined} {
  let detail = body;
  let requestId: string | undefined;
  try {
    const fields = (JSON.parse(body) ?? {}) as Record<string, unknown>;
    const texts = [fields.message, fields.error_description, fields.error, fields.stderr];
    detail = texts.find((text) => typeof text === 'string') ?? '';
    requestId = typeof fields.request_id === 'string' ? fields.request_id : undefined;
  } catch {
    if (body.trimStart().startsWith('<')) {
      detail = 'an HTML page, as a proxy sends';
    }
  }

  for (const secret of secrets) {
    detail = secret === '' ? detail : detail.replaceAll(secret, '‹redacted›');
  }

  return {detail: detail.trim().slice(0, 300), requestId};
}

/** What came instead of JSON; a redirect's query may hold a token. */
export function notJson(location: string | undefined): string {
  return location === undefined
    ? 'a body that is not JSON'
    : `a redirect to ${location.replace(/[?#].*$/sv, '')}`;
}

export function isCertificateError(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/v.test(code);
}

export function suggestionsFor(code: string): string[] {
  return isCertificateError(code)
    ? ['Give the certificate authority that signed its certificate: --ca-cert FILE']
    : ['Check the URL and that this machine can reach it'];
}
