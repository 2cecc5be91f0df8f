import { isOwn, leaseHolds, levelOf, mayServe, mayWrite, type Observation } from '@yosugara/failover';
import { NO_EPOCH } from '@yosugara/kernel';
import type { RoleNotice } from '@yosugara/protocol';
import { isDoubted } from './doubt.js';
import type { ControllerState } from './state.js';
import type { ControllerEffect } from './types.js';

const NOTICE_EVERY_MS = 400;
/** The kernel counts the address's life in whole seconds: renewed well before the last of them, with short leases too. */
const vipRenewEveryMs = (leaseOwnMs: number): number => Math.min(500, leaseOwnMs / 8);

/** When the dead man strikes: before the lease ends, by the time a kill takes. */
export const strikeAtMs = (o: Observation): number =>
  o.lead === null ? 0 : o.lead.leaseUntilMs - o.settings.timings.killBudgetMs;

/**
 * Until when the address and others' leave may last: never longer than the dead man was told. An echo that waited while this controller
 * stood still renews the lease, and is too old for the dead man, whose strike lets the next Master in before that lease is over (seed
 * 34234 of the simulator).
 */
export const lastsUntilMs = (state: ControllerState, o: Observation): number => Math.min(strikeAtMs(o), state.lease.untilMs);

/**
 * The dead man's lease. Armed before anything here may write, renewed by fresh rounds only (roundMaxMs), and disarmed only
 * when nothing here can write any more: losing the ownership never disarms, it lets the lease run out.
 */
export function leaseEffects(state: ControllerState, o: Observation): ControllerEffect[] {
  const { timings } = o.settings;
  if (isOwn(o) && o.lead?.ready === true && (o.record.phase === 'promoting' || o.record.phase === 'serving')) {
    const sentMs = o.lead.leaseUntilMs - timings.leaseOwnMs;
    const untilMs = strikeAtMs(o);
    if (o.nowMs - sentMs > timings.roundMaxMs || untilMs <= state.lease.untilMs) return [];
    state.lease = { untilMs, epoch: o.record.epoch };
    return [{ kind: 'lease', untilMs, epoch: o.record.epoch }];
  }
  const quiet = o.postgres.kind === 'stopped' || o.postgres.kind === 'standby' || o.postgres.kind === 'empty';
  if (state.lease.untilMs === 0 || !quiet || mayWrite(o.postgres) || o.postgresBusy !== null || isOwn(o)) return [];
  state.lease = { untilMs: 0, epoch: NO_EPOCH };
  return [{ kind: 'lease', untilMs: 0, epoch: o.record.epoch }];
}

/** Is a write or a 200 allowed at this very moment? For the status endpoint: computed at the moment of the request. */
export const isServing = (o: Observation): boolean =>
  mayServe(o) && o.record.phase === 'serving' && o.postgres.kind === 'primary' && o.gated !== true && o.nowMs < strikeAtMs(o);

export function vipEffects(state: ControllerState, o: Observation): ControllerEffect[] {
  // What this host held before a pause may be another one's by now: not prolonged, nor announced again, on an old lease.
  if (isDoubted(state)) return [];
  // A renewal that comes while it is being released would set it again, and tell the whole cable so.
  if (state.busy.has('vip')) return [];
  if (!o.vipHeld || !mayServe(o) || o.nowMs - state.vipRenewedMs < vipRenewEveryMs(o.settings.timings.leaseOwnMs)) return [];
  state.vipRenewedMs = o.nowMs;
  return [{ kind: 'vipRenew', leaseLeftMs: lastsUntilMs(state, o) - o.nowMs }];
}

/** What the manager, the receiver and the console may do now: on every change, and often enough to stand for a heartbeat. */
export function noticeEffects(state: ControllerState, o: Observation): ControllerEffect[] {
  const may = mayServe(o);
  // Warm, and without side effects, until a fresh round has come (doubt.ts).
  const mode = !may ? 'passive' : state.managerMode === 'active' && isDoubted(state) ? 'gated' : state.managerMode;
  const vip = may && o.vipHeld;
  const holds = leaseHolds(o);
  const known = state.noticed;
  const soon = o.nowMs - state.noticedMs < NOTICE_EVERY_MS;
  // The record never changes in place.
  const same =
    known !== null &&
    known.record === o.record &&
    known.may === may &&
    known.mode === mode &&
    known.vip === vip &&
    known.holds === holds;
  if (soon && same) return [];
  state.noticed = { record: o.record, may, mode, vip, holds };
  const master = o.record.phase === 'serving' ? o.record.owner : null;
  const ingestAlone = may && o.record.ingestAlone;
  const key = `${o.record.epoch} ${mode} ${master} ${vip} ${o.record.syncSet.join()} ${ingestAlone} ${holds} ${o.record.level ?? ''}`;
  if (soon && key === state.noticeKey) return [];
  state.noticeKey = key;
  state.noticedMs = o.nowMs;
  const notice: RoleNotice = {
    node: o.self,
    epoch: o.record.epoch,
    mode,
    leaseUntilMs: may ? lastsUntilMs(state, o) : 0,
    master,
    vip,
    syncSet: [...o.record.syncSet],
    ingestAlone,
    level: levelOf(o.record),
  };
  return [{ kind: 'notice', notice }];
}
