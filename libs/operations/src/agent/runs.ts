import type { AgentNews, FromAgent, RunEnd } from '@yosugara/protocol';
import { START_CHECK_MS } from '@yosugara/protocol/agents';
import { applyChange, withOpen } from './changes.js';
import { type RunDeed, type RunTrigger, rowOf } from './table.js';
import type {
  AgentEffect,
  AgentInput,
  AgentRunState,
  AgentState,
  AgentStep,
  Change,
  EndOrder,
  OpenRun,
  RunFacts,
} from './types.js';

/** Between SIGTERM and SIGKILL. */
export const STOP_GRACE_MS = 10_000;
/** Runs that are not over, on one agent. */
export const MAX_OPEN_RUNS = 1_000;

/** What a trigger brings along. */
export interface RunMatter {
  readonly why?: string;
  readonly startedAtMs?: number;
  readonly pid?: number;
  readonly facts?: RunFacts;
  readonly nonce?: string;
  /** Who said it. */
  readonly link?: number;
}

const NO_FACTS: RunFacts = {
  ...{ code: null, signal: null, stdout: '', stderr: '', stdoutBytes: 0, stderrBytes: 0, variables: {}, outputTrouble: null },
};

export const runStateOf = (state: AgentState, run: string): AgentRunState =>
  state.open.get(run)?.state ?? (state.ended.get(run) === undefined ? 'unknown' : 'ended');

/** Collects what a step changes and does. */
export class Draft {
  state: AgentState;
  readonly keep: Change[] = [];
  readonly effects: AgentEffect[] = [];

  constructor(state: AgentState) {
    this.state = state;
  }

  change(...changes: readonly Change[]): void {
    for (const change of changes) {
      this.keep.push(change);
      this.state = applyChange(this.state, change);
    }
  }

  news(news: AgentNews): void {
    this.change({ kind: 'news', news });
  }

  say(link: number | undefined, saying: FromAgent): void {
    if (link !== undefined) this.effects.push({ kind: 'say', link, saying });
  }

  get step(): AgentStep {
    return { state: this.state, keep: this.keep, effects: this.effects };
  }
}

/** One row of the table; a pair without one changes nothing. `note` and `refuse` are for whoever has the instruction. */
export function happen(draft: Draft, run: string, on: RunTrigger, input: AgentInput, matter: RunMatter = {}): RunDeed | null {
  const row = rowOf(runStateOf(draft.state, run), on);
  if (row === null) return null;
  const open = draft.state.open.get(run);
  switch (row.does) {
    case 'note':
    case 'refuse':
      break;
    case 'answer':
      draft.say(matter.link, { say: 'state', run, state: SAID[runStateOf(draft.state, run)] });
      break;
    case 'check-again':
      check(draft, open!, matter.link, matter.nonce!, open!.check?.untilMs ?? input.nowMs + START_CHECK_MS);
      break;
    case 'launch':
      draft.change({ kind: 'launching', run });
      draft.effects.push({ kind: 'launch', instruction: open!.instruction });
      break;
    case 'begin':
      begin(draft, open!, input, matter);
      break;
    case 'go-on':
      goOn(draft, open!, input);
      break;
    case 'order-stop':
      order(draft, run, 'stop', input);
      break;
    case 'order-kill':
      order(draft, run, 'kill', input);
      break;
    case 'order-timeout':
      order(draft, run, 'timeout', input);
      break;
    case 'kill-now':
      draft.state = withOpen(draft.state, run, (each) => ({ ...each, killAtMs: null }));
      draft.effects.push({ kind: 'end-it', run, how: 'kill' });
      break;
    case 'end-not-started':
      finish(draft, open!, input, 'not-started', matter, matter.why ?? row.why);
      break;
    case 'end-lost':
      finish(draft, open!, input, 'lost', matter, matter.why ?? row.why);
      break;
    case 'end':
      end(draft, open!, input, matter);
      break;
  }
  return row.does;
}

const SAID = { unknown: 'never', noted: 'taken', launching: 'taken', running: 'running', ended: 'ended' } as const;

