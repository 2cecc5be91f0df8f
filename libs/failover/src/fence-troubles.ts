import type { NodeId } from '@yosugara/kernel';
import type { AlarmCode } from '@yosugara/protocol';
import { counts } from './fencing.js';
import type { Observation } from './observation.js';
import { fenceHealthOf } from './predict.js';
import type { Trouble } from './troubles.js';
import { isUnanswered } from './twoNodes.js';
import { othersOf, partnerOf } from './view.js';

/** The first check of a device may take as long as a slow board takes to answer. */
const FIRST_CHECK_MS = 30_000;

/** Of this node: could it cut the power of whoever it may have to replace? A broken fence means no take-over (failover.md section 3). */
export function fenceTroublesHere(o: Observation): readonly Trouble[] {
  if (o.kind !== 'data') return [];
  const found: Trouble[] = [];
  const red = (code: AlarmCode, text: string): void => void found.push({ level: 'red', code, text });
  if (counts(o, 'P2'))
    for (const target of othersOf(o)) {
      const health = brokenFor(o, target);
      if (health !== null) red('FENCE_BROKEN', health);
    }
  const { fence } = o.record;
  if (
    o.record.owner === o.self &&
    o.record.phase === 'stopping-old' &&
    fence?.state === 'failed' &&
    fence.forEpoch === o.record.epoch
  )
    red('FENCE_FAILED', `${fence.target} could not be switched off, so nobody serves: ${fence.evidence}`);
  const partner = partnerOf(o);
  if (partner !== null && o.record.owner === o.self && isUnanswered(o, partner))
    red('WRITES_BLOCKED', `${partner} does not answer: writes wait until it does, or until its power is cut`);
  return found;
}

function brokenFor(o: Observation, target: NodeId): string | null {
  if (!o.settings.fenceable.includes(target)) return null;
  if (!o.fenceHealth.has(target) && o.nowMs - o.awakeSinceMs < FIRST_CHECK_MS) return null;
  const health = fenceHealthOf(o, target, o.self);
  return typeof health === 'string' ? health : null;
}

/** Of the cluster: P2 was asked for, and some node has nothing that could switch it off. */
export function fenceTroublesOfCluster(o: Observation): readonly Trouble[] {
  if (!counts(o, 'P2')) return [];
  return o.dataNodes
    .filter((node) => !o.settings.fenceable.includes(node))
    .map((node) => ({
      level: 'red',
      code: 'NO_FENCE_DEVICE',
      text: `P2 is among the stop proofs, and ${node} has no power device: its end could not be proven by switching it off`,
    }));
}
