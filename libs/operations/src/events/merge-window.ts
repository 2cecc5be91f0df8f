/** A place in a journal. */
export interface RecordRef {
  readonly journalId: string;
  readonly seq: number;
}

export interface MergeRecord extends RecordRef {
  readonly node: string;
  /** As journaled, µs. */
  readonly atUs: number;
  /** It may have come up to so much earlier than `atUs`: its node stood still, or its sender held it. Missing = 0. */
  readonly lateByUs?: number | undefined;
  /** An INFORM, which its sender says again for minutes: every record of this content says so, and is `lateByUs`. */
  readonly comesAgain?: true | undefined;
  /** Digest of `pairingContent`; null = never pairs. */
  readonly content: string | null;
  /** Whose it is, for counting. Missing = it is not counted. */
  readonly source?: string | undefined;
  /** Of the message, for the bound of a flush. Missing = it counts for none. */
  readonly bytes?: number | undefined;
  /** What advances when it is consumed. Missing = its journal; otherwise a stretch of that, which was stepped over and came later. */
  readonly lane?: string | undefined;
}

/** The part of the state that is stored with every batch. */
export interface MergeWindow {
  /** What to subtract from a node's times to get the first node's: the measured offset. */
  readonly offsetUs: number;
  /** Records beyond their journal's position that are already the partner of a stored row. */
  readonly claims: readonly RecordRef[];
  /** Highest journaled time consumed, by node. */
  readonly throughUs: Readonly<Record<string, number>>;
}

export const EMPTY_WINDOW: MergeWindow = { offsetUs: 0, claims: [], throughUs: {} };

export interface MergeLimits {
  /** Copies' corrected times differ by no more. */
  readonly windowUs: number;
  /** No record is taken to be later than this: partners are looked for in so much of the database, within a deadline. */
  readonly maxLateUs: number;
  /** How long a record waits for its copy before it is stored alone. */
  readonly pairingDelayMs: number;
  /** Unmatched stored records remembered for each node; older ones are looked up in the database. */
  readonly maxOpen: number;
  readonly openMs: number;
  /** The same for those that come again. */
  readonly openAgainMs: number;
}

export const MERGE_LIMITS: MergeLimits = {
  windowUs: 2_000_000,
  maxLateUs: 900_000_000,
  pairingDelayMs: 200,
  maxOpen: 20_000,
  openMs: 30_000,
  openAgainMs: 150_000,
};
