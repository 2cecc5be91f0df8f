import { membersOf } from '@yosugara/consensus';
import type { NodeId } from '@yosugara/kernel';
import type { JournalLevels, RecoverProgress, RecoverReport } from '@yosugara/protocol';
import { advance, begin, copied, tried } from '../recover/machine.js';
import { RECOVER_STEPS, stepOf } from '../recover/phases.js';
import type { Side } from '../recover/preflight.js';
import { addSample, bytesPerSecond, etaMs } from '../recover/rate.js';
import type { RecoverLook } from '../recover/types.js';
import type { ControllerState } from './state.js';
import type { ActionResult, NodeReport } from './types.js';

const HEARD_MS = 2_500;
/** What brings a node back, and how its failures are named. */
const RETURNING = ['pg.rewind', 'pg.baseBackup', 'pg.startStandby', 'pg.follow'] as const;

/** With nothing new its times are all that moves, and nobody reads them more often. */
const LOOK_AGAIN_MS = 250;

/** Follows the recover of this node, from what is known anyway: nothing is decided here. @param passed nothing has come in: time went on. */
export function trackRecover(state: ControllerState, passed: boolean): void {
  const { config, record } = state;
  if (config.kind !== 'data') return;
  const request = record.recover.find(({ node }) => node === config.self) ?? null;
  const busy = state.busy.get('postgres')?.action.kind;
  const copying = busy === 'pg.rewind' || busy === 'pg.baseBackup';
  const current = state.recover;
  const asked = request?.state === 'open' && request.requestId !== current?.requestId;
  const byItself = copying && request?.state !== 'open' && (current === null || current.state === 'done');
  if (!asked && !byItself && (current === null || current.state === 'done')) return;
  if (passed && !asked && !byItself && state.nowMs - state.recoverAtMs < LOOK_AGAIN_MS) return;
  if (asked) forgiveFailures(state);
  const look = lookOf(state, request);
  if (asked) state.recover = begin(look, request.requestId);
  else if (byItself) state.recover = begin(look, `auto.${config.boot}.${state.wallMs}`);
  if (asked || byItself) state.recoverMark = null;
  const tookMs = current === null || asked || byItself ? 0 : Math.max(0, state.nowMs - state.recoverAtMs);
  state.recoverAtMs = state.nowMs;
  state.recover = advance(state.recover!, look, tookMs);
  sampleCatchUp(state, look);
}

function lookOf(state: ControllerState, request: RecoverLook['request']): RecoverLook {
  const { config, record, facts } = state;
  const { owner } = record;
  const theirs = owner === null || owner === config.self ? null : freshReport(state, owner);
  const serves = record.phase === 'serving' && theirs?.postgres.kind === 'primary';
  // A copy in another site is back when it follows: nobody takes it into the sync set, and no receiver runs there.
  const isBackAfar = config.settings.drNodes.includes(config.self) && facts.kind === 'standby' && facts.receiver === 'streaming';
  const isMasterAfar = owner !== null && config.settings.drNodes.includes(owner);
  const inSyncSet = record.syncSet.includes(config.self) || isBackAfar;
  const member = membersOf(state.raft).find(({ id }) => id === config.self);
  const streaming = facts.kind === 'standby' && facts.receiver === 'streaming';
  const levels = levelsOf(state, theirs);
  return {
    node: config.self,
    nowMs: state.nowMs,
    wallMs: state.wallMs,
    request: isBackAfar ? null : request,
    source: serves ? owner : null,
    informed: state.informed,
    member:
      member === undefined ? 'stranger' : member.voter || config.settings.drNodes.includes(config.self) ? 'voter' : 'learner',
    facts,
    busy: state.busy.get('stop')?.action.kind ?? state.busy.get('postgres')?.action.kind ?? null,
    copying: copyingOf(state),
    role: state.decision.role,
    why: state.decision.why,
    inSyncSet,
    isOwner: owner === config.self && record.phase === 'serving',
    lagBytes:
      theirs?.postgres.kind === 'primary' && 'walEnd' in facts ? Math.max(0, theirs.postgres.walEnd - facts.walEnd) : null,
    damage: state.survey?.damage ?? null,
    levels,
    level: isBackAfar || (inSyncSet && streaming && (isMasterAfar || isLevel(state, theirs))),
    failing: failingOf(state),
  };
}

