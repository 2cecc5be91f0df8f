import type { Priority } from '@yosugara/protocol';

/** Why something is told. */
export const RESULT_TRIGGERS = ['monitor', 'change', 'prediction', 'internal', 'job', 'maintenance'] as const;
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
  | { readonly kind: 'number'; readonly number: number /** Such as packet loss beside response time. */; readonly also?: number }
  /** `original`: all of it, where the text is a part. */
  | { readonly kind: 'text'; readonly text: string; readonly original?: string }
  | { readonly kind: 'truth'; readonly truth: boolean }
  /** It could not be had: refused, timed out, not understood. */
  | { readonly kind: 'failure'; readonly why: string };

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

/** One value to keep for graphs. */
export interface Collected {
  readonly monitor: string;
  readonly facility: string;
  readonly item: string;
  readonly atMs: number;
  /** null = it could not be measured. */
  readonly value: number | null;
}
