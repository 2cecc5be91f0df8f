import type { NodeId } from '@yosugara/kernel';
import { counts, watchdogOf } from './fencing.js';
import { maintenanceOf, notFit, outOnPurpose } from './fitness.js';
import { heldBack } from './governance.js';
import type { FenceHealth, Observation } from './observation.js';
import { watchdogWaitMs, worstFailoverMs } from './profiles.js';
import { shootDelayMs } from './twoNodes.js';
import { heardLately, partnerOf } from './view.js';

export interface Prediction {
  readonly failsOver: boolean;
  readonly to: NodeId | null;
  readonly seconds: number | null;
  /** Acknowledged commits that would be lost; null = unknown. */
  readonly dataLoss: number | null;
  readonly reason: string;
}

const CHECK_EVERY_MS = 60_000;
/** A device that was not asked for that many checks counts as never asked. */
const CHECKS = 3;
const BY_HAND = 'confirm by hand with `yosugara promote --accept-data-loss --old-master-is-off`';

/** "If the Master died now": from any member's view; the reason is a whole sentence. */
export function predict(o: Observation): Prediction {
  const no = (reason: string): Prediction => ({ failsOver: false, to: null, seconds: null, dataLoss: null, reason });
  const { record } = o;
  const { owner } = record;
  if (owner === null || record.phase !== 'serving') return no('no Master is serving now');
  const heir = record.syncSet.find((node) => node !== owner);
  const worked = o.dataNodes.find((node) => node !== owner && maintenanceOf(record, node) !== null);
  if (heir === undefined && worked !== undefined) return no(outOnPurpose(o, worked) ?? `${worked} is in maintenance`);
  if (heir === undefined)
    return no(`only ${owner} holds every acknowledged commit; run \`yosugara recover\` to bring the other node back`);
  const obstacle = heirProblem(o, heir) ?? heldBack(o) ?? (o.twoNodes ? lacksRight(o, owner, heir) : noThird(o, owner, heir));
  if (obstacle !== null) return no(obstacle);
  const proof = proofOfDeadHost(o, owner, heir);
  if ('missing' in proof) return no(proof.missing);
  const ungated = ungatedOf(o, owner);
  const held =
    ungated.length === 0
      ? 'every acknowledged commit'
      : `every acknowledged commit but the last ones of ${ungated.join(', ')}, which wait for nobody (synchronous_commit),`;
  const seconds = Math.ceil((worstFailoverMs(o.settings.timings) + proof.extraMs) / 100) / 10;
  return {
    failsOver: true,
    to: heir,
    seconds,
    dataLoss: ungated.length === 0 ? 0 : null,
    reason: `${heir} holds ${held} and would serve within ${seconds} s${proof.how}${toReplay(o, heir)}`,
  };
}

/** Less than this is replayed while the old owner’s lease ends. */
const MUCH_WAL = 64 * 1024 * 1024;

/** PostgreSQL opens a promoted Standby once it has replayed all that it received: seconds for what was a long query, more for a paused replay. */
function toReplay(o: Observation, heir: NodeId): string {
  const facts = heir === o.self ? o.postgres : o.peers.get(heir)?.postgres;
  const bytes = facts?.kind === 'standby' ? facts.walEnd - facts.replayLsn : 0;
  return bytes < MUCH_WAL ? '' : `, and once it has replayed ${Math.round(bytes / 1024 / 1024)} MiB of WAL that it has received`;
}

/** What the owner's PostgreSQL lets nobody wait for, whatever the sync set is. */
function ungatedOf(o: Observation, owner: NodeId): readonly string[] {
  const facts = owner === o.self ? o.postgres : o.peers.get(owner)?.postgres;
  return facts?.kind === 'primary' ? (facts.ungated ?? []) : [];
}

function heirProblem(o: Observation, heir: NodeId): string | null {
  if (heir !== o.self && !heardLately(o, heir)) return `${heir} is in the sync set but is not heard`;
  const facts = heir === o.self ? o.postgres : o.peers.get(heir)?.postgres;
  if (facts?.kind !== 'standby') return `PostgreSQL on ${heir} is ${facts?.kind ?? 'unknown'}`;
  return notFit(o, heir);
}

function noThird(o: Observation, owner: NodeId, heir: NodeId): string | null {
  const third = o.voters.filter((node) => node !== owner && node !== heir);
  return third.some((node) => node === o.self || heardLately(o, node))
    ? null
    : `no third voter is heard: ${heir} alone has no majority`;
}

/** Two nodes: a take-over begins with a fence, and not everybody may order one. */
function lacksRight(o: Observation, owner: NodeId, heir: NodeId): string | null {
  if (!o.voters.includes(heir)) return `${heir} has only just come back and does not vote yet`;
  const right = heir === o.self ? o.fenceRight : o.peers.get(heir)?.fenceRight;
  if (right === false) return `${heir} has not seen ${owner} in this epoch yet, so it would wait for it`;
  return maintenanceOf(o.record, owner) === null ? null : `${owner} is in maintenance: its power is left alone`;
}

type Cover = { readonly extraMs: number; readonly how: string } | { readonly missing: string };

/** What would prove that a host without power has stopped, and how much later than the election; the soonest counts. */
function proofOfDeadHost(o: Observation, owner: NodeId, heir: NodeId): Cover {
  const { timings, stopProofs } = o.settings;
  const missing: string[] = [];
  const covers: { readonly extraMs: number; readonly how: string }[] = [];
  if (counts(o, 'P4')) covers.push({ extraMs: 0, how: '' });
  if (counts(o, 'P3')) {
    const timeoutMs = watchdogOf(o.record.armed);
    if (timeoutMs === null) missing.push(`${owner} has no verified hardware watchdog (P3)`);
    else
      covers.push({
        extraMs: watchdogWaitMs(timings, timeoutMs) - timings.guardMs,
        how: `, when the watchdog of ${owner} has surely reset it`,
      });
  }
  if (counts(o, 'P2')) {
    const device = fenceHealthOf(o, owner, heir);
    if (typeof device === 'string') missing.push(`${device} (P2)`);
    else
      covers.push({
        extraMs: device.offMs + (partnerOf(o) === null ? 0 : shootDelayMs(o, owner === o.self ? heir : owner)),
        how: `, ${owner} being switched off first`,
      });
  }
  const soonest = covers.sort((one, two) => one.extraMs - two.extraMs)[0];
  if (soonest !== undefined) return soonest;
  const listed = missing.length > 0 ? missing.join('; ') : `${stopProofs.join(', ')} never covers a dead host`;
  const remedy = o.twoNodes ? 'make that good' : 'make that good, or set stopProofs: [P1, P4]';
  return { missing: `nothing would prove that ${owner} has stopped: ${listed}; ${remedy}, or ${BY_HAND}` };
}

/** What whoever would take over knows of the owner's power devices; a string: why they cannot be counted on. */
export function fenceHealthOf(o: Observation, target: NodeId, by: NodeId): FenceHealth | string {
  if (!o.settings.fenceable.includes(target)) return `${target} has no power device`;
  const health = by === o.self ? o.fenceHealth.get(target) : o.peers.get(by)?.fenceHealth?.find((one) => one.target === target);
  if (health === undefined) return `the power device of ${target} was not checked yet by ${by}`;
  if (!health.healthy) return `the power device of ${target} does not answer ${by}: ${health.says}`;
  const ageMs = o.nowMs - health.atMs;
  if (ageMs <= CHECKS * (o.settings.fenceCheckMs ?? CHECK_EVERY_MS)) return health;
  return `the power device of ${target} was last checked by ${by} ${Math.round(ageMs / 1_000)} s ago`;
}
