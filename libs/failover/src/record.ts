import { type Epoch, epoch, type Lsn, NO_EPOCH, type NodeId } from '@yosugara/kernel';

/** `none` until the first owner; then failover.md 2.1. */
export type Phase = 'none' | 'stopping-old' | 'promoting' | 'serving';
export type ProofKind = 'P1' | 'P2' | 'P3' | 'P4' | 'P5';

/** Why we hold that the old owner cannot act any more (failover.md 2.4). */
export interface StopProof {
  readonly kind: ProofKind;
  readonly of: NodeId | null;
  readonly epoch: Epoch;
  /** One sentence for people and the audit. */
  readonly evidence: string;
}

/** One promotion. Divergence is judged by these, never inferred from timelines alone (pg_auto_failover's blind spot). */
export interface LineageEntry {
  readonly timeline: number;
  readonly forkLsn: Lsn;
  readonly owner: NodeId;
  readonly epoch: Epoch;
}

/** A node switched off by its power device, or about to be (P2, S11). At most one is under way. */
export interface Fence {
  readonly requestId: string;
  readonly target: NodeId;
  /** The epoch in which it was asked for: a fence of an older one proves nothing about this one (F5, F10). */
  readonly forEpoch: Epoch;
  readonly by: NodeId;
  readonly state: 'requested' | 'confirmed' | 'failed';
  /** Such as `fence_ipmilan`; null until a device has answered. */
  readonly method: string | null;
  /** What the devices said, read back; one sentence. */
  readonly evidence: string;
  readonly atWallMs: number;
  /** An operator asked for it, and why; absent: the take-over of this epoch did. */
  readonly ordered?: FenceOrder;
}

export interface FenceOrder {
  /** As far as the program that asked knows. */
  readonly by: string;
  readonly why: string;
}

/** Switched off and not yet brought back: it returns by `recover` (ruling 7, role FENCED). */
export interface Fenced {
  readonly node: NodeId;
  readonly epoch: Epoch;
  readonly evidence: string;
}

/** What the owner's self-fencing really achieves, read back and never assumed; P3 counts on `hardware` only (ruling 3). */
export interface Arming {
  readonly kind: 'none' | 'soft' | 'hardware';
  /** The watchdog's time-out as read back from the device, ms; null without one. */
  readonly timeoutMs: number | null;
}

/** T10. Nothing here weakens safety: a pause only stops the cluster from acting by itself. */
export interface Pause {
  readonly requestId: string;
  readonly untilWallMs: number;
  readonly why: string;
}

/** A node that an operator works on: it is not promoted, not restarted, not fenced, and not missed. */
export interface Maintenance {
  readonly node: NodeId;
  readonly requestId: string;
  readonly untilWallMs: number;
  readonly why: string;
}

export interface TakeOver {
  readonly epoch: Epoch;
  readonly owner: NodeId;
  readonly from: NodeId | null;
  readonly atWallMs: number;
  readonly cause: string;
  readonly proof: StopProof | null;
  readonly timeline: number | null;
  /** The cluster decided it by itself: what the limit of automatic take-overs counts. false: an operator asked, or nothing moved. */
  readonly automatic: boolean;
}

/** An owner's incarnation: the same node after a restart of its controller is another one. */
export interface Ownership {
  readonly node: NodeId;
  readonly epoch: Epoch;
  readonly boot: string;
  /** What its claim declared of its self-fencing; P3 rests on it. Absent or null: nothing. */
  readonly armed?: Arming | null;
}

/** T9: an operator had a member of another site promoted, and what was known then. The cluster is away until its Master is home again. */
export interface Away {
  readonly node: NodeId;
  readonly requestId: string;
  /** Who said so, as far as the command line knows. */
  readonly by: string;
  /** How they knew that the other site is off: their own words. */
  readonly evidence: string;
  readonly atWallMs: number;
  /** The consensus log that began with it. */
  readonly branch: string;
  /** The generation that ended with it. */
  readonly generation: number;
  /** Where the WAL ended that had arrived here. */
  readonly received: Lsn | null;
  /** Known to lack, in bytes of WAL: as far as the old Master was last heard to be ahead. null: it was not heard in this life. */
  readonly lostBytes: number | null;
  /** How long before it was last heard: what it wrote since then is not counted. */
  readonly heardAgoMs: number | null;
}

export interface RecoverRequest {
  readonly node: NodeId;
  readonly requestId: string;
  readonly state: 'open' | 'done';
  /** System identifier of another database found there, which the operator gives up. Absent: nothing is given up. */
  readonly givesUp?: string;
}

export interface SwitchoverRequest {
  readonly requestId: string;
  readonly to: NodeId;
  /** Valid in this epoch only: a change of owner, whatever its cause, ends it. */
  readonly epoch: Epoch;
}

