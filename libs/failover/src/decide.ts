import type { Epoch } from '@yosugara/kernel';
import { isAwaited } from './away.js';
import { leadWithoutOwning } from './claimant.js';
import { followFromAfar, isDr } from './dr.js';
import { follow, stopNow } from './follower.js';
import { expired } from './governance.js';
import { restartManager } from './manager.js';
import { type Action, type Decision, type Observation, propose } from './observation.js';
import { own } from './owner.js';
import { isReleased, isUnborn } from './record.js';
import { whyOf } from './transitions.js';
import { shootFirst } from './twoNodes.js';
import {
  isBeingPromoted,
  isOwn,
  isQuiet,
  leaseHolds,
  mayServe,
  mayWrite,
  successor,
  supersededBy,
  writesNothing,
} from './view.js';

/** What this node should do next. Same look, same answer; most urgent first. */
export function decide(o: Observation): Decision {
  const campaign = campaigning(o);
  if (o.kind === 'witness') {
    const part = leadWithoutOwning(o);
    return {
      role: 'WITNESS',
      why: part?.why ?? 'votes; never owns',
      actions: [...housekeeping(o), ...(part?.actions ?? [])],
      needsRecover: false,
      campaign,
    };
  }
  const { role, why, actions, needsRecover = false } = decideData(o);
  return {
    role,
    why,
    actions: joined(housekeeping(o), quietUnlessServing(o, actions), restartManager(o)),
    needsRecover,
    campaign,
  };
}

/** Nearly always there is something in the middle only. */
const joined = (first: readonly Action[], middle: readonly Action[], last: readonly Action[]): readonly Action[] =>
  first.length === 0 && last.length === 0 ? middle : [...first, ...middle, ...last];

/** First in the list: of several proposals only one is made. */
function housekeeping(o: Observation): readonly Action[] {
  if (o.lead?.ready !== true || !leaseHolds(o)) return [];
  const over = expired(o.record, o.wallMs);
  return over === null ? [] : [over];
}

function decideData(o: Observation): Omit<Decision, 'campaign' | 'needsRecover'> & { readonly needsRecover?: boolean } {
  if (mayWrite(o.postgres) && !mayServe(o))
    return {
      role: 'DEMOTING',
      why: superseded(o) ?? whyOf('T6'),
      actions: [...releaseVip(o), { kind: 'manager.mode', mode: 'passive' }, stopNow(o)],
    };
  if (isDr(o) && o.lead === null) return followFromAfar(o);
  const over = superseded(o);
  if (over !== null) return { role: 'HALT', why: over, actions: [], needsRecover: true };
  if (mayServe(o)) return own(o);
  if (o.lead?.ready === true && leaseHolds(o)) {
    if (o.record.owner === o.self && o.record.ownerBoot === o.boot && !isReleased(o.record)) return dismiss(o);
    const led = leadWithoutOwning(o);
    // Whoever may claim once its PostgreSQL runs gets it started by the follower's rules.
    if (led !== null && led.actions.length > 0) return led;
    const part = follow(o);
    const tells = part.role === 'HALT' || part.needsRecover === true;
    if (part.actions.length > 0 || led === null || tells) return part;
    return { ...part, why: part.why === led.why ? led.why : `${led.why}; ${part.why}` };
  }
  return renounceIfStopped(o, shootingFirst(o, follow(o)));
}

/** Two nodes: whoever is to be elected alone sees to it first that the other one is off. */
function shootingFirst<P extends { readonly role: Decision['role']; readonly why: string; readonly actions: readonly Action[] }>(
  o: Observation,
  part: P,
): P {
  const { why, actions } = shootFirst(o);
  if (why === null) return part;
  return {
    ...part,
    role: actions.length > 0 || o.fenceBusy ? 'TAKEOVER' : part.role,
    why,
    actions: [...part.actions, ...actions],
  };
}

function superseded(o: Observation): string | null {
  const by = supersededBy(o);
  return by === null
    ? null
    : `${by} goes on with what was promoted in the other site (a newer generation than ${o.record.generation}): nothing here may serve; it returns by \`yosugara recover\` from there`;
}

