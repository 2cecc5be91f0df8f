import type { Member } from '@yosugara/consensus';
import { PROFILES, type ProofKind, type Settings } from '@yosugara/failover';
import { type NodeId, nodeId } from '@yosugara/kernel';
import type { Extra } from './extras.js';
import type { Rng } from './rng.js';

/** What this version of the product can do. A schedule draws only what is there; the rest waits here to be switched on. */
export const LANDED = {
  /** P2: actions fence.off and fence.on. */
  fencing: true,
  /** Two voters, no arbiter (failover.md 3, ruling 7). */
  twoNodes: true,
  /** P3: a hardware watchdog declared by the owner. */
  watchdog: true,
  dr: false,
  /** Pause, maintenance, leaving, rate limit. */
  governance: true,
  unfit: true,
  /** A disk that was wiped or rolled back is noticed (an incarnation of the consensus disk). */
  incarnations: true,
  /** The monotonic clock stood still while the wall clock went on. */
  clockJump: true,
};

export type Profile = keyof typeof PROFILES;

/** A part of what is drawn from: the same generator, fewer of its choices (swarm testing with the swarm named). Absent: all. */
export interface Focus {
  readonly shapes?: readonly Shape['name'][];
  readonly policy?: Settings['policy'];
  /** Names of fault classes. */
  readonly faults?: readonly string[];
}

/** What kind of cluster a seed builds. */
export interface Shape {
  readonly name: 'three' | 'three-p2' | 'three-p3' | 'three-p2-p3' | 'two' | 'three-dr';
  readonly members: readonly Member[];
  readonly nodes: readonly NodeId[];
  /** May be in the sync set. */
  readonly dataNodes: readonly NodeId[];
  readonly drNodes: readonly NodeId[];
  readonly watchdog: boolean;
  readonly profile: Profile;
  readonly settings: Settings;
  readonly extras: readonly Extra[];
}

const A = nodeId('a');
const B = nodeId('b');
const W = nodeId('w');
const D = nodeId('d');

const data = (id: NodeId, voter = true): Member => ({ id, kind: 'data', voter });
const witness: Member = { id: W, kind: 'witness', voter: true };

interface Kind {
  readonly name: Shape['name'];
  readonly weight: number;
  readonly members: readonly Member[];
  readonly proofs: readonly ProofKind[];
  readonly needs: readonly (keyof typeof LANDED)[];
}

const THREE = [data(A), data(B), witness];
const KINDS: readonly Kind[] = [
  { name: 'three', weight: 6, members: THREE, proofs: ['P1', 'P4'], needs: [] },
  { name: 'three-p2', weight: 3, members: THREE, proofs: ['P1', 'P2'], needs: ['fencing'] },
  { name: 'three-p3', weight: 2, members: THREE, proofs: ['P1', 'P3'], needs: ['watchdog'] },
  { name: 'three-p2-p3', weight: 2, members: THREE, proofs: ['P1', 'P2', 'P3'], needs: ['fencing', 'watchdog'] },
  { name: 'two', weight: 3, members: [data(A), data(B)], proofs: ['P1', 'P2'], needs: ['fencing', 'twoNodes'] },
  { name: 'three-dr', weight: 1, members: [...THREE, data(D, false)], proofs: ['P1', 'P4'], needs: ['dr'] },
];

const OFF_MS = 2_500;

/** Without an arbiter. */
export const isTwo = ({ members }: Pick<Shape, 'members'>): boolean => members.filter(({ voter }) => voter).length === 2;

export function drawShape(rng: Rng, focus: Focus = {}): Shape {
  const landed = KINDS.filter((kind) => kind.needs.every((need) => LANDED[need]));
  const able = landed.filter(({ name }) => focus.shapes?.includes(name) ?? true);
  const kind = rng.pick(able.flatMap((one) => Array.from({ length: one.weight }, () => one)));
  const profile = rng.pick(['fast', 'fast', 'fast', 'lan', 'lan', 'lan', 'lan', 'lan', 'lan', 'tolerant'] as const);
  const nodes = kind.members.map(({ id }) => id);
  const drNodes = kind.members.filter((member) => member.kind === 'data' && !member.voter).map(({ id }) => id);
  const dataNodes = [A, B];
  const fences = kind.proofs.includes('P2');
  return {
    name: kind.name,
    members: kind.members,
    nodes,
    dataNodes,
    drNodes,
    watchdog: kind.proofs.includes('P3'),
    profile,
    extras: [],
    settings: {
      policy: focus.policy ?? (rng.chance(0.15) ? 'strict' : 'available'),
      stopProofs: kind.proofs,
      autoRejoin: rng.pick(['always', 'always', 'always', 'clean', 'never']),
      timings: PROFILES[profile],
      hasVip: true,
      drNodes,
      fenceable: fences ? dataNodes : [],
      fenceDelayMs: 2 * (PROFILES[profile].candidateDelayMaxMs + OFF_MS),
      powerOnAfterFence: fences && !isTwo(kind) && rng.chance(0.5),
      rateLimit: { max: 10_000, withinMs: 3_600_000 },
      hooks: { beforePromotion: false, afterPromotion: false },
    },
  };
}
