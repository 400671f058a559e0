/** DigitalOcean's {id, message}, its odd {error}, Concourse's and dex's texts, or a proxy's HTML. */
export function explain(
  body: string,
  secrets: string[],
): {detail: string; requestId?: string | undefined; isJson: boolean} {
  let detail = body;
  let requestId: string | undefined;
  let isJson = false;
  try {
    const fields = (JSON.parse(body) ?? {}) as Record<string, unknown>;
    const texts = [fields.message, fields.error_description, fields.error, fields.stderr];
    detail = texts.find((text) => typeof text === 'string') ?? '';
    requestId = typeof fields.request_id === 'string' ? fields.request_id : undefined;
    isJson = true;
  } catch {
    if (body.trimStart().startsWith('<')) {
      detail = 'an HTML page, as a proxy sends';
    }
  }

  return {
    detail: redact(detail, secrets).trim().slice(0, 300),
    requestId: requestId && redact(requestId, secrets).slice(0, 100),
    isJson,
  };
}

/** Takes secrets out of a service's words, in whatever form it repeats them. */
function redact(text: string, secrets: string[]): string {
  let redacted = text
    .replaceAll(/-----BEGIN [^\-]*PRIVATE KEY-----[\s\S]*/gv, '‹redacted›')
    .replaceAll(/\bdo[opr]_v1_\w+/gv, '‹redacted›');
  for (const secret of secrets.filter((each) => each !== '')) {
    const forms = [
      secret,
      encodeURIComponent(secret),
      new URLSearchParams({'': secret}).toString().slice(1),
      JSON.stringify(secret).slice(1, -1),
    ];
    for (const form of forms) {
      redacted = redacted.replaceAll(form, '‹redacted›');
    }
  }

  return redacted;
}

/** What came instead of JSON; of a redirect only the host, for the rest may hold a token. */
export function notJson(location: string | undefined): string {
  return location === undefined
    ? 'a body that is not JSON'
    : `a redirect to ${URL.canParse(location) ? new URL(location).origin : 'another path'}`;
}

export function isCertificateError(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/v.test(code);
}

export function suggestionsFor(code: string): string[] {
  return isCertificateError(code)
    ? ['Give the certificate authority that signed its certificate: --ca-cert FILE']
    : ['Check the URL and that this machine can reach it'];
}
