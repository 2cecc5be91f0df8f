import type { Priority } from '@yosugara/protocol';

/** Why something is told. */
export const RESULT_TRIGGERS = ['monitor', 'change', 'prediction', 'internal', 'job', 'maintenance', 'test'] as const;
export type ResultTrigger = (typeof RESULT_TRIGGERS)[number];

/** What a monitor saw of one item on one node at one time. */
export interface Sample {
  /** Of the samples of this monitor, node and item, which: the tick's due time in ms, or `JOURNAL:SEQ` of the record. */
  readonly origin: string;
  readonly monitor: string;
  /** A node; `UNREGISTERED` of a sender that is none; `INTERNAL` of ourselves. */
  readonly facility: string;
  /** What is shown in place of the path of a scope when the facility is `UNREGISTERED`: the sender. */
  readonly sender: string | null;
  /** A device, a key, a page; '' = the monitor has one value only. */
  readonly item: string;
  /** When it was so: wall clock of the node that took it, ms since 1970 UTC. */
  readonly atMs: number;
  readonly value: SampleValue;
}

export type SampleValue =
  | {
      readonly kind: 'number';
      readonly number: number;
      /** Such as packet loss beside response time. */
      readonly also?: number;
      /** It only grows, and begins again from 0 at so many bits. Missing: it may fall. */
      readonly counter?: 32 | 64;
    }
  /** `original`: all of it, where the text is a part. */
  | { readonly kind: 'text'; readonly text: string; readonly original?: string }
  | { readonly kind: 'truth'; readonly truth: boolean }
  /** What a rule for lines or traps says of what was received (`LineJudge`). */
  | {
      readonly kind: 'matched';
      readonly sub: string;
      readonly priority: Priority;
      readonly message: string;
      readonly original: string;
    }
  /** Of a scenario, in the order in which they were fetched; it ends with the first that was wrong. */
  | { readonly kind: 'pages'; readonly pages: readonly PageSeen[] }
  /** Newest values by the conditions of an integration; null = there is none yet. */
  | { readonly kind: 'newest'; readonly values: readonly (NewestValue | null)[] }
  /** Values over the time of a correlation, oldest first. */
  | { readonly kind: 'series'; readonly first: readonly SeriesPoint[]; readonly second: readonly SeriesPoint[] }
  /** Lines since the one that `began`; judged are those since the value before. null = there was none yet. */
  | { readonly kind: 'counted'; readonly began: string | null; readonly total: number }
  /** It could not be had: refused, timed out, not understood. */
  | { readonly kind: 'failure'; readonly why: string }
  /** Of the monitor as a whole: items of it were seen, after nothing of it could be had. */
  | { readonly kind: 'again' };

export interface PageSeen {
  /** Whole, until its body was there. */
  readonly ms: number;
  readonly status: number;
  readonly body: string;
  /** It could not be had, or what a variable needs was not in it; status and body say nothing then. null = it was there. */
  readonly why: string | null;
}

/** What a monitor saw or said last; what it has not is null. */
export interface NewestValue {
  readonly atMs: number;
  readonly number: number | null;
  readonly text: string | null;
  readonly priority: Priority | null;
}

/** When (ms since 1970), and what; null = it could not be measured. */
export type SeriesPoint = readonly [atMs: number, value: number | null];

/** A monitor's judgement of a sample. */
export interface Result {
  /** `MONITOR/FACILITY/ITEM/SUB/ORIGIN`, each escaped: the same sample judged again has the same one. */
  readonly id: string;
  readonly trigger: ResultTrigger;
  /** Type of the monitor, such as `ping`. */
  readonly plugin: string;
  readonly monitor: string;
  readonly facility: string;
  readonly sender: string | null;
  readonly item: string;
  /** What has counters and suppression of its own within the item: a rule's place; '' = none. */
  readonly sub: string;
  readonly priority: Priority;
  readonly application: string;
  readonly message: string;
  /** The line, the answer, the numbers that led to it. */
  readonly original: string;
  readonly atMs: number;
  /** Ids of notifications that it is given to. */
  readonly notifications: readonly string[];
}

/** What came of judging a sample. */
export interface Judgement {
  /** For the next sample of that monitor, node and item, JSON-safe. The very object that was given = nothing to write; null = nothing. */
  readonly state: unknown;
  readonly results: readonly Result[];
  readonly collected: readonly Collected[];
}

/** One value to keep for graphs. */
export interface Collected {
  readonly monitor: string;
  readonly facility: string;
  readonly item: string;
  readonly atMs: number;
  /** null = it could not be measured. */
  readonly value: number | null;
}
