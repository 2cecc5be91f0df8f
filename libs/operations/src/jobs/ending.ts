import type { EndStatus } from '@yosugara/protocol';
import { type Draft, SESSION } from './draft.js';
import { endBy, isWorse, statusOf } from './numbers.js';
import { isEnded, isUnderWay, newRun } from './states.js';
import type { PlaceKey } from './step-types.js';
import type { JobEvent } from './table.js';
import { MINUTE_MS } from './times.js';
import type { EndWith, JobRun, JobState } from './types.js';

const WORDS: Readonly<Record<EndStatus, string>> = { normal: 'normally', warning: 'with a warning', abnormal: 'abnormally' };

export const queueKey = (draft: Draft, id: string, queue: string): PlaceKey => ({
  ...{ of: 'queue', id: queue, session: draft.session.id, job: id },
});
export const nodeKey = (draft: Draft, id: string, facility: string): PlaceKey => ({
  ...{ of: 'node', id: facility, session: draft.session.id, job: id },
});

export function queueOf(draft: Draft, id: string): string | null {
  const { body } = draft.job(id);
  return 'queue' in body ? body.queue : null;
}

/** Of all that wait for the same place higher ones come first. */
export function placePriorityOf(draft: Draft, id: string): number {
  const { body } = draft.job(id);
  return 'placePriority' in body ? body.placePriority : 0;
}

/** Gives back its place in its queue, or stops waiting for one. */
export function leaveQueue(draft: Draft, id: string): void {
  const run = draft.run(id);
  const queue = queueOf(draft, id);
  if (queue === null || run.queuedAtMs === null) return;
  draft.effects.push({ kind: 'leave-place', key: queueKey(draft, id, queue) });
  draft.unmark(id, 'place');
  draft.patch(id, { queuedAtMs: null });
}

/** Gives back the places on its nodes; of those in `but` it keeps them. */
export function leaveNodes(draft: Draft, id: string, only: (node: JobRun['nodes'][number]) => boolean = () => true): void {
  const { nodes } = draft.run(id);
  if (!nodes.some((node) => node.queuedAtMs !== null && only(node))) return;
  const left = nodes.map((node) => {
    if (node.queuedAtMs === null || !only(node)) return node;
    draft.effects.push({ kind: 'leave-place', key: nodeKey(draft, id, node.facility) });
    return { ...node, queuedAtMs: null, state: node.state === 'queued' ? ('waiting' as const) : node.state };
  });
  draft.patch(id, { nodes: left });
}

/** Tasks of agents that look for files of it are over. */
export function endWatches(draft: Draft, id: string): void {
  const { nodes } = draft.run(id);
  if (draft.job(id).body.type !== 'file-check' || !nodes.some(({ state }) => state === 'running')) return;
  const ended = nodes.map((node) => {
    if (node.state !== 'running') return node;
    draft.effects.push({ kind: 'unwatch', job: id, facility: node.facility, attempt: node.attempt });
    return { ...node, state: 'not-started' as const, endedAtMs: draft.env.nowMs, message: 'nobody looks for it any more' };
  });
  draft.patch(id, { nodes: ended });
}

/** It is over: whoever waits for it, or is around it, is looked at. */
export function end(draft: Draft, id: string, on: JobEvent, state: JobState, as: EndWith, why = ''): void {
  const { env } = draft;
  if (id !== SESSION) {
    leaveQueue(draft, id);
    leaveNodes(draft, id);
    endWatches(draft, id);
  }
  const before = draft.run(id);
  const patch = { endStatus: as.status, endValue: as.value, endedAtMs: env.nowMs, endWith: null, notBeforeMs: null };
  draft.move(id, on, state, patch, why);
  const startedAtMs = before.startedAtMs ?? env.nowMs;
  const ran = before.startedAtMs !== null && state === 'ended';
  draft.effects.push({ kind: 'ended', job: id, end: { ...as, startedAtMs, endedAtMs: env.nowMs }, ran });
  tellEnd(draft, id, as, why);
  if (id === SESSION) return;
  touchAround(draft, id);
}

/** Those whose turn may have come because of it. */
export function touchAround(draft: Draft, id: string): void {
  const { waitedBy, exclusive, branchOf } = draft.job(id);
  if (id !== draft.session.root) {
    for (const other of [...(exclusive?.order ?? []), ...waitedBy]) draft.touch(other);
    // Of those that wait for nothing but whether it is taken.
    for (const of of branchOf) for (const other of draft.job(of).exclusive!.order) draft.touch(other);
  }
  draft.touch(draft.parentOf(id));
}

