import { KeptChild } from './kept-child.js';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** One TCP port that is forwarded. */
export interface Way {
  readonly listen: Endpoint;
  readonly to: Endpoint;
  /** Address of this host that the connections come from; absent: the kernel's choice. */
  readonly from?: string;
}

export interface ForwarderSetup {
  readonly ways: readonly Way[];
  /** What comes back from all of them together; null: as much as there is. What goes there is never held back. */
  readonly bytesPerSecond: number | null;
}
export type FromForwarder = { readonly listening: Endpoint } | { readonly waiting: string; readonly at: Endpoint };

/** A forwarder in a process of its own. */
export class ForwarderChild extends KeptChild<ForwarderSetup, FromForwarder> {
  /** @param env by which it is found, beside `PATH`. */
  constructor(setup: ForwarderSetup, env: Readonly<Record<string, string>>, hear: (message: FromForwarder) => void) {
    super('forward/forwarder-main.js', setup, env, hear);
  }
}