/** The question is new each time: a late answer to the one before is none to this one. */
export function check(draft: Draft, run: OpenRun, link: number | undefined, nonce: string, untilMs: number): void {
  const id = run.instruction.run;
  draft.state = withOpen(draft.state, id, (each) => ({ ...each, check: { nonce, untilMs } }));
  draft.say(link, { say: 'start-check', run: id, epoch: run.instruction.epoch, nonce });
}

function begin(draft: Draft, open: OpenRun, input: AgentInput, { startedAtMs, pid }: RunMatter): void {
  const { run, timeoutMs } = open.instruction;
  const began = startedAtMs ?? input.wallMs;
  const ranMs = Math.max(0, input.wallMs - began);
  const endsByMs = timeoutMs === null ? null : input.nowMs + Math.max(0, timeoutMs - ranMs);
  draft.change({ kind: 'running', run, startedAtMs: began, endsByMs });
  draft.news({ kind: 'run-started', run, atMs: began, pid: pid ?? 0 });
  if (open.order !== null) carryOut(draft, run, open.order, input);
}

/** An order that was given before the restart is carried out once more: it may have been lost with the agent. */
function goOn(draft: Draft, open: OpenRun, input: AgentInput): void {
  if (open.order !== null) carryOut(draft, open.instruction.run, open.order, input);
}

function order(draft: Draft, run: string, order: EndOrder, input: AgentInput): void {
  const open = draft.state.open.get(run)!;
  // Said again, nothing is new. What is stronger than SIGTERM goes before; why it was ended first stays the reason.
  const isStronger = open.order === null || (open.order === 'stop' && order !== 'stop');
  if (!isStronger) return;
  draft.change({ kind: 'ordered', run, order: open.order === null ? order : order === 'timeout' ? open.order : order });
  if (order === 'timeout') draft.state = withOpen(draft.state, run, (each) => ({ ...each, endsByMs: null }));
  if (open.state === 'running') carryOut(draft, run, order, input);
}

function carryOut(draft: Draft, run: string, order: EndOrder, { nowMs }: AgentInput): void {
  const hasOwn = draft.state.open.get(run)!.instruction.stopCommand !== null;
  const how = order === 'stop' ? 'stop' : 'kill';
  // A stop command knows how long it takes; SIGTERM is followed by SIGKILL.
  const killAtMs = how === 'stop' && !hasOwn ? nowMs + STOP_GRACE_MS : null;
  draft.state = withOpen(draft.state, run, (each) => ({ ...each, killAtMs }));
  draft.effects.push({ kind: 'end-it', run, how });
}

function end(draft: Draft, open: OpenRun, input: AgentInput, matter: RunMatter): void {
  const { code, signal } = matter.facts!;
  const ended = signal !== null ? `${signal} ended it` : `it exited ${code}`;
  const { order, instruction } = open;
  if (order === 'timeout')
    finish(draft, open, input, 'timeout', matter, `it did not end within ${instruction.timeoutMs} ms and was killed`);
  else if (order !== null)
    finish(draft, open, input, 'stopped', matter, `it was ${order === 'kill' ? 'killed' : 'stopped'} by order; ${ended}`);
  else finish(draft, open, input, signal === null ? 'exited' : 'signal', matter, ended);
}

/** The end and the news of it are one write: neither is ever there without the other. */
function finish(
  draft: Draft,
  open: OpenRun,
  input: AgentInput,
  outcome: RunEnd['outcome'],
  matter: RunMatter,
  why: string,
): void {
  const { run } = open.instruction;
  const startedAtMs = outcome === 'not-started' ? null : (matter.startedAtMs ?? open.startedAtMs);
  const facts = matter.facts ?? NO_FACTS;
  draft.change({ kind: 'ended', run, atMs: input.wallMs });
  draft.news({ kind: 'run-ended', end: { run, atMs: input.wallMs, startedAtMs, outcome, why: why.slice(0, 4_096), ...facts } });
  draft.effects.push({ kind: 'clean', run, sweep: open.order !== null });
}
