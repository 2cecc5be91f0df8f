import type { SampleValue } from '@yosugara/operations';

/** One look of one monitor at one node. */
export interface ProbeRequest {
  readonly monitor: string;
  /** The monitor's type, such as `ping`. */
  readonly type: string;
  /** What the monitor's setting says of what to look at, as the schema of its type has it. */
  readonly check: unknown;
  /** Id of a node. */
  readonly facility: string;
  /** The body of the node's setting, with its secrets; they go nowhere but to the node. null = it has none (`INTERNAL`). */
  readonly node: unknown;
  /** The tick: ms since 1970. */
  readonly dueAtMs: number;
  /** Missing: nothing is remembered. */
  readonly memory?: ProbeMemory;
}

/** What one look may leave for the next one: stored with the tick, so that it is there for whoever takes over. For what is small, and seldom. */
export interface ProbeMemory {
  /** As it was stored; null = nothing was. */
  readonly stored: unknown;
  /** JSON-safe. */
  keep(state: unknown): void;
}

/** Of one item: '' when the monitor has one value only. */
export interface ProbeAnswer {
  readonly item: string;
  readonly value: SampleValue;
}

/** How monitors of some types look. Holds sockets and processes, so it is closed. */
export interface Probe {
  /** Monitor types that it serves; each is served by one probe only. */
  readonly types: readonly string[];
  /** So many `run` at once, at most. A probe that gathers requests (one fping for many nodes) has a high one. */
  readonly concurrency: number;
  /**
   * Looks once. What the other side does (refuses, is silent, talks nonsense) is a `failure` in the answer, which says so in a whole sentence.
   *
   * @param deadlineMs from now; then every socket and process of this look is gone and the answer is there.
   * @param signal aborted: nobody wants the answer any more. Ends at once, by whatever answer or rejection.
   * @returns one answer for each item; empty = there is nothing to judge (such as no device of that kind).
   */
  run(request: ProbeRequest, deadlineMs: number, signal: AbortSignal): Promise<readonly ProbeAnswer[]>;
  /** Ends what is under way. Safe to call twice. */
  close(): Promise<void>;
}
