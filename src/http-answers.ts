/** What an error body says, secrets masked. */
export type Explanation = {
  detail: string;
  /** The service's own name for the kind of error, where it has one. */
  code?: string | undefined;
  requestId?: string | undefined;
  isJson: boolean;
};

/**
 * DigitalOcean's {id, message}, its odd {error}, Concourse's and dex's texts, Taskcluster's {code, message}
 * or a proxy's HTML.
 */
export function explain(body: string, secrets: string[]): Explanation {
  let detail = body;
  let code: string | undefined;
  let requestId: string | undefined;
  let isJson = false;
  try {
    const fields = (JSON.parse(body) ?? {}) as Record<string, unknown>;
    const texts = [fields.message, fields.error_description, fields.error, fields.stderr];
    detail = texts.find((text) => typeof text === 'string') ?? '';
    code = typeof fields.code === 'string' ? redact(fields.code, secrets).slice(0, 100) : undefined;
    requestId = typeof fields.request_id === 'string' ? fields.request_id : undefined;
    isJson = true;
  } catch {
    if (body.trimStart().startsWith('<')) {
      detail = 'an HTML page, as a proxy sends';
    }
  }

  const words = redact(detail, secrets).trim();
  return {
    detail: code === undefined ? words.slice(0, 300) : coded(code, words),
    code,
    requestId: requestId && redact(requestId, secrets).slice(0, 100),
    isJson,
  };
}

/** Taskcluster's message of many lines as one; what follows its rule only repeats the request. */
function coded(code: string, words: string): string {
  const [message = ''] = words.split('\n---\n', 1);
  return `${code}: ${message}`.replaceAll(/\s+/gv, ' ').trim().slice(0, 1000);
}

/** Takes secrets out of a service's words or a path, in whatever form they are there. */
export function redact(text: string, secrets: string[]): string {
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

/** Whether Node's code says that a certificate is not trusted or not valid: asking again changes nothing. */
export function isCertificateError(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/v.test(code);
}

/** What to look at when no answer came, by Node's code for the failure. */
export function suggestionsFor(code: string): string[] {
  if (/EXPIRED|NOT_YET_VALID/v.test(code)) {
    return ['Renew its certificate, or set the clock of this machine'];
  }

  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return ['Use the host name that its certificate is for'];
  }

  return isCertificateError(code)
    ? [
        'Give the certificate authority that signed its certificate: --ca-cert FILE, or to start-worker NODE_EXTRA_CA_CERTS=FILE in its environment',
      ]
    : ['Check the URL and that this machine can reach it'];
}
