import type { AgentNews, AgentTask, FromAgent, RunEnd, StartInstruction, ToAgent } from '@yosugara/protocol';
import type { Shelf } from './shelf.js';

/** Of one run on one agent. `unknown`: its id was never heard of, or is forgotten. */
export const AGENT_RUN_STATES = ['unknown', 'noted', 'launching', 'running', 'ended'] as const;
export type AgentRunState = (typeof AGENT_RUN_STATES)[number];

/** Why a command is to end before it does by itself. */
export type EndOrder = 'stop' | 'kill' | 'timeout';

export interface OpenRun {
  readonly instruction: StartInstruction;
  readonly state: 'noted' | 'launching' | 'running';
  readonly startedAtMs: number | null;
  readonly order: EndOrder | null;
  /** Monotonic; null = it may take as long as it likes, or has not begun. */
  readonly endsByMs: number | null;
  /** When SIGTERM was not enough; monotonic. Not on disk: who restarts gives it that time anew. */
  readonly killAtMs: number | null;
  /** The question that its launch waits for. Not on disk: what was never launched does not start after a restart. */
  readonly check: { readonly nonce: string; readonly untilMs: number } | null;
}

export interface EndedRun {
  readonly atMs: number;
  /** Number of the news that says so; 0 = nobody needs to hear of it any more. */
  readonly news: number;
}

export interface AgentState {
  /** Of all managers that it ever believed. */
  readonly highestEpoch: number;
  /** News are numbered from 1. All up to this one are in the database. */
  readonly acked: number;
  readonly nextNews: number;
  readonly open: Shelf<OpenRun>;
  readonly ended: Shelf<EndedRun>;
  readonly tasks: { readonly version: number; readonly tasks: readonly AgentTask[] };
  /** What the tasks remember: position in a file, last tick. */
  readonly marks: Shelf<unknown>;
  /** Who serves it now. Not on disk. */
  readonly link: { readonly id: number; readonly epoch: number } | null;
  /** Refused already: nobody fills the disk by saying the same for ever. Not on disk. */
  readonly refused: Shelf<number>;
}

/** What is kept on disk, in this order. The state after a restart is what they make of an empty one. */
export type Change =
  | { readonly kind: 'epoch'; readonly epoch: number }
  | { readonly kind: 'noted'; readonly instruction: StartInstruction }
  | { readonly kind: 'launching'; readonly run: string }
  | { readonly kind: 'running'; readonly run: string; readonly startedAtMs: number; readonly endsByMs: number | null }
  | { readonly kind: 'ordered'; readonly run: string; readonly order: EndOrder }
  /** The news that says so come right behind it, in the same write. */
  | { readonly kind: 'ended'; readonly run: string; readonly atMs: number }
  | { readonly kind: 'forgotten'; readonly runs: readonly string[] }
  | { readonly kind: 'news'; readonly news: AgentNews }
  | { readonly kind: 'acked'; readonly number: number }
  | { readonly kind: 'tasks'; readonly version: number; readonly tasks: readonly AgentTask[] }
  | { readonly kind: 'mark'; readonly key: string; readonly value: unknown };

/** How a command did, without what it was told to do. */
export type RunFacts = Pick<
  RunEnd,
  'code' | 'signal' | 'stdout' | 'stderr' | 'stdoutBytes' | 'stderrBytes' | 'variables' | 'outputTrouble'
>;

/** What is left of a run after a restart of the agent. */
export type FoundRun =
  /** Its command did not begin, and cannot any more. */
  | { readonly what: 'unbegun' }
  | { readonly what: 'running'; readonly pid: number; readonly startedAtMs: number }
  | { readonly what: 'exited'; readonly startedAtMs: number; readonly facts: RunFacts }
  /** It began, and left nothing that says how it ended. */
  | { readonly what: 'gone'; readonly why: string };

export type AgentEvent =
  | { readonly kind: 'heard'; readonly link: number; readonly saying: ToAgent }
  | { readonly kind: 'gone'; readonly link: number }
  | { readonly kind: 'launched'; readonly run: string; readonly pid: number; readonly startedAtMs: number }
  | { readonly kind: 'launch-failed'; readonly run: string; readonly why: string }
  | { readonly kind: 'exited'; readonly run: string; readonly startedAtMs: number; readonly facts: RunFacts }
  /** It ran, and nobody saw how it ended. */
  | { readonly kind: 'lost'; readonly run: string; readonly why: string }
  | { readonly kind: 'found'; readonly run: string; readonly found: FoundRun }
  /** Of the tasks, with what they must remember. */
  | { readonly kind: 'told'; readonly news: readonly AgentNews[]; readonly marks: readonly Mark[] }
  | { readonly kind: 'tick' };

export interface Mark {
  readonly key: string;
  /** null = forget it. */
  readonly value: unknown;
}

export interface AgentInput {
  /** CLOCK_MONOTONIC: deadlines. */
  readonly nowMs: number;
  /** For people. */
  readonly wallMs: number;
  /** 32 hexadecimal digits that nobody can guess, others for each input. */
  readonly nonce: string;
  readonly event: AgentEvent;
}

export type AgentEffect =
  | { readonly kind: 'say'; readonly link: number; readonly saying: FromAgent }
  /** It is the Master: it gets the news from `acked` on. */
  | {
      readonly kind: 'serve';
      readonly link: number;
      readonly managers: readonly { readonly host: string; readonly port: number }[];
    }
  | { readonly kind: 'close'; readonly link: number; readonly why: string }
  | { readonly kind: 'launch'; readonly instruction: StartInstruction }
  | { readonly kind: 'end-it'; readonly run: string; readonly how: 'stop' | 'kill' }
  /** All of its processes that are left, and its files. */
  | { readonly kind: 'clean'; readonly run: string; readonly sweep: boolean }
  | { readonly kind: 'tasks'; readonly tasks: readonly AgentTask[] }
  /** It must not go on: what is on its disk is older than what the managers know of it. */
  | { readonly kind: 'halt'; readonly why: string };

/** What follows waits until `keep` is on disk; with nothing to keep, for what was kept before. */
export interface AgentStep {
  readonly state: AgentState;
  readonly keep: readonly Change[];
  readonly effects: readonly AgentEffect[];
}
