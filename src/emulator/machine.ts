/** A droplet as the software on it sees itself. */
export type Machine = {
  readonly id: number;
  readonly name: string;
  readonly region: string;
  readonly publicAddress: string;
  /** As the metadata service gives it: cut at the first non-ASCII byte. */
  readonly userData: string;
  /** Aborted when the droplet is destroyed or switched off. */
  readonly off: AbortSignal;
  powerOff(): void;
};

/** What a droplet does once it is active; runs until the machine is off. */
export type Boot = (machine: Machine) => Promise<void>;
