import {ux, type Hook} from '@oclif/core';
import {closestMatch} from 'leven';
import {UsageError} from './errors.js';

/** Tells of a command that is none as of any other wrong usage, with the nearest one there is. */
const commandNotFound: Hook.CommandNotFound = async function ({id, argv = [], config}) {
  // Oclif takes words behind it for parts of its name.
  const [first = '', second = ''] = id.split(':');
  const isTopic = config.topics.some(({name}) => name === first);
  const given = isTopic ? `${first} ${second}`.trim() : first;
  const known = config.commandIDs.map((each) => each.replaceAll(':', ' '));
  const nearest = closestMatch(given, known, {maxDistance: 2});
  const {code, message, suggestions} = new UsageError(
    [`There is no command ${given}`],
    [nearest === undefined ? `${config.bin} --help` : `Did you mean: ${config.bin} ${nearest}`],
  );
  if (argv.includes('--json') || id.includes(':--json')) {
    ux.stdout(JSON.stringify({error: {code, message, suggestions}}, undefined, 2));
  } else {
    ux.stderr(
      `${ux.colorize('red', 'Error:')} ${message}\n${suggestions.map((each) => `  → ${each}`).join('\n')}`,
    );
  }

  this.exit(2);
};

export default commandNotFound;
