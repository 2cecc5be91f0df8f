import { assertNever } from '@yosugara/kernel';
import { freshFor, reopenAround } from './again.js';
import { answerApproval } from './asking.js';
import { type Draft, SESSION } from './draft.js';
import { end, leaveNodes, leaveQueue, resetWithin, touchAround } from './ending.js';
import { operateNode } from './operate-node.js';
import { operateSession } from './operate-session.js';
import { type OperationLevel, whyNot } from './operation-rules.js';
import type { Operate } from './step-types.js';
import { forceEnd, forceStop, stopJob } from './stopping.js';
import type { EndWith } from './types.js';

export const END_BY_PEOPLE: EndWith = { status: 'abnormal', value: -1 };

/** Done, or `draft.refusal` says why not. */
export function operate(draft: Draft, asked: Operate): void {
  const refuse = (why: string | null) => {
    draft.refusal = why;
  };
  const { job, facility, operation, who } = asked;
  if (job !== null && !draft.jobs.has(job)) return refuse(`There is no job ${job} in session ${draft.session.id}.`);
  const level: OperationLevel =
    job === null ? 'session' : facility !== null ? 'node' : draft.job(job).body.type === 'jobnet' ? 'jobnet' : 'job';
  draft.who = who;
  if (level === 'node') refuse(operateNode(draft, job!, facility!, asked));
  else {
    const not = whyNot(operation, level, job === null ? draft.session.state : draft.state(job));
    if (not !== null) refuse(not);
    else if (job === null) operateSession(draft, asked);
    else refuse(operateJob(draft, job, asked));
  }
  const comment = asked.comment?.trim() ?? '';
  if (draft.refusal === null && comment !== '') {
    const text = `${operation}: ${comment}`;
    draft.history(job ?? SESSION, text, facility === null ? {} : { facility });
  }
  draft.who = null;
}

function operateJob(draft: Draft, id: string, { operation, end: as, who }: Operate): string | null {
  const isJobnet = draft.job(id).body.type === 'jobnet';
  switch (operation) {
    case 'start':
      startAgain(draft, id, isJobnet);
      return null;
    case 'release-hold':
      draft.move(id, operation, 'waiting');
      return null;
    case 'release-skip':
      draft.move(id, operation, 'waiting', { endWith: null });
      return null;
    case 'release-suspend':
      releaseSuspend(draft, id, isJobnet);
      return null;
    case 'force-run':
      return forceRun(draft, id);
    case 'stop':
      stopJob(draft, id, 'stop');
      return null;
    case 'suspend':
      leaveQueueOf(draft, id);
      draft.move(id, operation, 'suspended');
      return null;
    case 'skip':
      draft.move(id, operation, 'skipped', { endWith: as });
      return null;
    case 'hold':
      draft.move(id, operation, 'held', { endWith: null });
      return null;
    case 'change-end':
      changeEnd(draft, id, as ?? END_BY_PEOPLE);
      return null;
    case 'set-end':
      end(draft, id, operation, 'modified', as ?? END_BY_PEOPLE);
      return null;
    case 'force-end':
      forceEnd(draft, id, as ?? END_BY_PEOPLE);
      return null;
    case 'force-stop':
      forceStop(draft, id);
      draft.touch(draft.parentOf(id));
      return null;
    case 'approve':
    case 'deny':
      return answerApproval(draft, id, operation, who);
    default:
      return assertNever(operation);
  }
}

function leaveQueueOf(draft: Draft, id: string): void {
  if (draft.state(id) === 'queued') leaveQueue(draft, id);
}

function startAgain(draft: Draft, id: string, isJobnet: boolean): void {
  if (isJobnet) resetWithin(draft, id);
  leaveNodes(draft, id);
  reopenAround(draft, id);
  draft.move(id, 'start', 'waiting', freshFor(draft.run(id), ['now']));
}

function releaseSuspend(draft: Draft, id: string, isJobnet: boolean): void {
  const { startedAtMs, marks } = draft.run(id);
  // It had no place in its queue yet.
  if (startedAtMs === null) draft.move(id, 'release-suspend', 'waiting', { marks: [...marks, 'now'] });
  else draft.move(id, 'release-suspend', 'running');
  if (isJobnet) for (const each of draft.descendants(id)) draft.touch(each);
}

function forceRun(draft: Draft, id: string): string | null {
  const parent = draft.parentOf(id);
  if (!draft.isOpen(parent)) {
    const closed = [SESSION, ...draft.withinOf(id)].find((around) => draft.state(around) !== 'running')!;
    return `${closed === SESSION ? 'Its session' : `Its jobnet ${closed}`} is ${draft.state(closed)}: nothing in it can run.`;
  }
  leaveQueueOf(draft, id);
  draft.move(id, 'force-run', 'waiting', { marks: ['now', 'forced'], notBeforeMs: null, endWith: null });
  return null;
}

function changeEnd(draft: Draft, id: string, { status, value }: EndWith): void {
  draft.move(id, 'change-end', 'modified', { endStatus: status, endValue: value });
  touchAround(draft, id);
}
