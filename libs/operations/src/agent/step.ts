import type { StartInstruction, ToAgent } from '@yosugara/protocol';
import { START_CHECK_MS } from '@yosugara/protocol/agents';

import { check, Draft, happen, MAX_OPEN_RUNS } from './runs.js';
import type { AgentInput, AgentState, AgentStep } from './types.js';

/** How long a run id is remembered after its end was acknowledged, at least. */
export const REMEMBER_MS = 7 * 24 * 3_600_000;
const FORGET_EVERY_MS = 3_600_000;
const MAX_REFUSED = 1_000;

/**
 * What an agent makes of what it hears, and of what becomes of its commands. Pure: what `keep` says is on disk before the first of `effects`
 * is done, and after a restart the state is what the kept changes make of an empty one.
 */
export function stepAgent(state: AgentState, input: AgentInput): AgentStep {
  const draft = new Draft(state);
  const { event } = input;
  switch (event.kind) {
    case 'heard':
      heard(draft, input, event.link, event.saying);
      break;
    case 'gone':
      if (state.link?.id === event.link) draft.state = { ...state, link: null };
      break;
    case 'launched':
    case 'exited':
    case 'launch-failed':
    case 'lost':
      happen(draft, event.run, event.kind, input, event);
      break;
    case 'found': {
      const { found } = event;
      happen(draft, event.run, `found-${found.what}`, input, {
        ...found,
        ...(draft.state.link && { link: draft.state.link.id }),
      });
      break;
    }
    case 'told':
      for (const { key, value } of event.marks) draft.change({ kind: 'mark', key, value });
      for (const news of event.news) draft.news(news);
      break;
    case 'tick':
      tick(draft, input);
      break;
  }
  return draft.step;
}

/** When `tick` is due, monotonic; null = never. */
export function nextDueMs(state: AgentState, forgotAtMs: number): number {
  let dueMs = forgotAtMs + FORGET_EVERY_MS;
  for (const { check, endsByMs, killAtMs, state: is } of state.open.values())
    for (const each of [is === 'noted' ? check?.untilMs : null, is === 'running' ? endsByMs : null, killAtMs])
      if (each != null && each < dueMs) dueMs = each;
  return dueMs;
}

function tick(draft: Draft, input: AgentInput): void {
  const { nowMs, wallMs } = input;
  for (const [run, { check, endsByMs, killAtMs }] of [...draft.state.open.entries()]) {
    const noAnswer = `no manager answered the start check within ${START_CHECK_MS} ms`;
    if (check !== null && nowMs >= check.untilMs) happen(draft, run, 'check-unanswered', input, { why: noAnswer });
    if (endsByMs !== null && nowMs >= endsByMs) happen(draft, run, 'time-over', input);
    if (killAtMs !== null && nowMs >= killAtMs) happen(draft, run, 'grace-over', input);
  }
  const over: string[] = [];
  for (const [run, { atMs, news }] of draft.state.ended.entries())
    if (news <= draft.state.acked && wallMs - atMs >= REMEMBER_MS) over.push(run);
  if (over.length > 0) draft.change({ kind: 'forgotten', runs: over });
}

