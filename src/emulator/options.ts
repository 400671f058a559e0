import {concourseSwitches, type ConcourseOptions} from './concourse/options.js';
import {digitalOceanSwitches, type DigitalOceanOptions} from './digitalocean/options.js';
import {boolean, integer, type Switch, type SwitchValues} from './switches.js';
import {taskclusterSwitches, type TaskclusterOptions} from './taskcluster/options.js';

export const worldSwitches = {
  timeScale: integer(1, 'Emulated time passes so many times as fast as real time', 'design 10'),
  bootMs: integer(50, 'An active droplet starts its worker after this long', 'digitalocean-api 4'),
  failBootstrap: boolean(
    false,
    'Droplets fail to install the worker and switch off',
    'digitalocean-api 12',
  ),
  neverConnect: boolean(
    false,
    'Workers never reach their CI server, as behind a firewall',
    'digitalocean-api 10',
  ),
  simulateRunner: boolean(
    false,
    'Taskcluster workers register without a process: droplets run no start-worker',
    'design 10',
  ),
  hangAfterMs: integer(0, 'A droplet hangs this long after power-on; 0 is never', 'concourse 3'),
};

/** Port 0, the default, is any free one. */
export type Ports = {digitalOcean?: number; concourse?: number; tsa?: number; taskcluster?: number};

/** Every switch by its name, and what cannot be said in a flag. */
export type EmulatorOptions = Partial<SwitchValues<typeof worldSwitches>> &
  DigitalOceanOptions &
  Omit<ConcourseOptions, 'faults'> &
  Omit<TaskclusterOptions, 'faults'> & {
    /** Requests to a CI server that go wrong; `faults` are those to DigitalOcean. */
    concourseFaults?: NonNullable<ConcourseOptions['faults']>;
    taskclusterFaults?: NonNullable<TaskclusterOptions['faults']>;
    ports?: Ports;
  };

export type NamedSwitch = Switch & {
  readonly name: string;
  readonly part: 'emulator' | 'digitalocean' | 'concourse' | 'taskcluster';
};

/** All that can be set by a flag or in a seed file. */
export const emulatorSwitches: readonly NamedSwitch[] = [
  ...named('emulator', worldSwitches),
  ...named('digitalocean', digitalOceanSwitches),
  ...named('concourse', concourseSwitches),
  ...named('taskcluster', taskclusterSwitches),
];

function named(
  part: NamedSwitch['part'],
  switches: Readonly<Record<string, Switch>>,
): NamedSwitch[] {
  return Object.entries(switches).map(([name, value]) => ({name, part, ...value}));
}