/** The small replicated state that says who owns what. Plain JSON; lives in the consensus log, never in PostgreSQL. */
export interface ClusterRecord {
  readonly version: number;
  readonly epoch: Epoch;
  readonly owner: NodeId | null;
  readonly ownerBoot: string | null;
  readonly phase: Phase;
  /** Whom `proof` is about: the owner before this epoch. */
  readonly previous: Ownership | null;
  readonly proof: StopProof | null;
  /** An operator's audited word that this owner's host is off (P5). */
  readonly confirmed: { readonly of: NodeId; readonly epoch: Epoch; readonly evidence: string } | null;
  readonly cause: string;
  /** Of the claim of `epoch`, as in `TakeOver`. */
  readonly automatic: boolean;
  /** The owner of `epoch` stopped for good and says so: it never serves this epoch again. `automatic` absent: yes. */
  readonly released: {
    readonly epoch: Epoch;
    readonly by: NodeId;
    readonly walEnd: Lsn | null;
    readonly automatic?: boolean;
  } | null;
  /** Nodes proven to hold every acknowledged commit; only they may take over. */
  readonly syncSet: readonly NodeId[];
  /** Nodes that were ever in syncSet: they hold data that may have diverged. */
  readonly everSync: readonly NodeId[];
  readonly ingestAlone: boolean;
  /**
   * Who was let promote and has not yet said where its timeline forked off. It may have promoted: if another one did so now,
   * both would call their timeline by the same number, and nobody could tell them apart (Patroni #2779). Only it may claim.
   */
  readonly opening: NodeId | null;
  readonly lineage: readonly LineageEntry[];
  /** The highest timeline number that a promotion whose end nobody knows may have taken: a forced claim passed over it. */
  readonly timelineTaken: number;
  readonly systemId: string | null;
  /** Bumped by a forced promotion: whoever served an older generation returns only by `recover`. */
  readonly generation: number;
  /** The generation in which each node was last in the sync set: an older one than the record's returns only by `recover`. */
  readonly generations: Readonly<Record<string, number>>;
  readonly fence: Fence | null;
  readonly fenced: readonly Fenced[];
  /** Of the owner of `epoch`, as its claim declared it; null: not declared. */
  readonly armed: Arming | null;
  readonly pause: Pause | null;
  readonly maintenance: readonly Maintenance[];
  readonly recover: readonly RecoverRequest[];
  readonly switchover: SwitchoverRequest | null;
  /** null or absent: the cluster is at home. */
  readonly away?: Away | null;
  readonly history: readonly TakeOver[];
  /** What may be said and stored (level.ts); absent: the first. */
  readonly level?: number;
}

export const EMPTY_RECORD: ClusterRecord = {
  version: 0,
  epoch: NO_EPOCH,
  owner: null,
  ownerBoot: null,
  phase: 'none',
  previous: null,
  proof: null,
  confirmed: null,
  cause: '',
  automatic: false,
  released: null,
  syncSet: [],
  everSync: [],
  ingestAlone: false,
  opening: null,
  lineage: [],
  timelineTaken: 0,
  systemId: null,
  generation: 1,
  generations: {},
  fence: null,
  fenced: [],
  armed: null,
  pause: null,
  maintenance: [],
  recover: [],
  switchover: null,
  history: [],
};

export const MAX_LINEAGE = 64;

/** No timeline above it was ever begun, as far as can be known: the next promotion takes a higher number. */
export const newestTimeline = (record: Pick<ClusterRecord, 'timelineTaken' | 'lineage'>): number =>
  Math.max(0, record.timelineTaken, ...record.lineage.map(({ timeline }) => timeline));

/**
 * Whoever may have promoted and does not say how far may have done so again and again: each time PostgreSQL ended before it opened, it
 * was promoted onto one more timeline (seed 2398 of the simulator). Its numbers are 32 bits wide: this wastes none that anybody needs.
 */
const TIMELINE_GAP = 1_000;
const passing = (record: Parameters<typeof newestTimeline>[0], many: number): number =>
  Math.max(1, newestTimeline(record)) + many;
export const passedTimelines = (record: ClusterRecord): number => passing(record, TIMELINE_GAP);

/**
 * Whoever is given up may have gone on alone and claimed again and again, unheard: receivers and agents refuse an older epoch than they
 * know, and would take effects that carry the same one for one another (seed 8598 of the simulator).
 */
const EPOCH_GAP = 100;
export const forcedEpoch = (record: ClusterRecord): Epoch => epoch(record.epoch + EPOCH_GAP);

