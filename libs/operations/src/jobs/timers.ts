import { sendLinkAgain } from './asking.js';
import { conditionMs } from './conditions.js';
import { type Draft, SESSION } from './draft.js';
import { end, leaveQueue } from './ending.js';
import { timeOut, timeoutMs } from './leaves.js';
import { askAgents, askAtMs } from './news.js';
import { openSession } from './operate-session.js';
import { isEnded } from './states.js';
import { stopJob } from './stopping.js';
import { endDelayMs, startDelayMs } from './times.js';
import type { JobRun, NodeRun } from './types.js';
import { isReady } from './unstarted.js';

/** Does what is due by now; what waits for a time that has come is looked at. */
export function passTime(draft: Draft): void {
  const { nowMs } = draft.env;
  sessionTime(draft);
  if (draft.session.state === 'scheduled' || draft.session.state === 'held' || isEnded(draft.session.state)) return;
  for (const [id, run] of draft.jobs) {
    if (run.state === 'waiting') waitingTime(draft, id, run);
    else if (run.state === 'skipped' && isTimeThere(draft, id)) draft.touch(id);
    else if (run.state === 'running' || run.state === 'queued' || run.state === 'stopping' || run.state === 'suspended')
      runningTime(draft, id, run, nowMs);
  }
}

function sessionTime(draft: Draft): void {
  const { state, scheduledAtMs, endStatus, endValue } = draft.session;
  const { nowMs } = draft.env;
  if (nowMs < scheduledAtMs) return;
  if (state === 'scheduled') {
    draft.move(SESSION, 'due', 'running', { startedAtMs: nowMs });
    openSession(draft);
  } else if (state === 'skipped') {
    end(draft, SESSION, 'skip-turn', 'ended-skip', { status: endStatus ?? 'normal', value: endValue ?? 0 });
  }
}

/** One of its conditions came true by time. Before, nothing about it changes by time alone. */
function isTimeThere(draft: Draft, id: string): boolean {
  const { times } = draft.job(id);
  if (times.length === 0) return false;
  return times.some((each) => {
    const atMs = conditionMs(draft, each);
    return atMs !== null && draft.env.nowMs >= atMs;
  });
}

function waitingTime(draft: Draft, id: string, run: JobRun): void {
  const { startDelay } = draft.job(id).body;
  if (startDelay !== null && !draft.hasMark(id, 'start-delay')) {
    const lateMs = startDelayMs(draft.unit, draft.session, startDelay);
    if (lateMs !== null && draft.env.nowMs >= lateMs) return lateStart(draft, id);
  }
  if ((run.notBeforeMs !== null && draft.env.nowMs >= run.notBeforeMs) || isTimeThere(draft, id)) draft.touch(id);
}

function lateStart(draft: Draft, id: string): void {
  const { startDelay } = draft.job(id).body;
  const { operation, notify, end: as } = startDelay!;
  draft.mark(id, 'start-delay');
  draft.touch(id);
  const text = 'it should have begun by now (start delay)';
  draft.tell(id, 'start-delay', notify, `Job ${id} of session ${draft.session.id} has not begun yet (start delay).`);
  if (operation === 'none') draft.history(id, text);
  else if (operation === 'stop') end(draft, id, 'late-start', 'ended-start-delay', as, text);
  else if (operation === 'skip') draft.move(id, 'late-start', 'skipped', { endWith: as }, `${text}: it is skipped`);
  else draft.move(id, 'late-start', 'held', {}, `${text}: it is held`);
}