function tellEnd(draft: Draft, id: string, { status, value }: EndWith, why: string): void {
  const notify = id === SESSION ? draft.unit.body.notify : draft.job(id).body.notify;
  const what = id === SESSION ? `Session ${draft.session.id} of ${draft.unit.id}` : `Job ${id} of session ${draft.session.id}`;
  const more = why === '' ? '' : `: ${why}`;
  draft.tell(id, 'end', notify[status], `${what} ended ${WORDS[status]} with ${value}${more}.`);
}

/** What it returned is there: it ends, or has its next attempt. */
export function finish(draft: Draft, id: string, as: EndWith, why = '', on: JobEvent = 'over'): void {
  const { retry } = draft.job(id).body;
  const run = draft.run(id);
  if (retry === null || retry.until.includes(as.status) || run.attempt > retry.attempts) {
    end(draft, id, on, 'ended', as, why);
    return;
  }
  leaveQueue(draft, id);
  leaveNodes(draft, id);
  endWatches(draft, id);
  const marks = [
    'now',
    'retry',
    ...run.marks.filter((mark) => mark === 'start-delay' || mark === 'end-delay' || mark === 'forced'),
  ];
  const notBeforeMs = draft.env.nowMs + retry.intervalMinutes * MINUTE_MS;
  const text = `it ended ${WORDS[as.status]} with ${as.value}${why === '' ? '' : ` (${why})`}: attempt ${run.attempt + 1} of ${retry.attempts + 1}`;
  draft.move(id, on, 'waiting', { attempt: run.attempt + 1, round: run.round + 1, notBeforeMs, marks }, text);
  if (draft.job(id).children.length > 0) resetWithin(draft, id);
}

/** All that is in a jobnet is as it was before it began. */
export function resetWithin(draft: Draft, id: string): void {
  for (const each of draft.descendants(id)) {
    leaveQueue(draft, each);
    leaveNodes(draft, each);
    reset(draft, each, 'around-again');
  }
}

export const firstState = ({ hold, skip }: { readonly hold: boolean; readonly skip: EndWith | null }): JobState =>
  hold ? 'held' : skip !== null ? 'skipped' : 'waiting';

function reset(draft: Draft, id: string, on: JobEvent): void {
  const { round, runs, state, marks } = draft.run(id);
  const to = firstState(draft.job(id).body);
  const { job: _, state: __, ...fresh } = newRun(id);
  const patch = { ...fresh, round: round + 1, runs };
  // Nothing was told of it in this round: it goes on.
  if (state === to && marks.length === 0) draft.patch(id, { ...patch, round });
  else if (state === to) draft.patch(id, patch);
  else draft.move(id, on, to, patch);
}

/** Of a jobnet or the session: all in it has ended. */
export function endOfChildren(draft: Draft, id: string): EndWith {
  const runs = lastOf(draft, id);
  if (id === SESSION) {
    const worst = runs.reduce((one, other) => (isWorse(other.endStatus!, one.endStatus!) ? other : one));
    return { status: worst.endStatus!, value: worst.endValue! };
  }
  const ranges = draft.job(id).body.endStatus;
  const worst = runs.reduce((one, other) =>
    isWorse(statusOf(ranges, other.endValue), statusOf(ranges, one.endValue)) ? other : one,
  );
  return endBy(ranges, worst.endValue);
}

/** Those that nobody waits for decide; a branch that was not taken does not, where another one was. */
function lastOf(draft: Draft, id: string): readonly JobRun[] {
  const children = draft.childrenOf(id);
  const isLast = (child: string) => child === draft.session.root || draft.job(child).waitedBy.length === 0;
  const taken = children.filter((child) => draft.state(child) !== 'ended-exclusive');
  const last = taken.filter(isLast);
  const deciding = last.length > 0 ? last : taken.length > 0 ? taken : children;
  return deciding.map((child) => draft.run(child));
}

export const isOverWithin = (draft: Draft, id: string): boolean =>
  draft.childrenOf(id).every((child) => isEnded(draft.state(child)));
export const isQuietWithin = (draft: Draft, id: string): boolean =>
  !draft.childrenOf(id).some((child) => isUnderWay(draft.state(child)));
