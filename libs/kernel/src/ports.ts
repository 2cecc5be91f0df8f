/** Where time comes from. Order and leases use `monotonicMs`; `wallMs` is for people. */
export interface Clock {
  /** CLOCK_MONOTONIC in milliseconds (fractions allowed), the same origin for every process of this host. */
  monotonicMs(): number;
  /** Milliseconds since 1970, UTC. */
  wallMs(): number;
}

/** Where chance comes from: in [0, 1). */
export interface Random {
  next(): number;
}

export type LogFields = Readonly<Record<string, unknown>>;

/** One line a call; `event` is a stable short name (`raft.elected`), `fields` the facts. Never a secret. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

export const SILENT_LOG: Log = { debug() {}, info() {}, warn() {}, error() {} };
