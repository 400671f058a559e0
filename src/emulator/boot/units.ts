import type {CloudConfig} from './cloud-config.js';

/** A systemd unit: the values of each `Section.Key`, in order. */
export type Unit = {readonly name: string; readonly values: ReadonlyMap<string, readonly string[]>};

const folder = '/etc/systemd/system/';

/** The units among the files of user-data; drop-ins, which are in folders of their own, are left out. */
export function unitsIn({files}: CloudConfig): Unit[] {
  return [...files]
    .filter(([path]) => path.startsWith(folder) && !path.slice(folder.length).includes('/'))
    .map(([path, {content}]) => ({name: path.slice(folder.length), values: parseUnit(content)}));
}

/** All values of a key such as `Service.ExecStart`, in order; empty when the unit has none. */
export function valuesOf(unit: Unit, key: string): readonly string[] {
  return unit.values.get(key) ?? [];
}

/** The last value of a key, which wins; undefined when the unit has none. */
export function valueOf(unit: Unit, key: string): string | undefined {
  return valuesOf(unit, key).at(-1);
}

/** The service that runs such a command; undefined when there is none. Throws when nothing starts it. */
export function startedUnit(config: CloudConfig, command: RegExp): Unit | undefined {
  const units = unitsIn(config);
  const unit = units.find(
    (candidate) =>
      candidate.name.endsWith('.service') &&
      valuesOf(candidate, 'Service.ExecStart').some((line) => command.test(line)),
  );
  if (unit !== undefined && !isStarted(unit, units, config)) {
    throw new Error(`nothing starts ${unit.name} during boot`);
  }

  return unit;
}

/** Whether anything starts the unit during this boot: a command, a written script, or a unit that is started itself. */
export function isStarted(unit: Unit, units: readonly Unit[], config: CloudConfig): boolean {
  const scripts = [...config.files]
    .filter(([path]) => !path.startsWith(folder))
    .map(([, {content}]) => content);
  const lines = [...config.bootCommands, ...scripts].flatMap((text) =>
    text.replaceAll('\\\n', ' ').split('\n'),
  );
  const started = new Set<Unit>();
  const pending = units.filter((candidate) =>
    lines.some((line) => isStarting(line, candidate.name)),
  );
  while (pending.length > 0) {
    const current = pending.pop()!;
    if (started.has(current)) {
      continue;
    }

    started.add(current);
    const pulled = new Set(
      ['Unit.Wants', 'Unit.Requires', 'Unit.BindsTo', 'Unit.Upholds'].flatMap((key) =>
        valuesOf(current, key).flatMap((value) => value.split(/\s+/v)),
      ),
    );
    pending.push(...units.filter(({name}) => pulled.has(name)));
  }

  return started.has(unit);
}

/** A line such as `systemctl enable --now a.service b.timer`; `.service` may be left out. */
function isStarting(line: string, name: string): boolean {
  return line.split(/&&|\|\||;/v).some((command) => {
    const words = command
      .trim()
      .split(/\s+/v)
      .map((word) => word.replaceAll(/^["']|["']$/gv, ''));
    const at = words.findIndex((word) => word === 'systemctl' || word.endsWith('/systemctl'));
    const rest = at === -1 ? [] : words.slice(at + 1);
    const hasVerb =
      rest.some((word) => ['start', 'restart', 'reload-or-restart'].includes(word)) ||
      ((rest.includes('enable') || rest.includes('reenable')) && rest.includes('--now'));
    return hasVerb && (rest.includes(name) || rest.includes(name.replace(/\.service$/v, '')));
  });
}

function parseUnit(text: string): Map<string, string[]> {
  const values = new Map<string, string[]>();
  let section = '';
  for (const raw of text.replaceAll('\\\n', ' ').split('\n')) {
    const line = raw.trim();
    const header = /^\[(?<name>.+)\]$/v.exec(line)?.groups?.name;
    if (header !== undefined) {
      section = header;
      continue;
    }

    const equals = line.indexOf('=');
    if (equals === -1 || line.startsWith('#') || line.startsWith(';')) {
      continue;
    }

    const key = `${section}.${line.slice(0, equals).trim()}`;
    const value = line.slice(equals + 1).trim();
    // An empty assignment takes back everything assigned before.
    values.set(key, value === '' ? [] : [...(values.get(key) ?? []), value]);
  }

  return values;
}
