type Kinds = {integer: number; boolean: boolean; string: string; list: readonly string[]};

/** One setting of the emulator: the source of its type, its flag, its check and its documentation. */
export type Switch<K extends keyof Kinds = keyof Kinds> = {
  [N in K]: {
    readonly kind: N;
    readonly default: Kinds[N];
    readonly summary: string;
    /** Where the behaviour is documented: fact sheet and section. */
    readonly facts: string;
  };
}[K];

export type Switches = Readonly<Record<string, Switch>>;

export type SwitchValues<T extends Switches> = {-readonly [N in keyof T]: Kinds[T[N]['kind']]};

/** A switch that takes a whole number. */
export function integer(value: number, summary: string, facts: string): Switch<'integer'> {
  return {kind: 'integer', default: value, summary, facts};
}

/** A switch that is on or off. */
export function boolean(isOn: boolean, summary: string, facts: string): Switch<'boolean'> {
  return {kind: 'boolean', default: isOn, summary, facts};
}

/** A switch that takes a text. */
export function string(value: string, summary: string, facts: string): Switch<'string'> {
  return {kind: 'string', default: value, summary, facts};
}

/** A switch that takes any number of texts. */
export function list(value: readonly string[], summary: string, facts: string): Switch<'list'> {
  return {kind: 'list', default: value, summary, facts};
}

/** The value of every switch: the one given, else its default; other fields of `given` are dropped. */
export function withDefaults<T extends Switches>(
  switches: T,
  given: Partial<SwitchValues<T>>,
): SwitchValues<T> {
  const chosen = given as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(switches).map(([name, {default: value}]) => [name, chosen[name] ?? value]),
  ) as SwitchValues<T>;
}

/** What is wrong with a value for a switch; nothing when it fits. */
export function switchProblem({kind}: Switch, value: unknown): string | undefined {
  const fits: Record<keyof Kinds, boolean> = {
    integer: Number.isSafeInteger(value),
    boolean: typeof value === 'boolean',
    string: typeof value === 'string',
    list: Array.isArray(value) && value.every((item) => typeof item === 'string'),
  };
  const wanted = {
    integer: 'an integer',
    boolean: 'true or false',
    string: 'a string',
    list: 'a list of strings',
  };
  return fits[kind] ? undefined : `must be ${wanted[kind]}`;
}
