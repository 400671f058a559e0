import {Buffer} from 'node:buffer';
import {gunzipSync} from 'node:zlib';
import {load, YAML11_SCHEMA} from 'js-yaml';

export type WrittenFile = {readonly content: string; readonly mode: number};

/** What cloud-init makes of user-data. */
export type CloudConfig = {
  readonly hostname: string;
  readonly files: ReadonlyMap<string, WrittenFile>;
  readonly bootCommands: readonly string[];
  /** Certificates that are added to those of the image. */
  readonly trusted: readonly string[];
};

type Fields = Record<string, unknown>;

const unbase64 = (text: string) => Buffer.from(text, 'base64').toString();
const unzip = (text: string) => gunzipSync(Buffer.from(text, 'base64')).toString();
const decoders: Record<string, (content: string) => string> = {
  'text/plain': (content) => content,
  b64: unbase64,
  base64: unbase64,
  'gz+b64': unzip,
  'gz+base64': unzip,
  'gzip+b64': unzip,
  'gzip+base64': unzip,
};

/** Reads user-data as cloud-init does; throws with a reason that quotes nothing from it. */
export function readCloudConfig(userData: string, machineName: string): CloudConfig {
  const [firstLine = ''] = userData.split('\n', 1);
  if (firstLine.trimEnd() !== '#cloud-config') {
    throw new Error('user-data does not start with a line #cloud-config, so cloud-init ignores it');
  }

  const config = parseYaml(userData);
  const hostname = config.hostname ?? machineName;
  return {
    hostname: textOf(hostname),
    files: writtenFiles(config.write_files ?? []),
    bootCommands: [...commands('bootcmd', config), ...commands('runcmd', config)],
    trusted: trustedIn(config.ca_certs ?? {}),
  };
}

function parseYaml(text: string): Fields {
  const value = loadYaml(text);
  if (!isFields(value)) {
    throw new Error('user-data is not a YAML mapping');
  }

  return value;
}

function loadYaml(text: string): unknown {
  try {
    // Python's YAML is 1.1: an unquoted 0644 is octal there.
    return load(text, {schema: YAML11_SCHEMA});
  } catch (error) {
    const {mark} = error as {mark?: {line?: number}};
    const where = mark?.line === undefined ? '' : ` (line ${mark.line + 1})`;
    // Without its cause: that quotes the text, and the text holds keys.
    // eslint-disable-next-line preserve-caught-error
    throw new Error(`user-data is not YAML${where}`);
  }
}

function writtenFiles(value: unknown): Map<string, WrittenFile> {
  if (!Array.isArray(value)) {
    throw new TypeError('write_files in user-data is not a list');
  }

  const files = new Map<string, WrittenFile>();
  for (const entry of value) {
    if (!isFields(entry) || typeof entry.path !== 'string') {
      throw new Error('an entry of write_files in user-data has no path');
    }

    const {path} = entry;
    const content = decode(entry.content ?? '', entry.encoding, path);
    const before = entry.append === true ? (files.get(path)?.content ?? '') : '';
    files.set(path, {content: before + content, mode: modeOf(entry.permissions, path)});
  }

  return files;
}

function trustedIn(value: unknown): string[] {
  const trusted = (isFields(value) ? value.trusted : undefined) ?? [];
  if (!Array.isArray(trusted)) {
    throw new TypeError('ca_certs.trusted in user-data is not a list');
  }

  return trusted.map((each) => textOf(each));
}

function decode(content: unknown, encoding: unknown, path: string): string {
  if (typeof content !== 'string') {
    throw new TypeError(`the content of ${path} in user-data is not text`);
  }

  const decoder = decoders[textOf(encoding ?? 'text/plain').toLowerCase()];
  if (!decoder) {
    throw new Error(`the encoding of ${path} in user-data is not one that cloud-init knows`);
  }

  try {
    return decoder(content);
  } catch {
    throw new Error(`the content of ${path} in user-data cannot be unpacked`);
  }
}

function modeOf(permissions: unknown, path: string): number {
  if (permissions === undefined || permissions === null) {
    return 0o644;
  }

  const mode =
    typeof permissions === 'number' ? permissions : Number.parseInt(textOf(permissions), 8);
  if (!Number.isSafeInteger(mode)) {
    throw new TypeError(`the permissions of ${path} in user-data are not a mode`);
  }

  return mode;
}

function commands(key: string, config: Fields): string[] {
  const value = config[key] ?? [];
  if (!Array.isArray(value)) {
    throw new TypeError(`${key} in user-data is not a list`);
  }

  return value.map((command) => {
    if (Array.isArray(command)) {
      return command.map(String).join(' ');
    }

    if (typeof command !== 'string') {
      throw new TypeError(`a command of ${key} in user-data is neither text nor a list`);
    }

    return command;
  });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
