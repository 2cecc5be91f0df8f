/** What a client process is told to do. Written to a file of mode 0600: the password must not be on a command line. */
export interface ClientPlan {
  /** Where W1, W2 and the concurrent writers find the Master: the VIP, then what another site has instead. The next is tried after a failure. */
  readonly service: readonly string[];
  readonly postgresPort: number;
  readonly apiPort: number;
  /** Not there: without TLS. */
  readonly apiTls?: boolean;
  readonly statusPort: number;
  readonly syslogPort: number;
  readonly trapPort: number;
  /** Each is written to directly, and asked whether it is Master. */
  readonly nodes: readonly { readonly name: string; readonly address: string }[];
  /** Who is sent messages. */
  readonly receivers: readonly string[];
  /** Of the role `yosugara_app`; also the API's bearer token. */
  readonly password: string;
  /** Keys of this run's writes are firstKey, firstKey + 1, … */
  readonly firstKey: number;
  /** Stands in every message, so that runs on one cluster tell theirs apart. */
  readonly runTag: string;
  readonly messagesPerSecond: number;
  /** Writers beside W1 and W2 that go on with the next key after an unknown outcome, all at once. */
  readonly concurrentWriters: number;
  readonly attemptDeadlineMs: number;
  readonly resultFile: string;
}

/** Client → lab, every 100 ms. CLOCK_MONOTONIC ms of the newest acknowledgement; null = none yet. */
export interface ClientProgress {
  readonly kind: 'progress';
  readonly lastAckMs: { readonly sql: number | null; readonly api: number | null };
  readonly acknowledged: number;
  readonly messagesSent: number;
  /** Why the newest attempt of each writer failed; null = it did not. */
  readonly trouble: { readonly sql: string | null; readonly api: string | null };
}

/** Lab → client. `quiet`: no more writes and messages, write the result, exit. */
export interface ClientOrder {
  readonly kind: 'quiet';
}

/** Keys of run n on one cluster: n * KEYS_A_RUN + 1 … */
export const KEYS_A_RUN = 100_000_000;

/** Keys of concurrent writer i begin so much further. */
export const KEYS_A_WRITER = 1_000_000;

/** A client waits this long for an answer, then tries again after `RETRY_MS` (failover.md, ruling 18). */
export const ATTEMPT_DEADLINE_MS = 500;
/** Where it may have to go to another site: TLS and SCRAM alone are eight ways there and back. */
export const FAR_ATTEMPT_DEADLINE_MS = 2_000;
export const RETRY_MS = 50;
/** Between two acknowledged writes: 2 writers × some 40 writes/s leave the machine's cores to the cluster. */
export const PAUSE_MS = 20;

/** The number of a message is read back by this pattern. */
export const messageText = (runTag: string, number: number): string => `lab ${runTag} number=${number} end`;