function heard(draft: Draft, input: AgentInput, link: number, saying: ToAgent): void {
  const close = (why: string) => void draft.effects.push({ kind: 'close', link, why });
  const { state } = draft;
  if (saying.say === 'welcome') return welcome(draft, input, link, saying, close);
  // Whoever did not say that it is the Master, or is it no more, gives no orders.
  if (state.link?.id !== link) {
    // One who was frozen and does not know it: the Master shall hear of it.
    if (saying.say === 'start' && saying.epoch < state.highestEpoch) start(draft, input, link, saying);
    return;
  }
  switch (saying.say) {
    case 'committed':
      if (saying.number >= state.nextNews)
        return close(`it has news up to ${saying.number}, and we made ${state.nextNews - 1} only`);
      if (saying.number > state.acked) draft.change({ kind: 'acked', number: saying.number });
      return;
    case 'start':
      return start(draft, input, link, saying);
    case 'stop':
      if (saying.epoch >= state.highestEpoch) {
        rise(draft, saying.epoch);
        happen(draft, saying.run, saying.how === 'kill' ? 'kill' : 'stop', input, { link });
      }
      return;
    case 'start-answer': {
      const open = state.open.get(saying.run);
      if (open?.check?.nonce !== saying.nonce) return;
      happen(draft, saying.run, saying.go ? 'go' : 'no-go', input, { link, why: `the Master says no: ${saying.why}` });
      return;
    }
    case 'state-of':
      happen(draft, saying.run, 'state-of', input, { link });
      return;
    case 'tasks':
      if (saying.epoch < state.highestEpoch) return;
      rise(draft, saying.epoch);
      // The same again, as each new Master says them: nothing to write.
      if (JSON.stringify(saying.tasks) !== JSON.stringify(state.tasks.tasks))
        draft.change({ kind: 'tasks', version: saying.version, tasks: saying.tasks });
      draft.effects.push({ kind: 'tasks', tasks: saying.tasks });
      return;
  }
}

function rise(draft: Draft, epoch: number): void {
  if (epoch > draft.state.highestEpoch) draft.change({ kind: 'epoch', epoch });
}

function welcome(
  draft: Draft,
  input: AgentInput,
  link: number,
  { epoch, committed, managers }: Extract<ToAgent, { say: 'welcome' }>,
  close: (why: string) => void,
): void {
  const { highestEpoch, nextNews, acked, link: before } = draft.state;
  if (epoch < highestEpoch) return close(`it is the Master of epoch ${epoch}, and ${highestEpoch} was heard of already`);
  if (committed >= nextNews) {
    const why =
      `the cluster has ${committed} news of this agent's folder, and the folder knows of ${nextNews - 1} only: it was put back to an older state, ` +
      'and what it ran since is not known any more. Join again with an empty folder';
    draft.effects.push({ kind: 'halt', why });
    return;
  }
  rise(draft, epoch);
  if (committed > acked) draft.change({ kind: 'acked', number: committed });
  if (before !== null && before.id !== link)
    draft.effects.push({ kind: 'close', link: before.id, why: `another manager is the Master of epoch ${epoch}` });
  draft.state = { ...draft.state, link: { id: link, epoch } };
  draft.effects.push({ kind: 'serve', link, managers });
  let count = 0;
  for (const [run, open] of [...draft.state.open.entries()])
    if (open.state === 'noted') happen(draft, run, 'new-master', input, { link, nonce: nonceOf(input.nonce, ++count) });
}

/** Several of one: the first part stays what nobody can guess. */
const nonceOf = (nonce: string, count: number): string => nonce.slice(0, 24) + count.toString(16).padStart(8, '0');

function start(draft: Draft, input: AgentInput, link: number, instruction: StartInstruction): void {
  const { run, epoch } = instruction;
  const { highestEpoch, refused } = draft.state;
  const isOld = epoch < highestEpoch;
  const deed = happen(draft, run, isOld ? 'start-of-an-old-epoch' : 'start', input, { link });
  if (deed === 'refuse' && refused.get(run) !== epoch) {
    draft.state = {
      ...draft.state,
      refused: (refused.size < MAX_REFUSED ? refused : refused.without(firstOf(refused))).with(run, epoch),
    };
    const why = `it is of epoch ${epoch}, and ${highestEpoch} was heard of already`;
    draft.news({ kind: 'run-refused', run, atMs: input.wallMs, epoch, highestEpoch, why });
  }
  if (deed !== 'note') return;
  rise(draft, epoch);
  const isFull = draft.state.open.size >= MAX_OPEN_RUNS;
  draft.change({ kind: 'noted', instruction });
  draft.say(link, { say: 'taken', run });
  if (isFull) {
    happen(draft, run, 'no-go', input, { why: `${MAX_OPEN_RUNS} runs are open on this agent already` });
    return;
  }
  check(draft, draft.state.open.get(run)!, link, input.nonce, input.nowMs + START_CHECK_MS);
}

const firstOf = (shelf: AgentState['refused']): string => shelf.entries().next().value![0];
