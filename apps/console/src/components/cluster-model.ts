import type { Status } from '@yosugara/protocol';

export type NodeStatus = Status['nodes'][number];
export type LinkView = 'direct' | 'relayed' | 'down' | 'unknown';
export type Tone = 'master' | 'good' | 'busy' | 'bad' | 'unknown';

const TONE_OF: Readonly<Record<string, Tone>> = {
  MASTER_SYNC: 'master',
  MASTER_SOLO: 'master',
  MASTER_JOINING: 'master',
  MASTER_GATED: 'master',
  STANDBY_SYNC: 'good',
  STANDBY_CATCHUP: 'busy',
  INIT: 'busy',
  TAKEOVER: 'busy',
  PROMOTING: 'busy',
  REBUILDING: 'busy',
  DEMOTING: 'busy',
  MAINTENANCE: 'busy',
  DR_ASYNC: 'busy',
  HALT: 'bad',
  STOPPED: 'bad',
  FENCED: 'bad',
};

/** The colour a node is drawn in. What was not heard is never drawn as good, whatever its last role was. */
export function toneOf(node: Pick<NodeStatus, 'role' | 'reachable'>): Tone {
  if (!node.reachable && (TONE_OF[node.role] === 'good' || TONE_OF[node.role] === 'master')) return 'unknown';
  return TONE_OF[node.role] ?? 'unknown';
}

const WORST: readonly LinkView[] = ['down', 'relayed', 'unknown', 'direct'];

/** Both directions drawn as one line: the worse of them counts. */
export function linkBetween(status: Status, one: string, two: string): { readonly state: LinkView; readonly via: string | null } {
  const both = status.links.filter((link) => (link.from === one && link.to === two) || (link.from === two && link.to === one));
  const state = WORST.find((candidate) => both.some((link) => link.state === candidate)) ?? 'unknown';
  return { state, via: both.find((link) => link.state === state && link.via !== null)?.via ?? null };
}

/** The node that could become Master by plan; null while nobody may. */
export function switchoverTarget(status: Status): string | null {
  if (status.phase !== 'serving' || status.master === null) return null;
  return status.nodes.find((node) => node.name !== status.master && node.syncSet && node.reachable)?.name ?? null;
}

/** Nodes that are out or on their way back; a finished recovery is only news while its node still needs it. */
export function nodesOut(status: Status): readonly NodeStatus[] {
  return status.nodes.filter((node) => node.needsRecover || node.recover?.state === 'running');
}

export interface Reign {
  readonly owner: string;
  readonly epoch: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Who was Master from when to when, oldest first; `history` is newest first. */
export function reigns(history: Status['history'], nowMs: number): readonly Reign[] {
  const dated = history.map((entry) => ({ owner: entry.owner, epoch: entry.epoch, fromMs: Date.parse(entry.at) }));
  const sorted = dated.filter((entry) => !Number.isNaN(entry.fromMs)).sort((one, two) => one.epoch - two.epoch);
  return sorted.map((entry, index) => {
    const until = sorted[index + 1]?.fromMs ?? Math.max(nowMs, entry.fromMs);
    return { ...entry, toMs: Math.max(until, entry.fromMs) };
  });
}

/** Fraction of the whole recovery, 0..1: whole steps done plus the part of the running one. */
export function recoverFraction(progress: NonNullable<NodeStatus['recover']>): number {
  if (progress.state === 'done') return 1;
  if (progress.steps <= 0) return 0;
  const done = Math.max(0, progress.step - 1) + (progress.fraction ?? 0);
  return Math.min(1, Math.max(0, done / progress.steps));
}

/** `P4: evidence` as the cluster writes it: which proof, and the sentence that was written down with it. */
export function proofParts(proof: string): { readonly code: string | null; readonly evidence: string } {
  const found = /^(P\d)(?:: (.*))?$/s.exec(proof);
  return found === null ? { code: null, evidence: proof } : { code: found[1] ?? null, evidence: found[2] ?? '' };
}

/** Red before yellow, otherwise as told. */
export const byUrgency = (alarms: Status['alarms']): Status['alarms'] =>
  [...alarms].sort((one, two) => Number(two.level === 'red') - Number(one.level === 'red'));

/** Where the drawing puts a node: the pair side by side, every further one (a copy in another site) below the arbiter. */
export function placeOf(nodes: readonly NodeStatus[], name: string): 'left' | 'right' | 'below' {
  const pair = nodes.filter((node) => node.kind !== 'dr');
  const index = pair.findIndex((node) => node.name === name);
  return index === 0 ? 'left' : index === 1 ? 'right' : 'below';
}

/** The power devices of a node as each other node last read them. */
export const powerOf = (status: Status, node: string): NonNullable<Status['fence']> =>
  (status.fence ?? []).filter(({ target }) => target === node);

/** Who is Master now, where that is somebody else than before; null: nothing has changed, or nobody serves yet. */
export const otherMaster = (before: string | null, now: string | null): string | null =>
  before === null || now === before ? null : now;