/** We lead and the record names us, but our dead man has struck: the epoch is over, and the record must say so. */
function dismiss(o: Observation): Omit<Decision, 'campaign' | 'needsRecover'> {
  return {
    role: 'STOPPED',
    why: 'the dead man stopped this node: its epoch is over',
    // What was started anew behind the strike may hang: then nothing here would ever be quiet (seed 34233 of the simulator).
    actions: [
      ...releaseVip(o),
      ...(o.postgres.kind === 'hung' ? [KILL] : []),
      ...(isQuiet(o) ? [release(o, `the dead man of ${o.self} struck`)] : []),
    ],
  };
}

const release = (o: Observation, cause: string): Action =>
  propose({ kind: 'release', epoch: o.record.epoch, by: o.self, walEnd: null, cause });

const SETTLED_MS = 1_000;

/** P1: we were owner, lost the lease and have stopped: say so, for good. */
function renounceIfStopped<P extends { readonly actions: readonly Action[] }>(o: Observation, part: P): P {
  // An action in flight, or a look taken before it ended, could hide a primary that is just starting.
  const settled = o.postgresBusy === null && o.nowMs - o.postgresSinceMs >= SETTLED_MS;
  const ended = endedEpoch(o);
  if (ended === null || !writesNothing(o.postgres) || !settled || o.vipHeld) return part;
  // It is handing over, and releases the epoch in order.
  if (o.leaving && o.lead !== null && successor(o) !== null) return part;
  return { ...part, actions: [...part.actions, { kind: 'renounce', epoch: ended }] };
}

/**
 * The epoch of this life that somebody may wait for the end of. A machine that was paused wakes up when another one has claimed already:
 * where neither a fence nor a watchdog nor a sync wall proves its end, its own word is the only way on (seed 40602 of the simulator).
 */
function endedEpoch(o: Observation): Epoch | null {
  const { phase, previous } = o.record;
  if (isOwn(o)) return phase === 'serving' ? o.record.epoch : null;
  const isWaitedFor = phase === 'stopping-old' && previous?.node === o.self && previous.boot === o.boot;
  return isWaitedFor && previous.epoch > o.renounced ? previous.epoch : null;
}

const KILL: Action = { kind: 'pg.stop', mode: 'kill', budgetMs: 0 };

const releaseVip = (o: Observation): readonly Action[] => (o.vipHeld ? [{ kind: 'vip.release' }] : []);

const PASSIVE: readonly Action[] = [{ kind: 'manager.mode', mode: 'passive' }];

/** Whoever does not serve holds no VIP and has a passive manager (warm, on the standby). */
function quietUnlessServing(o: Observation, actions: readonly Action[]): readonly Action[] {
  const serves = mayServe(o) && (o.postgres.kind === 'primary' || o.postgres.kind === 'unknown');
  if (serves) return actions;
  if (actions.length === 0 && !o.vipHeld) return PASSIVE;
  const quiet: Action[] = [...actions];
  const keepsVip = isBeingPromoted(o) && mayServe(o);
  if (o.vipHeld && !keepsVip && !quiet.some((action) => action.kind === 'vip.release')) quiet.unshift({ kind: 'vip.release' });
  if (!quiet.some((action) => action.kind === 'manager.mode')) quiet.push({ kind: 'manager.mode', mode: 'passive' });
  return quiet;
}

/** The order in which members campaign: the sync set first, then who might only hand over, last the unfit. */
function campaigning(o: Observation): Decision['campaign'] {
  const lastResortMs = 2 * o.settings.timings.leaseVoteMs;
  if (isDr(o)) return { may: false, extraDelayMs: 0 };
  if (o.kind === 'witness') return { may: true, extraDelayMs: 0 };
  if (isUnborn(o.record)) return { may: true, extraDelayMs: (o.record.opening ?? o.dataNodes[0]) === o.self ? 0 : 1_000 };
  if (isAwaited(o.record, o.self)) return { may: true, extraDelayMs: 0 };
  if (!o.record.syncSet.includes(o.self)) return { may: true, extraDelayMs: lastResortMs };
  // At a cold start nothing runs yet, and nobody is to be preferred by that.
  const fit = o.postgres.kind === 'standby' || o.postgres.kind === 'primary' || !o.informed;
  return { may: true, extraDelayMs: fit ? 0 : o.settings.timings.leaseVoteMs };
}