function runningTime(draft: Draft, id: string, run: JobRun, nowMs: number): void {
  const { body } = draft.job(id);
  if (body.type === 'command') {
    askAgents(draft, id, body);
    if (run.nodes.some((node) => untilMs(node) !== null && isReady(node, nowMs))) draft.touch(id);
  }
  if (run.state === 'running') {
    const overMs = timeoutMs(draft, id);
    if (overMs !== null && nowMs >= overMs) {
      timeOut(draft, id);
      return;
    }
    if (body.type === 'link-send' && run.notBeforeMs !== null && nowMs >= run.notBeforeMs) sendLinkAgain(draft, id, body);
  }
  const { endDelay } = body;
  const state = draft.state(id);
  if (endDelay === null || draft.hasMark(id, 'end-delay') || (state !== 'running' && state !== 'queued')) return;
  const lateMs = endDelayMs(draft.unit, draft.session, draft.run(id), endDelay, draft.env);
  if (lateMs !== null && nowMs >= lateMs) lateEnd(draft, id);
}

function lateEnd(draft: Draft, id: string): void {
  const { operation, notify, end: as } = draft.job(id).body.endDelay!;
  const text = 'it should have ended by now (end delay)';
  draft.mark(id, 'end-delay');
  draft.tell(id, 'end-delay', notify, `Job ${id} of session ${draft.session.id} has not ended yet (end delay).`);
  const isQueued = draft.state(id) === 'queued';
  if (operation === 'none') draft.history(id, text);
  else if (operation === 'suspend') {
    if (isQueued) leaveQueue(draft, id);
    draft.move(id, 'late-end', 'suspended', {}, `${text}: it is suspended`);
  } else if (operation === 'force-end' || isQueued) end(draft, id, 'late-end', 'ended-end-delay', as, text);
  else {
    draft.mark(id, 'ends-with');
    draft.patch(id, { endWith: as });
    draft.history(id, text);
    // `set-end`: what runs goes on to its own end, and nothing follows it.
    stopJob(draft, id, 'late-end', operation === 'stop');
  }
}

/** When time alone changes something next; null = it does not. */
export function nextTimeMs(draft: Draft): number | null {
  const { session, env } = draft;
  if (session.state === 'scheduled' || (session.state === 'skipped' && session.endedAtMs === null)) return session.scheduledAtMs;
  if (session.state === 'held' || session.state === 'stopped' || isEnded(session.state)) return null;
  let least = Number.POSITIVE_INFINITY;
  const at = (ms: number | null) => {
    if (ms !== null && ms < least) least = ms;
  };
  for (const [id, run] of draft.jobs) {
    if (run.state === 'waiting' || run.state === 'skipped') waitingNext(draft, id, run, at);
    else if (run.state === 'running' || run.state === 'queued' || run.state === 'stopping' || run.state === 'suspended')
      runningNext(draft, id, run, at);
  }
  // What is due already was done, or waits for something else than time.
  return least === Number.POSITIVE_INFINITY ? null : Math.max(least, env.nowMs);
}

/** Of one that waits to be told once more. */
const untilMs = ({ state, notBeforeMs = null }: NodeRun): number | null => (state === 'waiting' ? notBeforeMs : null);

type At = (ms: number | null) => void;

function waitingNext(draft: Draft, id: string, run: JobRun, at: At): void {
  const { body, times } = draft.job(id);
  const { nowMs } = draft.env;
  const later = (ms: number | null) => at(ms !== null && ms > nowMs ? ms : null);
  later(run.notBeforeMs);
  if (body.startDelay !== null && run.state === 'waiting' && !draft.hasMark(id, 'start-delay'))
    at(startDelayMs(draft.unit, draft.session, body.startDelay));
  for (const each of times) later(conditionMs(draft, each));
}

function runningNext(draft: Draft, id: string, run: JobRun, at: At): void {
  const { body } = draft.job(id);
  if (body.type === 'command')
    for (const node of run.nodes) {
      at(askAtMs(node, body));
      const readyMs = untilMs(node);
      if (run.state === 'running' && readyMs !== null && readyMs > draft.env.nowMs) at(readyMs);
    }
  if (run.state === 'running') {
    at(timeoutMs(draft, id));
    if (body.type === 'link-send') at(run.notBeforeMs);
  }
  if (body.endDelay === null || (run.state !== 'running' && run.state !== 'queued') || draft.hasMark(id, 'end-delay')) return;
  at(endDelayMs(draft.unit, draft.session, run, body.endDelay, draft.env));
}