const freshReport = (state: ControllerState, node: NodeId): NodeReport | null => {
  const held = state.reports.get(node);
  return held !== undefined && state.nowMs - held.atMs <= HEARD_MS ? held.report : null;
};

function copyingOf(state: ControllerState): RecoverLook['copying'] {
  const { progress } = state;
  if (progress === null || !progress.running) return null;
  const { stage = 'copy', detail, bytes = 0, totalBytes = null } = progress;
  return { stage, detail, bytes, totalBytes };
}

/**
 * Somebody asks, so what was in the way may be cleared up: tried at once, and counted anew. Without this a node whose full disk had been
 * cleaned up came back, and its recover was told as failed (D4). That a rewind failed is not forgotten: it leads to a base backup.
 */
function forgiveFailures({ failures }: ControllerState): void {
  const rewind = failures.get('pg.rewind');
  for (const action of RETURNING) failures.delete(action);
  if (rewind !== undefined) failures.set('pg.rewind', { ...rewind, count: 0 });
}

function failingOf(state: ControllerState): RecoverLook['failing'] {
  const all = RETURNING.flatMap((action) => {
    const failure = state.failures.get(action);
    return failure === undefined ? [] : [{ action, code: failure.code, count: failure.count, atMs: failure.atMs }];
  });
  return all.sort((one, two) => two.atMs - one.atMs)[0] ?? null;
}

function levelsOf(state: ControllerState, theirs: NodeReport | null): JournalLevels {
  const ours = state.receiver?.report ?? null;
  return {
    here: ours?.behindPeer ?? null,
    there: theirs?.receiver?.behindPeer ?? null,
    lost: ours?.copyLost ?? 0,
  };
}

/**
 * Ruling 15: level when all that either receiver had received by the moment of the join is on both disks. Not "nothing behind":
 * under load something always is.
 */
function isLevel(state: ControllerState, theirs: NodeReport | null): boolean {
  const ours = state.receiver?.report;
  const peer = theirs?.receiver;
  if (ours === undefined || peer == null || ours.peerLink !== 'up' || peer.peerLink !== 'up') return false;
  const mark = state.recoverMark;
  // A receiver that started again counts from nothing.
  if (mark === null || ours.received < mark.here || peer.received < mark.there) {
    state.recoverMark = { here: ours.received, there: peer.received };
    return ours.behindPeer === 0 && peer.behindPeer === 0;
  }
  return ours.received - ours.behindPeer >= mark.here && peer.received - peer.behindPeer >= mark.there;
}

/** While it catches up there is no copy that counts bytes: the WAL that comes in does. */
function sampleCatchUp(state: ControllerState, look: RecoverLook): void {
  const { facts } = look;
  if (look.copying !== null) {
    if (state.copySamples.at(-1)?.bytes !== look.copying.bytes)
      state.copySamples = addSample(state.copySamples, state.nowMs, look.copying.bytes);
  } else if (state.recover?.phase === 'start' && facts.kind === 'standby') {
    const last = state.copySamples.at(-1);
    // Positions, not sizes: another kind of number, so the rate begins anew.
    if (last === undefined || last.bytes < facts.walEnd)
      state.copySamples = addSample(state.copySamples, state.nowMs, facts.walEnd);
  }
}

/** A rewind or base backup ended. */
export function noteCopied(state: ControllerState, action: string, result: ActionResult): void {
  if (result.ok && (action === 'pg.baseBackup' || action === 'pg.rewind')) {
    state.survey = null;
    state.copySamples = [];
  }
  if (state.recover === null || state.recover.state === 'done') return;
  if (result.ok && result.copied !== undefined) state.recover = copied(state.recover, result.copied);
  if (!result.ok && RETURNING.some((known) => known === action))
    state.recover = tried(state.recover, action, result.code, result.message);
}

