import hawk from 'hawk';
import {ActionableError} from '../errors.js';
import type {Method} from '../http.js';
import type {Credentials} from './credentials.js';

/** Signs each attempt anew with Hawk: a header holds a time and a nonce, and is worth one request. */
export function makeSign({clientId, accessToken, certificate}: Credentials) {
  const credentials = {id: clientId, key: accessToken, algorithm: 'sha256'} as const;
  const ext = extOf(certificate);
  return (method: Method, url: URL): string =>
    hawk.client.header(url, method, {credentials, ext}).header;
}

/** Temporary credentials are known to nobody but their issuer: each request brings the certificate along. */
function extOf(certificate: string | undefined): string | undefined {
  return certificate === undefined || certificate === ''
    ? undefined
    : Buffer.from(JSON.stringify({certificate: parsed(certificate)})).toString('base64');
}

function parsed(certificate: string): unknown {
  try {
    return JSON.parse(certificate);
  } catch {
    // The parser's own message would repeat some of the text.
    throw new ActionableError(
      'CREDENTIALS',
      'The certificate of the Taskcluster credentials is not JSON',
      ['Give it as TASKCLUSTER_CERTIFICATE has it: a JSON object in one text'],
    );
  }
}
