import {ux, type Hook} from '@oclif/core';
import {closestMatch} from 'leven';
import {errorJson, errorText} from './error-report.js';
import {UsageError} from './errors.js';

/** Tells of a command that is none as of any other wrong usage, with the nearest one there is. */
const commandNotFound: Hook.CommandNotFound = async function ({id, argv = [], config}) {
  // Oclif takes words behind it for parts of its name.
  const [first = '', second = ''] = id.split(':');
  const isTopic = config.topics.some(({name}) => name === first);
  const given = isTopic ? `${first} ${second}`.trim() : first;
  const known = config.commandIDs.map((each) => each.replaceAll(':', ' '));
  const nearest = closestMatch(given, known, {maxDistance: 2});
  const error = new UsageError(
    [`There is no command ${given}`],
    [nearest === undefined ? `${config.bin} --help` : `Did you mean: ${config.bin} ${nearest}`],
  );
  if (argv.includes('--json') || id.includes(':--json')) {
    ux.stdout(JSON.stringify(errorJson(error), undefined, 2));
  } else {
    ux.stderr(errorText(error));
  }

  this.exit(2);
};

export default commandNotFound;
