import { judgeWait } from './conditions.js';
import { type Draft, SESSION } from './draft.js';
import { end, endOfChildren, isOverWithin, isQuietWithin, placePriorityOf, queueKey, queueOf } from './ending.js';
import { lookAtRunning, startJob } from './leaves.js';
import { isAhead, isOut } from './states.js';
import type { EndWith } from './types.js';

const SKIPPED: EndWith = { status: 'abnormal', value: -1 };
const QUEUE_FULL: EndWith = { status: 'abnormal', value: -1 };

/** Until nothing more follows from what happened. */
export function settle(draft: Draft): void {
  for (let id = draft.nextPending(); id !== null; id = draft.nextPending()) lookAt(draft, id);
}

function lookAt(draft: Draft, id: string): void {
  if (id === SESSION) return lookAtSession(draft);
  switch (draft.state(id)) {
    case 'waiting':
      return lookAtWaiting(draft, id);
    case 'skipped':
      return lookAtSkipped(draft, id);
    case 'running':
      return lookAtRunning(draft, id);
    case 'stopping':
      return lookAtStopping(draft, id);
    case 'stopped':
    case 'error':
      // Whoever is around it and is being stopped may be quiet now.
      if (draft.state(draft.parentOf(id)) === 'stopping') draft.touch(draft.parentOf(id));
      return;
    default:
  }
}

function lookAtSession(draft: Draft): void {
  const { state } = draft.session;
  if (state === 'running' && isOverWithin(draft, SESSION)) end(draft, SESSION, 'over', 'ended', endOfChildren(draft, SESSION));
  else if (state === 'stopping' && isQuietWithin(draft, SESSION)) draft.move(SESSION, 'halted', 'stopped');
}

function lookAtWaiting(draft: Draft, id: string): void {
  const { notBeforeMs } = draft.run(id);
  if (!draft.isOpen(draft.parentOf(id))) return;
  if (notBeforeMs !== null && notBeforeMs > draft.env.nowMs) return;
  if (!draft.hasMark(id, 'now')) {
    const { body } = draft.job(id);
    const verdict = judgeWait(draft, id);
    if (verdict === 'open') return;
    const taken = takenBranch(draft, id);
    if (taken !== null) return exclude(draft, id, taken);
    if (verdict === 'never') return endUnmatched(draft, id);
    if (waitsForEarlierBranch(draft, id)) return;
    if (isClosed(draft, id)) return end(draft, id, 'closed', 'ended-calendar', body.calendar!.outside);
  }
  start(draft, id);
}

function lookAtSkipped(draft: Draft, id: string): void {
  if (!draft.isOpen(draft.parentOf(id))) return;
  const verdict = judgeWait(draft, id);
  if (verdict === 'open') return;
  const taken = takenBranch(draft, id);
  if (taken !== null) return exclude(draft, id, taken);
  if (verdict === 'never') return endUnmatched(draft, id);
  end(draft, id, 'skip-turn', 'ended-skip', draft.run(id).endWith ?? draft.job(id).body.skip ?? SKIPPED);
}

function endUnmatched(draft: Draft, id: string): void {
  const { unmatched } = draft.job(id).wait;
  // While another job of its exclusive branch may still be taken, it may be one that was not.
  if (unmatched !== null && !hasOpenRival(draft, id)) end(draft, id, 'unmatched', 'ended-unmatched', unmatched);
}

const isClosed = (draft: Draft, id: string): boolean => {
  const { calendar } = draft.job(id).body;
  return calendar !== null && !draft.env.isOpen(calendar.id, draft.env.nowMs);
};

/** Runs, or has run. */
function isTaken(draft: Draft, id: string): boolean {
  const run = draft.run(id);
  return run.startedAtMs !== null || run.state === 'queued';
}

/** The other job of one of its exclusive branches that was taken, and the branch; null = none was. */
function takenBranch(draft: Draft, id: string): { readonly of: string; readonly other: string } | null {
  if (id === draft.session.root) return null;
  for (const of of draft.job(id).branchOf)
    for (const other of draft.job(of).exclusive!.order) if (other !== id && isTaken(draft, other)) return { of, other };
  return null;
}

