import {boolean, integer, list, string, type SwitchValues} from '../switches.js';
import type {Fault} from './faults.js';
import type {LoggedRequest} from './edge.js';
import type {DropletSeed} from './seed.js';

const facts = (section: string) => `digitalocean-api ${section}`;

/** Time is emulated time; a count of 0 means never. */
export const digitalOceanSwitches = {
  token: string('', 'Bearer token that is accepted; empty makes a random one', facts('1')),
  scopes: list(
    [],
    'Scopes of the token, such as droplet:read; none named means every scope',
    facts('11'),
  ),
  hiddenFields: string(
    'absent',
    'How fields hidden by a missing read scope look: absent or empty',
    facts('4'),
  ),
  accountStatus: string(
    'active',
    'Account status: active, warning or locked (locked refuses every create with 403)',
    facts('1, 10'),
  ),
  dropletLimit: integer(25, 'Droplets the account may hold', facts('3, 10')),
  partialMultiCreate: boolean(
    false,
    'A multi-create over the droplet limit makes the droplets that still fit',
    facts('3, 15'),
  ),

  createMs: integer(50, 'A new droplet becomes active after this long', facts('4')),
  activeAfterReads: integer(
    0,
    'A new droplet becomes active after being read this often, not by time',
    facts('14.4'),
  ),
  addressLagReads: integer(0, 'An active droplet shows no address for this many reads', facts('4')),
  publicLagReads: integer(
    0,
    'An active droplet shows its private address alone for this many reads',
    facts('4'),
  ),
  actionMs: integer(500, 'A droplet action such as power_off takes this long', facts('6')),
  destroyMs: integer(
    0,
    'A destroyed droplet is still there, active, for this long after the 204',
    facts('5'),
  ),

  getLagMs: integer(0, 'GET by id of a new droplet answers 404 for this long', facts('3')),
  deleteLagMs: integer(0, 'DELETE by id of a new droplet answers 404 for this long', facts('3')),
  listLagMs: integer(0, 'A new droplet is missing from every list for this long', facts('3')),
  tagLagMs: integer(
    0,
    'A droplet is missing from the list of a tag for this long after tagging',
    facts('14.5'),
  ),
  keyLagMs: integer(0, 'A new SSH key is refused by create for this long', facts('8')),

  failCreate: integer(0, 'So many created droplets vanish instead of becoming active', facts('3')),
  failedActionGone: boolean(
    false,
    'The create action of a vanished droplet answers 404, not errored',
    facts('3'),
  ),
  soldOut: list(
    [],
    'Sizes, or size:region pairs, refused by create though the catalogue lists them',
    facts('3, 9'),
  ),
  closedRegions: list([], 'Regions refused by create though the catalogue lists them', facts('3')),
  dropTags: boolean(false, 'Create makes the droplet but loses all its tags', facts('3')),
  omitTags: boolean(false, 'Droplets in answers have no tags field', facts('4')),
  absoluteHrefs: boolean(
    false,
    'Action links in the answer to a create are absolute URLs',
    facts('3'),
  ),
  pendingEventOnCreate: boolean(
    false,
    'DELETE of a droplet that is still new answers 422 pending event',
    facts('5'),
  ),
  ignoreDeletes: integer(0, 'So many destroys answer 204 and do nothing', facts('5')),

  missingTagDelete404: boolean(
    false,
    'DELETE by a tag that no droplet has answers 404, not 204',
    facts('5'),
  ),
  bulkDeleteSkips: integer(0, 'DELETE by tag leaves so many of the droplets alone', facts('14.8')),
  unknownTagList404: boolean(
    false,
    'Listing droplets by an unknown tag answers 404, not an empty list',
    facts('5'),
  ),
  looseTagSpelling: boolean(
    false,
    'A tag in a URL is found in any letter case, not only in its first spelling',
    facts('7'),
  ),
  existingTagStatus: integer(
    201,
    'Status of POST /v2/tags for a tag that exists: 201, 200, 409 or 422',
    facts('7'),
  ),
  gpuInTagList: boolean(false, 'Lists by tag include GPU droplets', facts('5')),
  shuffleLists: boolean(false, 'Lists of droplets come in no sensible order', facts('5')),

  burstLimit: integer(250, 'Requests a minute; 0 is no limit', facts('2')),
  hourlyLimit: integer(5000, 'Requests an hour; 0 is no limit', facts('2')),
  keyListLimit: integer(10, 'Listings of SSH keys a minute; 0 is no limit', facts('2')),
  slowMs: integer(0, 'Every answer is delayed this long', facts('14.10')),
  htmlErrors: integer(0, 'So many requests are answered with an HTML 502 or 503', facts('1')),
  dropCreates: integer(
    0,
    'So many creates happen but their connection closes without an answer',
    facts('14.10'),
  ),
  errorCreates: integer(0, 'So many creates happen but are answered with 500', facts('14.10')),
  failPage: integer(0, 'Every list fails with 500 at this page', facts('2')),
  clockSkewSeconds: integer(
    0,
    "The service's clock is ahead by this much: created_at, Date and resets",
    facts('13'),
  ),
  dateSkewSeconds: integer(0, 'The Date header alone is ahead by this much', facts('13')),
};

export type DigitalOceanSettings = SwitchValues<typeof digitalOceanSwitches>;

export type DigitalOceanOptions = Partial<DigitalOceanSettings> & {
  faults?: Fault[];
  seed?: DropletSeed;
  /** Called before a request is handled. */
  onRequest?: (request: LoggedRequest) => void | Promise<void>;
  /** Called when the effect of a request is done and its answer not yet sent. */
  onResponse?: (request: LoggedRequest) => void | Promise<void>;
};
