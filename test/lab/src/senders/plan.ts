/** What the feeder process is told. It writes numbered lines to the senders' inputs at a steady rate, and runs snmptrap and snmpinform. */
export interface FeederPlan {
  readonly runTag: string;
  readonly lines: readonly { readonly stream: string; readonly port: number; readonly perSecond: number }[];
  readonly notifications: readonly Notification[];
  /** Environment of the net-snmp programs; below `SNMP_PERSISTENT_DIR` each of those that run at the same time has a folder. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Notification {
  readonly stream: string;
  readonly perSecond: number;
  /** They wait for an answer, and say by their exit whether they got one. */
  readonly acknowledged: boolean;
  /** Each is run for every number; `{uptime}`, `{engineTime}` and `{text}` are filled in. */
  readonly commands: readonly (readonly string[])[];
}

/** Feeder → lab, every 200 ms. */
export interface FeederProgress {
  readonly kind: 'progress' | 'done';
  /** Numbers 1..n of each stream that were handed to its sender. */
  readonly sent: Readonly<Record<string, number>>;
  /** INFORMs to which no node answered, as long as their senders asked: these know that they were not taken. */
  readonly givenUp: Readonly<Record<string, readonly number[]>>;
  /** What the senders' inputs said no to, and programs that ended with an error: for the log. */
  readonly trouble: Readonly<Record<string, string>>;
}

/** What a stream's sender was given, and what of it nobody answered. */
export interface Sent {
  readonly count: number;
  readonly givenUp: readonly number[];
}

export const streamTag = (runTag: string, stream: string): string => `${runTag}/${stream}`;
