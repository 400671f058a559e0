import {Buffer} from 'node:buffer';

const maximumBytes = 65_536;

/** Everything that would make DigitalOcean or cloud-init refuse or misread the user-data. */
export async function userDataProblems(name: string, userData: string): Promise<string[]> {
  const problems = /^#cloud-config[\t ]*(?:\n|$)/v.test(userData)
    ? []
    : [`${name} renders user-data whose first line is not #cloud-config`];

  const carriageReturn = userData.indexOf('\r');
  if (carriageReturn !== -1) {
    problems.push(
      `${name} renders user-data with a carriage return in line ${lineAt(userData, carriageReturn)}; save it with Unix line ends`,
    );
  }

  // DigitalOcean cuts user-data at the first byte that is not ASCII.
  const foreign = userData.search(/[^\0-\u{7F}]/v);
  if (foreign !== -1) {
    problems.push(
      `${name} renders user-data that is not ASCII in line ${lineAt(userData, foreign)}; put values through {{yaml ...}}, which escapes them`,
    );
  }

  const bytes = Buffer.byteLength(userData);
  if (bytes > maximumBytes) {
    problems.push(
      `${name} renders ${bytes} bytes of user-data; DigitalOcean takes at most ${maximumBytes}`,
    );
  }

  const yamlProblem = await problemOfYaml(userData);
  return yamlProblem === undefined ? problems : [...problems, `${name} renders ${yamlProblem}`];
}

async function problemOfYaml(userData: string): Promise<string | undefined> {
  const {load, YAMLException} = await import('js-yaml');
  try {
    const document = load(userData);
    return typeof document === 'object' && document !== null && !Array.isArray(document)
      ? undefined
      : 'YAML that is not a mapping, so it holds no cloud-init settings';
  } catch (error) {
    if (!(error instanceof YAMLException)) {
      throw error;
    }

    // The message quotes the text around the fault, and the reason may quote a word of it: either can be a secret.
    const reason = error.reason.split(/[":<]/v, 1)[0]!.trim();
    const where = error.mark === undefined ? '' : ` in line ${error.mark.line + 1}`;
    return `no valid YAML: ${reason}${where}`;
  }
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