function hasOpenRival(draft: Draft, id: string): boolean {
  if (id === draft.session.root) return false;
  const mayBeTaken = (other: string) => other !== id && isAhead(draft.state(other)) && judgeWait(draft, other) !== 'never';
  return draft.job(id).branchOf.some((of) => draft.job(of).exclusive!.order.some(mayBeTaken));
}

function exclude(draft: Draft, id: string, { of, other }: { readonly of: string; readonly other: string }): void {
  end(draft, id, 'excluded', 'ended-exclusive', draft.job(of).exclusive!.others, `${other} runs instead of it`);
}

/** One that stands before it in the order could start just now: that one is looked at first, and then this one again. */
function waitsForEarlierBranch(draft: Draft, id: string): boolean {
  if (id === draft.session.root) return false;
  for (const of of draft.job(id).branchOf) {
    const { order } = draft.job(of).exclusive!;
    for (const earlier of order.slice(0, order.indexOf(id))) {
      if (draft.state(earlier) !== 'waiting' || judgeWait(draft, earlier) !== 'met') continue;
      draft.touch(earlier);
      draft.touch(id);
      return true;
    }
  }
  return false;
}

/** Its turn has come: into its queue, or it begins. */
function start(draft: Draft, id: string): void {
  const queue = queueOf(draft, id);
  const { env } = draft;
  if (queue !== null && !draft.hasMark(id, 'forced')) {
    draft.move(id, 'queue', 'queued', { queuedAtMs: env.nowMs }, `it waits for a place in queue ${queue}`);
    draft.effects.push({ kind: 'want-place', want: queueWant(draft, id, queue, false) });
  } else begin(draft, id, 'begin');
  excludeOthers(draft, id);
}

export const queueWant = (draft: Draft, id: string, queue: string, has: boolean) => ({
  ...{ key: queueKey(draft, id, queue), priority: placePriorityOf(draft, id), has, waits: true },
  sinceMs: draft.run(id).queuedAtMs ?? draft.env.nowMs,
  within: [...draft.withinOf(id)],
});

function excludeOthers(draft: Draft, id: string): void {
  if (id === draft.session.root) return;
  for (const of of draft.job(id).branchOf)
    for (const other of draft.job(of).exclusive!.order)
      if (other !== id && isAhead(draft.state(other)) && !isTaken(draft, other)) exclude(draft, other, { of, other: id });
}

export function begin(draft: Draft, id: string, on: 'begin' | 'grant'): void {
  const { env } = draft;
  const run = draft.run(id);
  const isRetry = draft.hasMark(id, 'retry');
  const marks = run.marks.filter((mark) => mark !== 'now' && mark !== 'retry');
  const startedAtMs = isRetry ? run.startedAtMs : env.nowMs;
  // What is told of an attempt that follows is how it ended.
  const times = { startedAtMs, attemptedAtMs: env.nowMs, endedAtMs: null };
  draft.move(id, on, 'running', { ...times, endStatus: null, endValue: null, notBeforeMs: null, marks });
  if (!isRetry) draft.tell(id, 'begin', draft.job(id).body.notify.begin, `Job ${id} of session ${draft.session.id} began.`);
  startJob(draft, id);
}

export function granted(draft: Draft, id: string): void {
  draft.mark(id, 'place');
  begin(draft, id, 'grant');
}

export function queueFull(draft: Draft, id: string): void {
  const why = `queue ${queueOf(draft, id)} has no room for another job that waits`;
  end(draft, id, 'full', 'ended-queue-limit', QUEUE_FULL, why);
}

/** What runs of it ended since it was stopped. */
function lookAtStopping(draft: Draft, id: string): void {
  const { nodes, endWith } = draft.run(id);
  const isJobnet = draft.job(id).body.type === 'jobnet';
  if (isJobnet ? !isQuietWithin(draft, id) : nodes.some(isOut)) return;
  if (draft.hasMark(id, 'ends-with') && endWith !== null) {
    end(draft, id, 'halted', 'ended-end-delay', endWith);
    return;
  }
  const unknown = nodes.find(({ state }) => state === 'unknown');
  if (unknown !== undefined) draft.move(id, 'unknown', 'error', {}, unknown.message);
  else draft.move(id, 'halted', 'stopped');
  if (draft.state(draft.parentOf(id)) === 'stopping') draft.touch(draft.parentOf(id));
}
