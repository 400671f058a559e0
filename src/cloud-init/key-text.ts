import {Buffer} from 'node:buffer';

export type PemBlock = {label: string; headers: string; body: string};

const blockPattern = /-----BEGIN (?<label>[\d A-Z]+)-----(?<content>.*?)-----END \k<label>-----/gsv;

export const makeRsaKey =
  "make one with: ssh-keygen -t rsa -b 4096 -m PEM -N '' -f FILE (or: concourse generate-key -t ssh -f FILE)";
const convertKey = "convert a copy with: ssh-keygen -p -m PEM -N '' -f FILE";

/** The PEM blocks of a text, in order, header lines apart from base64; one that does not end is left out. */
export function pemBlocks(text: string): PemBlock[] {
  return Array.from(text.matchAll(blockPattern), ({groups}) => {
    const lines = groups!.content!.trim().split('\n');
    const isHeader = (line: string) => line.includes(': ');
    return {
      label: groups!.label!,
      headers: lines.filter((line) => isHeader(line)).join('\n'),
      body: lines.filter((line) => !isHeader(line)).join('\n'),
    };
  });
}

/** Line ends, a byte order mark and indentation are what copying and pasting adds to a key. */
export function tidyText(text: string): string {
  return text
    .replace(/^\u{FEFF}/v, '')
    .split(/\r\n|[\n\r]/v)
    .map((line) => line.trim())
    .join('\n')
    .trim();
}

/** Node's own decoder skips what is no base64. */
export function isBase64(text: string): boolean {
  return text !== '' && Buffer.from(text, 'base64').toString('base64') === text;
}

/** Whether a private key begins anywhere in the text, in PEM or PuTTY format, cut off or not. */
export function isPrivateKeyText(text: string): boolean {
  return /-----BEGIN [ A-Z]*PRIVATE KEY-----|^PuTTY-User-Key-File/mv.test(text);
}

/** Why the text cannot be an unencrypted RSA private key, as far as its armour tells. */
export function armourProblem(text: string, blocks: PemBlock[]): string | undefined {
  if (text === '') {
    return `is empty; ${makeRsaKey}`;
  }

  if (text.startsWith('PuTTY-User-Key-File')) {
    return 'is in PuTTY format; convert a copy with: puttygen FILE -O private-openssh -o NEW, then ssh-keygen -p -m PEM -f NEW';
  }

  const privateKeys = blocks.filter(({label}) => label.endsWith('PRIVATE KEY'));
  const [block] = privateKeys;
  if (block === undefined) {
    return `${problemWithoutKey(text, blocks)}; ${makeRsaKey}`;
  }

  if (privateKeys.length > 1) {
    return `holds ${privateKeys.length} private keys; give a file with one`;
  }

  if (block.label === 'OPENSSH PRIVATE KEY') {
    return opensshProblem(block.body);
  }

  if (
    block.label === 'ENCRYPTED PRIVATE KEY' ||
    /^Proc-Type:\s*4,\s*ENCRYPTED/mv.test(block.headers)
  ) {
    return `is encrypted with a passphrase, which nobody could enter on a worker; ${convertKey}`;
  }

  return ['EC PRIVATE KEY', 'DSA PRIVATE KEY'].includes(block.label)
    ? notRsa(block.label.startsWith('EC') ? 'an EC key' : 'a DSA key')
    : undefined;
}

/** What is wrong with a key of another kind, such as `an EC key`, and the command that makes a right one. */
export function notRsa(kind: string): string {
  return `is ${kind}, and only RSA works; ${makeRsaKey}`;
}

function problemWithoutKey(text: string, blocks: PemBlock[]): string {
  const label = blocks[0]?.label ?? '';
  if (label.startsWith('CERTIFICATE')) {
    return 'is a certificate, not a private key';
  }

  const isPublic =
    label.endsWith('PUBLIC KEY') ||
    /^---- BEGIN SSH2 PUBLIC KEY|^(?:ssh|ecdsa|sk)-[\w\-.@]+ AAAA/mv.test(text);
  if (isPublic) {
    return 'is a public key, not the private key that belongs to it';
  }

  return isPrivateKeyText(text)
    ? 'is cut off: a private key begins in it but does not end'
    : 'holds no private key';
}

function opensshProblem(body: string): string {
  const bytes = Buffer.from(body, 'base64').toString('latin1');
  const algorithm = /(?<=\0{3}.)ssh-ed25519|ecdsa-sha2|ssh-dss|sk-(?:ssh|ecdsa)/sv.exec(bytes)?.[0];
  if (algorithm === undefined) {
    return `is in OpenSSH format, which the worker cannot read; ${convertKey}`;
  }

  const kinds: Record<string, string> = {
    'ssh-ed25519': 'an Ed25519 key',
    'ecdsa-sha2': 'an EC key',
    'ssh-dss': 'a DSA key',
  };
  return notRsa(kinds[algorithm] ?? 'the handle of a security key');
}
