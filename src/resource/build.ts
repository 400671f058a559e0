import type {Inputs} from '../settings.js';

/** What Concourse tells a step of the build that it runs in. */
export type Build = {
  /** Of the droplets of this build; undefined outside a build. */
  runKey: string | undefined;
  /** As shown in versions: the build's id. */
  id: string;
  pipeline: string | undefined;
  job: string | undefined;
  isInstanced: boolean;
  /** Concourse's own URL, which makes the CI id. */
  externalUrl: string | undefined;
};

/**
 * A worker name is a tag that pipelines spell out, so it is cut where no build's number matters:
 * a droplet name holds it, `-b<BUILD_ID>-` and 8 letters more in 63 characters.
 */
const longestDefaultName = 40;

/** Reads the build's environment (concourse 7); what it lacks is added to `problems`. */
export function readBuild(environment: Inputs['environment'], problems: string[]): Build {
  const id = environment.BUILD_ID;
  const isNumber = id !== undefined && /^\d{1,15}$/v.test(id);
  if (!isNumber) {
    problems.push(
      id === undefined || id === ''
        ? 'BUILD_ID is not set: this runs in builds of Concourse only; elsewhere use do-worker create and destroy'
        : `BUILD_ID ${JSON.stringify(id)} is not a number`,
    );
  }

  const {ATC_EXTERNAL_URL: externalUrl} = environment;
  return {
    runKey: isNumber ? `b${id}` : undefined,
    id: id ?? '',
    pipeline: nonEmpty(environment.BUILD_PIPELINE_NAME),
    job: nonEmpty(environment.BUILD_JOB_NAME),
    isInstanced: nonEmpty(environment.BUILD_PIPELINE_INSTANCE_VARS) !== undefined,
    externalUrl: externalUrl !== undefined && URL.canParse(externalUrl) ? externalUrl : undefined,
  };
}

/** `ci-worker-<PIPELINE>-<JOB>` as a hostname label; undefined in a build without a job. */
export function defaultWorkerName({pipeline, job}: Build): string | undefined {
  return pipeline === undefined || job === undefined
    ? undefined
    : asLabel(pipeline, job).slice(0, longestDefaultName).replace(/-+$/v, '');
}

/** What the default name has lost, so that another job may have the same; undefined when it tells this one's. */
export function lostInName({pipeline = '', job = ''}: Build): string | undefined {
  if (/[[\p{Letter}\p{Number}]--[A-Za-z0-9]]/v.test(withoutMarks(`${pipeline}${job}`))) {
    return 'lacks letters that no host name has';
  }

  return asLabel(pipeline, job).length > longestDefaultName
    ? `is cut to ${longestDefaultName} characters`
    : undefined;
}

function asLabel(pipeline: string, job: string): string {
  return withoutMarks(`ci-worker-${pipeline}-${job}`)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gv, '-')
    .replace(/-+$/v, '');
}

function withoutMarks(text: string): string {
  return text.normalize('NFKD').replaceAll(/\p{Mark}/gv, '');
}

/** Undefined for an empty text, as an environment or a list has it for none. */
export function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
