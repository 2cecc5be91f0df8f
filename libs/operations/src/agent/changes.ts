import type { AgentTask, StartInstruction } from '@yosugara/protocol';
import { Shelf } from './shelf.js';
import type { AgentState, Change, EndedRun, EndOrder, OpenRun } from './types.js';

export const NEW_AGENT: AgentState = {
  ...{ highestEpoch: 0, acked: 0, nextNews: 1 },
  ...{ open: Shelf.empty(), ended: Shelf.empty(), marks: Shelf.empty(), refused: Shelf.empty() },
  ...{ tasks: { version: 0, tasks: [] }, link: null },
};

/** The only way in which what is on disk changes: a restart does the same again. Of a run that is not there, a change does nothing. */
export function applyChange(state: AgentState, change: Change): AgentState {
  switch (change.kind) {
    case 'epoch':
      return { ...state, highestEpoch: Math.max(state.highestEpoch, change.epoch) };
    case 'noted':
      return { ...state, open: state.open.with(change.instruction.run, notedRun(change.instruction)) };
    case 'launching':
      return withOpen(state, change.run, (run) => ({ ...run, state: 'launching', check: null }));
    case 'running': {
      const { startedAtMs, endsByMs } = change;
      return withOpen(state, change.run, (run) => ({ ...run, state: 'running', check: null, startedAtMs, endsByMs }));
    }
    case 'ordered':
      return withOpen(state, change.run, (run) => ({ ...run, order: change.order }));
    case 'ended': {
      const ended = state.ended.with(change.run, { atMs: change.atMs, news: state.nextNews });
      return { ...state, open: state.open.without(change.run), ended };
    }
    case 'forgotten':
      return { ...state, ended: change.runs.reduce((ended, run) => ended.without(run), state.ended) };
    case 'news':
      return { ...state, nextNews: state.nextNews + 1 };
    case 'acked':
      return { ...state, acked: Math.max(state.acked, change.number) };
    case 'tasks':
      return { ...state, tasks: { version: change.version, tasks: change.tasks } };
    case 'mark': {
      const { key, value } = change;
      return { ...state, marks: value === null ? state.marks.without(key) : state.marks.with(key, value) };
    }
  }
}

function notedRun(instruction: StartInstruction): OpenRun {
  return { instruction, state: 'noted', startedAtMs: null, order: null, endsByMs: null, killAtMs: null, check: null };
}

export function withOpen(state: AgentState, id: string, changed: (run: OpenRun) => OpenRun): AgentState {
  const run = state.open.get(id);
  return run === undefined ? state : { ...state, open: state.open.with(id, changed(run)) };
}

/** What is on disk of a state, as one document: the beginning of a new file, so that older ones may go. */
export interface Kept {
  readonly highestEpoch: number;
  readonly acked: number;
  readonly nextNews: number;
  readonly open: readonly {
    readonly instruction: StartInstruction;
    readonly state: OpenRun['state'];
    readonly startedAtMs: number | null;
    readonly order: EndOrder | null;
    readonly endsByMs: number | null;
  }[];
  readonly ended: readonly (readonly [run: string, atMs: number, news: number])[];
  readonly tasks: { readonly version: number; readonly tasks: readonly AgentTask[] };
  readonly marks: readonly (readonly [key: string, value: unknown])[];
}

export function keptOf(state: AgentState): Kept {
  const { highestEpoch, acked, nextNews, tasks } = state;
  const open = [...state.open.values()].map((run) => {
    const { instruction, startedAtMs, order, endsByMs } = run;
    return { instruction, state: run.state, startedAtMs, order, endsByMs };
  });
  const ended = [...state.ended.entries()].map(([run, { atMs, news }]) => [run, atMs, news] as const);
  return { highestEpoch, acked, nextNews, open, ended, tasks, marks: [...state.marks.entries()] };
}

export function stateOf(kept: Kept): AgentState {
  const { highestEpoch, acked, nextNews, tasks } = kept;
  let [open, ended, marks] = [Shelf.empty<OpenRun>(), Shelf.empty<EndedRun>(), Shelf.empty<unknown>()];
  for (const run of kept.open) open = open.with(run.instruction.run, { ...notedRun(run.instruction), ...run });
  for (const [run, atMs, news] of kept.ended) ended = ended.with(run, { atMs, news });
  for (const [key, value] of kept.marks) marks = marks.with(key, value);
  return { ...NEW_AGENT, highestEpoch, acked, nextNews, open, ended, tasks, marks };
}
