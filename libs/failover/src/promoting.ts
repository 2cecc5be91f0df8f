import { assertNever } from '@yosugara/kernel';
import type { FactsOf } from './facts.js';
import { abandon, giveUp, VOLUME_HANGS } from './giving-up.js';
import { type Action, type Observation, type Part, propose } from './observation.js';
import { newestTimeline } from './record.js';
import { coolingDown, isBeingPromoted, requiredNames, sameNames, UNARMED } from './view.js';

/* T3, behind the proof: from a standby that is cut off to a Master that lets people in. */

/** The manager and the VIP may be late; the database opens without them after this. */
const OPEN_PATIENCE_MS = 3_000;

export function promoting(o: Observation): Part {
  const facts = o.postgres;
  switch (facts.kind) {
    case 'empty':
      return o.record.systemId === null ? firstDatabase(o) : abandon(o, 'the data directory is gone');
    case 'stopped':
      return startStopped(o);
    case 'standby':
      return promote(o, facts);
    case 'primary':
      return open(o, facts);
    case 'hung':
      return { role: 'PROMOTING', why: 'PostgreSQL does not answer', actions: [{ kind: 'pg.stop', mode: 'kill', budgetMs: 0 }] };
    case 'unreadable':
      return giveUp(o, VOLUME_HANGS);
    case 'starting':
    case 'unknown':
      return { role: 'PROMOTING', why: `PostgreSQL is ${facts.kind}`, actions: [] };
    default:
      return assertNever(facts);
  }
}

const firstDatabase = (o: Observation): Part => ({
  role: 'PROMOTING',
  why: 'making the first database',
  actions: coolingDown(o, 'pg.initialise') ? [] : [{ kind: 'pg.initialise' }],
});

/** First start only: everybody else is promoted out of recovery. */
function startStopped(o: Observation): Part {
  const first = o.record.systemId === null;
  if (first && !o.armed) return { role: 'PROMOTING', why: UNARMED, actions: [] };
  return {
    role: 'PROMOTING',
    why: 'starting PostgreSQL',
    actions: [first ? { kind: 'pg.startPrimary', names: requiredNames(o) } : { kind: 'pg.startStandby', follow: null }],
  };
}

function promote(o: Observation, facts: FactsOf<'standby'>): Part {
  if (facts.receiver !== 'cut')
    return {
      role: 'PROMOTING',
      why: 'cutting the receiver before the promotion',
      actions: [{ kind: 'pg.follow', follow: null }],
    };
  if (!o.armed) return { role: 'PROMOTING', why: UNARMED, actions: [] };
  if (asksHook(o)) return hookBefore(o);
  if (coolingDown(o, 'pg.promote')) return { role: 'PROMOTING', why: 'the promotion failed; trying again', actions: [] };
  return {
    role: 'PROMOTING',
    why: 'the old owner is proven stopped',
    actions: [{ kind: 'pg.promote', names: requiredNames(o), above: newestTimeline(o.record) }, ...addressAhead(o)],
  };
}

/**
 * Beside the promotion, for it takes as long: a client is told "read-only" at once and asks again, where without the address its
 * connection would hang until its own patience ends (decision 0022).
 */
const addressAhead = (o: Observation): readonly Action[] =>
  o.settings.hasVip && !o.vipHeld && isBeingPromoted(o) && !coolingDown(o, 'vip.hold') ? [{ kind: 'vip.hold' }] : [];

const asksHook = (o: Observation): boolean => o.settings.hooks.beforePromotion && o.hookBefore !== 'passed';

/**
 * The operator's program may refuse: then nobody serves, and it is asked again, ever more slowly. The epoch is kept: with the proof
 * committed the sync set may be this node alone, so giving it up would help nobody, and claims would follow each other for nothing.
 */
function hookBefore(o: Observation): Part {
  if (o.hookBefore === 'running') return { role: 'PROMOTING', why: 'waiting for the hook before promotion', actions: [] };
  if (coolingDown(o, 'hook.run'))
    return { role: 'PROMOTING', why: 'the hook before promotion refused; it is asked again soon', actions: [] };
  return {
    role: 'PROMOTING',
    why: 'the hook before promotion is asked',
    actions: [{ kind: 'hook.run', which: 'before', epoch: o.record.epoch }],
  };
}

/** Writable: gated manager, VIP, then the record says serving. */
function open(o: Observation, facts: FactsOf<'primary'>): Part {
  const actions: Action[] = [{ kind: 'manager.mode', mode: 'gated' }];
  if (!sameNames(facts.names, requiredNames(o))) actions.push({ kind: 'pg.setNames', names: requiredNames(o) });
  const namesRight = actions.length === 1;
  if (o.settings.hasVip && !o.vipHeld && o.gated !== true && !heldBackSinceThen(o)) actions.push({ kind: 'vip.hold' });
  const managerReady = o.manager?.ready === true && o.manager.epoch === o.record.epoch && o.manager.mode !== 'passive';
  // A VIP that cannot be set, or a manager that does not come, is an alarm, and no reason for nobody to serve.
  const waited = o.nowMs - o.postgresSinceMs >= OPEN_PATIENCE_MS;
  const vipReady = !o.settings.hasVip || o.vipHeld;
  if (namesRight && ((vipReady && managerReady) || waited)) actions.push(tellOpened(o, facts));
  return { role: 'MASTER_GATED', why: managerReady ? 'opening' : 'waiting for the manager', actions };
}

/** What failed beside the promotion is tried again at once: the old owner's address may have run out since. */
const heldBackSinceThen = (o: Observation): boolean =>
  coolingDown(o, 'vip.hold') && o.failures.get('vip.hold')!.atMs >= o.postgresSinceMs;

export const tellOpened = (o: Observation, { timeline, forks, systemId }: FactsOf<'primary'>): Action =>
  propose({ kind: 'opened', epoch: o.record.epoch, timeline, forks, systemId, atWallMs: o.wallMs });
