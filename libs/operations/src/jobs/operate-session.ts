import { invariant } from '@yosugara/kernel';
import { type Draft, SESSION } from './draft.js';
import { end, resetWithin } from './ending.js';
import { isUnderWay } from './states.js';
import type { Operate } from './step-types.js';
import { forceEnd, forceStop, stopWithin } from './stopping.js';
import type { EndWith } from './types.js';

/** A session that nobody wanted is no trouble. */
const SKIPPED: EndWith = { status: 'normal', value: 0 };
const BY_PEOPLE: EndWith = { status: 'abnormal', value: -1 };

/** What the rules allow of a whole session. */
export function operateSession(draft: Draft, { operation, end: as }: Operate): void {
  switch (operation) {
    case 'start':
      return startSession(draft);
    case 'release-hold':
      return draft.move(SESSION, operation, 'scheduled');
    case 'release-skip':
      return draft.move(SESSION, operation, 'scheduled', { endStatus: null, endValue: null });
    case 'release-suspend':
      draft.move(SESSION, operation, 'running');
      for (const each of draft.descendants(SESSION)) draft.touch(each);
      return;
    case 'stop':
      draft.move(SESSION, operation, 'stopping');
      return stopWithin(draft, SESSION);
    case 'suspend':
      return draft.move(SESSION, operation, 'suspended');
    case 'skip': {
      // How it will end is there from now on: a session has no other place for it.
      const { status, value } = as ?? SKIPPED;
      return draft.move(SESSION, operation, 'skipped', { endStatus: status, endValue: value });
    }
    case 'hold':
      return draft.move(SESSION, operation, 'held', { endStatus: null, endValue: null });
    case 'change-end': {
      const { status, value } = as ?? BY_PEOPLE;
      return draft.move(SESSION, operation, 'modified', { endStatus: status, endValue: value });
    }
    case 'set-end':
      return end(draft, SESSION, operation, 'modified', as ?? BY_PEOPLE);
    case 'force-end':
      return forceEnd(draft, SESSION, as ?? BY_PEOPLE);
    case 'force-stop':
      for (const child of draft.childrenOf(SESSION)) if (isUnderWay(draft.state(child))) forceStop(draft, child);
      return draft.move(SESSION, operation, 'stopped');
    default:
      invariant(false, `${operation} is no operation of a session`);
  }
}

function startSession(draft: Draft): void {
  const isFirst = draft.session.startedAtMs === null;
  if (!isFirst) resetWithin(draft, SESSION);
  const fresh = { startedAtMs: draft.env.nowMs, endedAtMs: null, endStatus: null, endValue: null };
  draft.move(SESSION, 'start', 'running', fresh);
  openSession(draft);
}

/** It runs from now on: its own jobs may start. */
export function openSession(draft: Draft): void {
  const { notify } = draft.unit.body;
  draft.tell(SESSION, 'begin', notify.begin, `Session ${draft.session.id} of ${draft.unit.id} began.`);
  for (const child of draft.childrenOf(SESSION)) draft.touch(child);
}
