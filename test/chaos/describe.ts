import type {Operation, Plan, Step} from './plan.js';
import type {Result} from './sequence.js';

/** A sequence as a person reads it, and how to see it again. */
export function describeResult({plan, violations, story}: Result, command: string): string {
  return [
    `Sequence ${plan.seed} broke ${violations.length} rule(s):`,
    ...violations.map((violation) => `  - ${violation}`),
    '',
    ...describePlan(plan),
    '',
    'What happened:',
    ...story.map((line) => `  ${line}`),
    '',
    `Only this one again: ${command} --runs 1 --seed ${plan.seed}`,
  ].join('\n');
}

export function describePlan(plan: Plan): string[] {
  return [
    `Services: ${JSON.stringify(plan.switches)}`,
    ...plan.faults.map((fault) => `Fault: ${JSON.stringify(fault)}`),
    ...plan.concourseFaults.map((fault) => `Concourse fault: ${JSON.stringify(fault)}`),
    ...plan.taskclusterFaults.map((fault) => `Taskcluster fault: ${JSON.stringify(fault)}`),
    `Foreign droplets: ${describeForeign(plan.foreign)}`,
    `Stale workers of ours: ${plan.hasStaleWorker ? 'one of each kind' : 'none'}`,
    'Steps:',
    ...plan.steps.map((step, index) => `  #${index + 1} ${describeStep(step)}`),
  ];
}

function describeForeign(foreign: string[]): string {
  const single = foreign.filter((what) => !what.includes('crowd'));
  const count = foreign.length - single.length;
  return [...single, ...(count > 0 ? [`a crowd of ${count}`] : [])].join('; ') || 'none';
}

function describeStep({isOverlapping, delaySeconds, operation, stop, outage}: Step): string {
  const what =
    operation === undefined
      ? `${outage?.of} for ${outage?.seconds} s`
      : describeOperation(operation);
  const when = isOverlapping ? 'at the same time' : 'then';
  const end =
    stop === undefined
      ? ''
      : `; ${stop.how} ${stop.when} request ${stop.request} (a process: ${stop.lateMs} ms)`;
  return `${when}, after ${delaySeconds} s: ${what}${end}`;
}

export function describeOperation(operation: Operation): string {
  const {kind, ...rest} = operation;
  const options = Object.entries(rest).filter(([, value]) => value !== undefined);
  return [kind, ...options.map(([key, value]) => `${key}=${String(value)}`)].join(' ');
}
