import type {World} from './world.js';

/** What is wrong for a while: at a CI server, or in the account at DigitalOcean. */
export type Outage =
  'no TSA' | 'no ATC' | 'no Taskcluster' | 'hidden tags' | 'lost tags' | 'a locked account';

const everything = {method: '*', path: '*', kind: 'status', status: 502} as const;

type Change = (world: World) => void;

export const outages: Record<Outage, {begin: Change; end: Change}> = {
  'no TSA': {
    begin({setTsa}) {
      setTsa(false);
    },
    end({setTsa}) {
      setTsa(true);
    },
  },
  'no ATC': {
    begin({emulator}) {
      emulator.concourse.addFault(everything);
    },
    end({emulator}) {
      emulator.concourse.clearFaults();
    },
  },
  'no Taskcluster': {
    begin({emulator}) {
      emulator.taskcluster.addFault(everything);
    },
    end({emulator}) {
      emulator.taskcluster.clearFaults();
    },
  },
  'hidden tags': setting({omitTags: true}, {omitTags: false}),
  'lost tags': setting({dropTags: true}, {dropTags: false}),
  'a locked account': setting({accountStatus: 'locked'}, {accountStatus: 'active'}),
};

type Settings = Partial<World['emulator']['digitalOcean']['settings']>;

function setting(during: Settings, after: Settings): {begin: Change; end: Change} {
  const set =
    (values: Settings): Change =>
    ({emulator}) => {
      Object.assign(emulator.digitalOcean.settings, values);
    };

  return {begin: set(during), end: set(after)};
}