/** What one side of a recover looks like from here, for preflight and plan. */
export function sideOf(state: ControllerState, node: NodeId): Side {
  if (node === state.config.self) return { node, heard: true, facts: state.facts, survey: state.survey };
  const report = freshReport(state, node);
  return {
    node,
    heard: report !== null,
    facts: report?.postgres ?? { kind: 'unknown' },
    survey: report?.survey ?? null,
  };
}

/** For `status`: the returning node tells; who does not hear it can only say that it does not. */
export function recoverOf(
  state: ControllerState,
  node: NodeId,
  report: NodeReport | undefined,
): { readonly recover: RecoverProgress | null; readonly report: RecoverReport | null } {
  const request = state.record.recover.find((known) => known.node === node);
  const told = report?.recover ?? null;
  // One that a node began by itself has no request; once it has ended it is news no more. One of another request is history.
  const byItself = told !== null && told.state !== 'done' && told.requestId.startsWith('auto.');
  if (told !== null && (byItself || told.requestId === request?.requestId))
    return { recover: progressOf(told, report?.rate ?? null), report: rounded(told) };
  const newest = told === null ? null : rounded(told);
  if (request === undefined) return { recover: null, report: newest };
  const base = { requestId: request.requestId, steps: RECOVER_STEPS, method: null };
  if (request.state === 'done')
    return {
      recover: {
        ...base,
        phase: 'report',
        step: RECOVER_STEPS,
        detail: 'in the sync set',
        fraction: 1,
        method: 'follow',
        state: 'done',
      },
      report: newest,
    };
  const member = membersOf(state.raft).find(({ id }) => id === node);
  // Whoever lost its consensus log does not know yet that it was asked for.
  if (report !== undefined && member?.voter !== true && !state.config.settings.drNodes.includes(node)) {
    const learns = 'its consensus log is brought back: it comes in as a learner, then it votes';
    return {
      recover: { ...base, phase: 'consensus', step: stepOf('consensus'), detail: learns, fraction: null, state: 'running' },
      report: newest,
    };
  }
  const detail = report === undefined ? `${node} is not heard: is its controller running?` : 'asked for';
  return { recover: { ...base, phase: 'preflight', step: 1, detail, fraction: null, state: 'running' }, report: newest };
}

function progressOf(told: RecoverReport, rate: NodeReport['rate']): RecoverProgress {
  const total = told.totalBytes;
  const copying = told.phase === 'rewind' || told.phase === 'rebuild';
  return {
    requestId: told.requestId,
    phase: told.phase,
    step: stepOf(told.phase),
    steps: RECOVER_STEPS,
    detail: told.detail,
    fraction: told.state === 'done' ? 1 : copying && total !== null && total > 0 ? Math.min(1, told.bytes / total) : null,
    method: told.method,
    state: told.state,
    bytes: copying || told.state === 'done' ? told.bytes : null,
    totalBytes: copying ? total : null,
    bytesPerSecond: rate?.bytesPerSecond ?? null,
    etaMs: rate?.etaMs ?? null,
  };
}

const rounded = (report: RecoverReport): RecoverReport => ({
  ...report,
  phases: report.phases.map((row) => ({ ...row, ms: Math.round(row.ms) })),
});

/** Bytes a second and time left, of the copy or of the catching up. */
export function rateOf(state: ControllerState): NonNullable<NodeReport['rate']> | null {
  const { recover } = state;
  if (recover === null || recover.state === 'done' || state.copySamples.length === 0) return null;
  const rate = bytesPerSecond(state.copySamples);
  if (recover.phase === 'start') {
    const theirs = state.record.owner === null ? null : freshReport(state, state.record.owner);
    const lag = theirs?.postgres.kind === 'primary' && 'walEnd' in state.facts ? theirs.postgres.walEnd - state.facts.walEnd : 0;
    return { bytesPerSecond: rate, etaMs: etaMs(Math.max(0, lag), rate) };
  }
  if (recover.phase !== 'rewind' && recover.phase !== 'rebuild') return null;
  const left = recover.totalBytes === null ? null : Math.max(0, recover.totalBytes - recover.bytes);
  return { bytesPerSecond: rate, etaMs: left === null ? null : etaMs(left, rate) };
}
