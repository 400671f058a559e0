import {boolean, integer, list, string, type SwitchValues, withDefaults} from '../switches.js';
import {type AtRequest, type Fault, parseFault} from '../ci-faults.js';

const facts = (section: string) => `concourse ${section}`;

/** Every switch of the emulated Concourse. Milliseconds and seconds are emulated ones. */
export const concourseSwitches = {
  profile: string('current', 'current is 8.3 and later, legacy is 8.2.5 and before', facts('0')),
  version: string(
    '',
    'Release it claims to be, such as 6.0.0; decides all that the profile does',
    facts('0'),
  ),
  externalUrl: string('', 'external_url in /info; its own URL when empty', facts('1')),
  username: string('test', 'Name of the local user', facts('1')),
  password: string('test', 'Password of the local user', facts('1')),
  roles: list(
    ['main:owner'],
    'Roles of the local user as team:role; an owner of main is an admin',
    facts('1'),
  ),
  users: list([], 'More local users, each name:password:team=role+role,team=role', facts('1')),
  ssoOnly: boolean(false, 'Nobody can log in with a password', facts('1')),
  connectorDown: boolean(false, 'The password connector fails, as when LDAP is down', facts('1')),
  teams: list([], 'Teams besides main and those that users or keys belong to', facts('2')),
  tokenSeconds: integer(86_400, 'A token lives this long', facts('1')),
  tokensExpired: boolean(false, 'Tokens have expired the moment they are issued', facts('1')),

  tsaWrongHostKey: boolean(
    false,
    'The TSA presents another host key than the one it is known by',
    facts('4'),
  ),
  tsaClosed: boolean(false, 'Nothing listens on the TSA port', facts('4')),
  workerKeyUnauthorized: boolean(false, 'The TSA does not know the worker key', facts('4')),
  teamKeys: list([], 'Teams that have a worker key of their own', facts('4')),
  authorizedKeys: list(
    [],
    'More public keys, as authorized_keys lines, that act for every team',
    facts('4'),
  ),

  failRequests: list(
    [],
    'Failing requests, each "METHOD PATH KIND[=NUMBER] [after=N] [times=N]"; kinds: status html drop lost slow hang hang-after',
    facts('9'),
  ),
  registerDelayMs: integer(0, 'A registration takes this long after forward-worker', facts('9')),
  registerVersion: string(
    '',
    'Worker version that every registration gets, whatever the worker said',
    facts('5'),
  ),
  secondReadOnly: boolean(
    false,
    'Every other listing, the first one too, comes from a web node that knows no worker',
    facts('2'),
  ),
  reregistrations: integer(
    0,
    'So many retired workers register again before the prune that follows',
    facts('2'),
  ),

  heartbeatMs: integer(30_000, 'Time between two heartbeats of a worker', facts('3')),
  ttlMs: integer(0, 'A row lives this long after a heartbeat; 0 is two heartbeats', facts('3')),
  gcMs: integer(30_000, 'Time between two GC passes, give or take a second', facts('3')),
  componentMs: integer(10_000, 'Time between two looks at whether a GC pass is due', facts('3')),
};

export type ConcourseSettings = SwitchValues<typeof concourseSwitches> & {
  faults: Fault[];
  atConcourseRequest?: AtRequest;
};

export type ConcourseOptions = Partial<SwitchValues<typeof concourseSwitches>> & {
  /** Requests to the ATC that go wrong, the TSA's own among them. */
  faults?: readonly Fault[];
  atConcourseRequest?: AtRequest;
};

/** Every switch with its value, and the faults in both spellings; throws for a line that is no fault. */
export function concourseSettings(options: ConcourseOptions): ConcourseSettings {
  const settings = withDefaults(concourseSwitches, options);
  const faults = settings.failRequests.map((line) => parseFault(line));
  const {atConcourseRequest} = options;
  return {
    ...settings,
    faults: [...faults, ...(options.faults ?? [])],
    ...(atConcourseRequest && {atConcourseRequest}),
  };
}