/**
 * Of two nodes, and of another site, either may go on alone from the same record, one after the other or unknown to each other. So whoever
 * claims alone takes an epoch of its own, by the second in which it does, counted from 2026: the later claim has the higher one whatever has
 * become of the other one. Only where a clock shows no more than the record is it so many above that. No two have the same, not even when
 * both start again at once (seeds 701353 and 712037 of the simulator).
 */
const BEGAN_WALL_MS = Date.UTC(2026, 0, 1);
/** The first of the two, the other one, another site. */
const EPOCH_CLASSES = 3;
const AFAR = 2;
function ownEpoch(place: number, many: number, known: Epoch, atWallMs: number): Epoch {
  const now = Math.floor((atWallMs - BEGAN_WALL_MS) / 1_000) * EPOCH_CLASSES + place;
  if (now > known) return epoch(now);
  const atLeast = known + many;
  return epoch(atLeast + ((((place - atLeast) % EPOCH_CLASSES) + EPOCH_CLASSES) % EPOCH_CLASSES));
}
/** Both logs of two nodes agree on it: they are one up to where both were in the sync set. */
function placeOf(record: ClusterRecord, node: NodeId): number {
  if (record.away?.node === node) return AFAR;
  return record.everSync.indexOf(node) === 0 ? 0 : 1;
}

/** Of one whose power the other one cannot have cut, or that has cut the other's. */
export const aloneEpoch = (record: ClusterRecord, by: NodeId, atWallMs: number): Epoch =>
  ownEpoch(placeOf(record, by), 1, record.epoch, atWallMs);
/** On an operator's word only, which may be the second one, or wrong (seeds 64675 and 56464 of the simulator). */
export const wordEpoch = (record: ClusterRecord, by: NodeId, atWallMs: number): Epoch =>
  ownEpoch(placeOf(record, by), 10 * EPOCH_GAP, record.epoch, atWallMs);
/** Of another site, and of what is restored from a backup: others may have gone on long since. */
export const awayEpoch = (record: Pick<ClusterRecord, 'epoch'>, atWallMs: number): Epoch =>
  ownEpoch(AFAR, EPOCH_GAP, record.epoch, atWallMs);

/**
 * Timelines cannot be seconds: PostgreSQL passes over a number only where a file says that it is taken (`takeTimelines`). So each node
 * that goes on by a word passes over another many, and so do another site and a restored cluster.
 */
export const wordTimelines = (record: ClusterRecord, by: NodeId): number =>
  passing(record, placeOf(record, by) === 0 ? TIMELINE_GAP : 1_500);
export const awayTimelines = (record: Parameters<typeof newestTimeline>[0]): number => passing(record, 2_300);

/** Nobody ever owned anything: the first owner is still to be made. */
export const isUnborn = (record: ClusterRecord): boolean => record.systemId === null && record.everSync.length === 0;

/**
 * It held every acknowledged commit in an older generation, and a forced promotion has begun a new one since: what it holds may be
 * what the operator gave up. It returns by `recover` only, whatever its WAL looks like.
 */
export const isOutdated = (record: ClusterRecord, node: NodeId): boolean =>
  record.everSync.includes(node) && (record.generations[node] ?? 1) < record.generation;

/** The owner of the current epoch said that it stopped for good. */
export const isReleased = (record: ClusterRecord): boolean => record.released !== null && record.released.epoch === record.epoch;

/** A change of Master is under way that waits for what the nodes see of their databases, and for nothing slower such as a power device. */
export const isMoving = (record: ClusterRecord): boolean =>
  (record.switchover !== null && record.switchover.epoch === record.epoch) || record.phase === 'promoting';

/** The node is where it belongs: its recover is done, and that it was switched off is over. */
export const settled = (record: ClusterRecord, node: NodeId): Pick<ClusterRecord, 'recover' | 'fenced'> => ({
  recover: record.recover.map((open) => (open.node === node ? { ...open, state: 'done' } : open)),
  fenced: record.fenced.filter((fenced) => fenced.node !== node),
});

/**
 * May a server whose WAL ends at `walEnd` on `timeline` follow the record's lineage, or has it diverged?
 * It diverged when its WAL goes past the point where the next timeline forked off.
 */
export function hasDiverged(record: ClusterRecord, timeline: number, walEnd: Lsn): boolean {
  const later = record.lineage.filter((entry) => entry.timeline > timeline).sort((one, two) => one.timeline - two.timeline);
  const fork = later[0];
  if (fork === undefined) return false;
  // The history tells every timeline that leads here: one that it lacks was opened beside it and leads nowhere.
  const isOurs =
    timeline <= 1 || record.lineage.length >= MAX_LINEAGE || record.lineage.some((entry) => entry.timeline === timeline);
  return !isOurs || walEnd > fork.forkLsn;
}
