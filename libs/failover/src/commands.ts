import type { Epoch, Lsn, NodeId } from '@yosugara/kernel';
import { epoch as asEpoch, assertNever } from '@yosugara/kernel';
import { type Applied, accept, refuse } from './applied.js';
import { awayCause, comeHome, isAwaited } from './away.js';
import { APART_LEVEL } from './command-levels.js';
import { levelOf, type Raising, raiseLevel } from './level.js';
import { applyManaging, type ConfirmedFence, inNextEpoch, isManaging, type Managing, withFenced } from './managing.js';
import type { Arming, ClusterRecord, LineageEntry, StopProof, TakeOver } from './record.js';
import {
  aloneEpoch,
  forcedEpoch,
  isOutdated,
  isReleased,
  isUnborn,
  MAX_LINEAGE,
  passedTimelines,
  settled,
  wordEpoch,
  wordTimelines,
} from './record.js';

const MAX_HISTORY = 32;

/** What the consensus log carries. `id` is unique a proposal; wall times are for people only. */
export type Command = { readonly id: string } & (
  | {
      readonly kind: 'claim';
      readonly by: NodeId;
      readonly boot: string;
      readonly epoch: Epoch;
      readonly cause: string;
      readonly atWallMs: number;
      /** An operator asked for it; `evidence`: and gave the word that the old owner is off (P5), or null. */
      readonly ordered?: { readonly evidence: string | null };
      /** What the claimant's dead man achieves: P3 of its own later end depends on it. */
      readonly armed?: Arming;
      /** Two nodes: the confirmed fence that stood for the missing vote. It could not be asked for in the log beforehand. */
      readonly fenced?: ConfirmedFence;
      /** Two nodes: the other one has no vote in it, or nothing but an operator's word says that it is off. Its epoch is its second's. */
      readonly apart?: 'alone' | 'word';
    }
  /** An operator's `promote --accept-data-loss`: claims from outside the sync set and starts a new generation. */
  | {
      readonly kind: 'forceClaim';
      readonly by: NodeId;
      readonly boot: string;
      readonly epoch: Epoch;
      readonly evidence: string;
      /** Two nodes: the one that is given up may have been promoted alone, and this log does not tell. */
      readonly blind?: true;
      readonly atWallMs: number;
      readonly armed?: Arming;
    }
  /** An operator's word during a take-over that waits for a proof. */
  | { readonly kind: 'confirmStopped'; readonly epoch: Epoch; readonly evidence: string }
  | { readonly kind: 'proveStopped'; readonly epoch: Epoch; readonly proof: StopProof; readonly policy: 'available' | 'strict' }
  | {
      readonly kind: 'opened';
      readonly epoch: Epoch;
      readonly timeline: number;
      readonly forks: readonly { readonly timeline: number; readonly forkLsn: Lsn }[];
      readonly systemId: string;
      readonly atWallMs: number;
    }
  | { readonly kind: 'join'; readonly epoch: Epoch; readonly node: NodeId }
  | { readonly kind: 'leave'; readonly epoch: Epoch; readonly node: NodeId; readonly why: string }
  | {
      readonly kind: 'release';
      readonly epoch: Epoch;
      readonly by: NodeId;
      readonly walEnd: Lsn | null;
      readonly cause: string;
      /** false: an operator asked for the change of Master that follows. */
      readonly automatic?: boolean;
    }
  | { readonly kind: 'ingestAlone'; readonly epoch: Epoch; readonly value: boolean }
  | { readonly kind: 'recover'; readonly node: NodeId; readonly requestId: string; readonly givesUp?: string }
  | { readonly kind: 'switchover'; readonly to: NodeId; readonly requestId: string; readonly epoch: Epoch }
  | { readonly kind: 'endSwitchover'; readonly requestId: string; readonly why: string }
  /** T9, the way back: the Master is home, and the member of the other site follows it again as one that nobody counts on. */
  | { readonly kind: 'home'; readonly epoch: Epoch; readonly node: NodeId }
  | Raising
  | Managing
);
/** Without `id`, as the deciders make them. */
export type CommandBody = Command extends infer C ? (C extends { readonly id: string } ? Omit<C, 'id'> : never) : never;

const withNode = (nodes: readonly NodeId[], node: NodeId): readonly NodeId[] => (nodes.includes(node) ? nodes : [...nodes, node]);

/** Deterministic: every member applies the same commands in the same order and gets the same record. */
export function applyCommand(record: ClusterRecord, command: Command): Applied {
  if (isManaging(command)) return applyManaging(record, command);
  switch (command.kind) {
    case 'claim':
      return claim(record, command);
    case 'forceClaim':
      if (!isForcedEpoch(record, command)) return refuse(record, `epoch is ${record.epoch} now`);
      return accept(record, {
        ...claimed(record, command, isAwaited(record, command.by) ? awayCause(record.away!) : 'forced'),
        confirmed: confirmationOf(claimed(record, command, 'forced').previous ?? null, command.evidence),
        opening: null,
        // It may have promoted, and live on a timeline of the number that ours would get: nobody could tell them apart (Patroni #2779).
        timelineTaken: timelineTaken(record, command),
        syncSet: [command.by],
        everSync: withNode(record.everSync, command.by),
        automatic: false,
        generation: record.generation + 1,
        generations: { ...record.generations, [command.by]: record.generation + 1 },
      });
    case 'recover':
      return accept(record, {
        recover: [
          ...record.recover.filter((open) => open.node !== command.node),
          {
            ...{ node: command.node, requestId: command.requestId, state: 'open' },
            ...(command.givesUp === undefined ? {} : { givesUp: command.givesUp }),
          },
        ],
      });
    case 'switchover':
      return requestSwitchover(record, command);
    case 'home':
      return comeHome(record, command);
    case 'level':
      return raiseLevel(record, command);
    case 'endSwitchover':
      if (record.switchover?.requestId !== command.requestId) return refuse(record, 'that switchover is over');
      return accept(record, { switchover: null });
    default:
      return command.epoch === record.epoch ? applyAsOwner(record, command) : refuse(record, `epoch is ${record.epoch} now`);
  }
}

const isForcedEpoch = (record: ClusterRecord, { epoch: at, by, blind, atWallMs }: OfKind<'forceClaim'>): boolean =>
  at === forcedEpoch(record) || ((blind === true || record.away?.node === by) && at === wordEpoch(record, by, atWallMs));

function timelineTaken(record: ClusterRecord, { by, blind }: OfKind<'forceClaim'>): number {
  if (blind === true) return levelOf(record) < APART_LEVEL ? passedTimelines(record) : wordTimelines(record, by);
  return record.opening !== null && record.opening !== by ? passedTimelines(record) : record.timelineTaken;
}

/** The next one; of two nodes and alone, that of its second. */
function isItsEpoch(record: ClusterRecord, { epoch: at, by, apart, atWallMs }: OfKind<'claim'>): boolean {
  if (apart === undefined) return at === nextEpoch(record);
  return at === aloneEpoch(record, by, atWallMs) || (apart === 'word' && at === wordEpoch(record, by, atWallMs));
}

const confirmationOf = (previous: ClusterRecord['previous'], evidence: string): ClusterRecord['confirmed'] =>
  previous === null ? null : { of: previous.node, epoch: previous.epoch, evidence };

type OfKind<K extends Command['kind']> = Extract<Command, { readonly kind: K }>;

function claim(record: ClusterRecord, command: OfKind<'claim'>): Applied {
  if (!isItsEpoch(record, command)) return refuse(record, `epoch is ${record.epoch} now`);
  if (isUnborn(record)) return accept(record, { ...claimed(record, command, command.cause), syncSet: [command.by] });
  if (record.opening !== null && record.opening !== command.by)
    return refuse(record, `${record.opening} may have promoted and has not said where`);
  if (!record.syncSet.includes(command.by)) return refuse(record, `${command.by} is not in the sync set`);
  if (isOutdated(record, command.by))
    return refuse(record, `${command.by} is of an older generation than ${record.generation}: it returns by recover`);
  if (command.fenced?.target === command.by) return refuse(record, 'a node never fences itself');
  const change = {
    ...claimed(record, command, command.cause),
    ...(command.fenced === undefined ? {} : withFenced(record, command.fenced, command)),
    automatic: isAutomatic(record, command),
    ...(command.apart === 'word' ? { timelineTaken: wordTimelines(record, command.by) } : {}),
  };
  const word = command.ordered?.evidence ?? null;
  return accept(record, word === null ? change : { ...change, confirmed: confirmationOf(change.previous ?? null, word) });
}

/** Nothing moved, or an operator moved it: not automatic. What follows a release is what the release was. */
function isAutomatic(record: ClusterRecord, command: OfKind<'claim'>): boolean {
  if (command.ordered !== undefined || record.owner === command.by) return false;
  return isReleased(record) ? (record.released?.automatic ?? true) : record.owner !== null;
}

function claimed(
  record: ClusterRecord,
  by: { readonly by: NodeId; readonly boot: string; readonly epoch: Epoch; readonly armed?: Arming },
  cause: string,
): Partial<ClusterRecord> {
  const previous =
    record.owner === null || record.ownerBoot === null
      ? null
      : { node: record.owner, epoch: record.epoch, boot: record.ownerBoot, armed: record.armed };
  // A claim that never got to serve leaves the older owner unproven: it stays the one to be proven stopped.
  const unproven = record.phase === 'stopping-old' ? record.previous : previous;
  return {
    epoch: by.epoch,
    owner: by.by,
    ownerBoot: by.boot,
    phase: 'stopping-old',
    previous: unproven,
    proof: null,
    confirmed: null,
    cause,
    switchover: null,
    ingestAlone: false,
    armed: by.armed ?? null,
    fence: inNextEpoch(record, by),
  };
}

function requestSwitchover(record: ClusterRecord, command: OfKind<'switchover'>): Applied {
  if (command.epoch !== record.epoch || record.phase !== 'serving') return refuse(record, 'no Master is serving in that epoch');
  if (command.to === record.owner) return refuse(record, `${command.to} is the Master already`);
  if (!record.syncSet.includes(command.to)) return refuse(record, `${command.to} is not in the sync set`);
  return accept(record, { switchover: { requestId: command.requestId, to: command.to, epoch: command.epoch } });
}

/** Commands of the current epoch's owner (or of the leader on its behalf). */
function applyAsOwner(
  record: ClusterRecord,
  command: OfKind<'confirmStopped' | 'proveStopped' | 'opened' | 'join' | 'leave' | 'release' | 'ingestAlone'>,
): Applied {
  const owner = record.owner;
  if (owner === null) return refuse(record, 'nobody owns anything');
  if (isReleased(record)) return refuse(record, 'the owner released this epoch');
  switch (command.kind) {
    case 'confirmStopped':
      if (record.phase !== 'stopping-old') return refuse(record, `phase is ${record.phase}`);
      return accept(record, { confirmed: confirmationOf(record.previous, command.evidence) });
    case 'proveStopped':
      if (record.phase !== 'stopping-old') return refuse(record, `phase is ${record.phase}`);
      // Ruling 5: `available` opens alone at once; `strict` keeps both and blocks until the peer is back.
      return accept(record, {
        phase: 'promoting',
        proof: command.proof,
        opening: owner,
        syncSet: command.policy === 'available' ? [owner] : record.syncSet,
      });
    case 'opened':
      if (record.phase === 'serving') return promotedAgain(record, owner, command);
      if (record.phase !== 'promoting') return refuse(record, `phase is ${record.phase}`);
      return accept(record, opened(record, owner, command));
    case 'join':
      if (record.phase !== 'serving') return refuse(record, `phase is ${record.phase}`);
      return accept(record, {
        syncSet: withNode(record.syncSet, command.node),
        everSync: withNode(record.everSync, command.node),
        generations: { ...record.generations, [command.node]: record.generation },
        ...settled(record, command.node),
      });
    case 'leave':
      if (command.node === owner) return refuse(record, 'the owner cannot leave its own sync set');
      return accept(record, { syncSet: record.syncSet.filter((node) => node !== command.node) });
    case 'release':
      if (command.by !== owner) return refuse(record, `${owner} owns this epoch`);
      return accept(record, {
        released: { epoch: record.epoch, by: owner, walEnd: command.walEnd, automatic: command.automatic ?? true },
        cause: command.cause,
      });
    case 'ingestAlone':
      return accept(record, { ingestAlone: command.value });
    default:
      return assertNever(command);
  }
}

/**
 * A forced claim may promote a server that went past an earlier fork: the timelines that forked off before its end lead nowhere from then
 * on, and a copy on one of them has diverged, however short it is. The history file of the new timeline tells (seed 1445 of the simulator).
 */
const ancestors = (record: ClusterRecord, { timeline, forks }: OfKind<'opened'>): readonly LineageEntry[] =>
  forks.at(-1)?.timeline === timeline
    ? record.lineage.filter((earlier) => forks.some((fork) => fork.timeline === earlier.timeline))
    : record.lineage;

const freshForks = (record: ClusterRecord, owner: NodeId, command: OfKind<'opened'>): readonly LineageEntry[] =>
  command.forks
    .filter((fork) => !record.lineage.some((earlier) => earlier.timeline === fork.timeline))
    .map((fork) => ({ ...fork, owner, epoch: record.epoch }));

/**
 * A word of an earlier promotion of this epoch was slow: PostgreSQL had failed and was promoted once more when it was committed. Without
 * the newer timeline in the lineage nobody could follow. (Seeds 474 and 1687 of the simulator.)
 */
function promotedAgain(record: ClusterRecord, owner: NodeId, command: OfKind<'opened'>): Applied {
  const newest = Math.max(0, ...record.lineage.map(({ timeline }) => timeline));
  const fresh = freshForks(record, owner, command).filter(({ timeline }) => timeline > newest);
  if (fresh.length === 0) return refuse(record, `phase is ${record.phase}`);
  return accept(record, { lineage: [...record.lineage, ...fresh].slice(-MAX_LINEAGE) });
}

function opened(record: ClusterRecord, owner: NodeId, command: OfKind<'opened'>): Partial<ClusterRecord> {
  // A promotion that died before it opened left a timeline nobody recorded: the history file tells all of them.
  const fresh = freshForks(record, owner, command);
  const takeOver: TakeOver = {
    epoch: record.epoch,
    owner,
    from: record.previous?.node ?? null,
    atWallMs: command.atWallMs,
    cause: record.cause,
    proof: record.proof,
    timeline: command.timeline,
    automatic: record.automatic,
  };
  return {
    phase: 'serving',
    opening: null,
    systemId: command.systemId,
    everSync: withNode(record.everSync, owner),
    generations: { ...record.generations, [owner]: record.generation },
    lineage: [...ancestors(record, command), ...fresh].slice(-MAX_LINEAGE),
    history: [takeOver, ...record.history].slice(0, MAX_HISTORY),
    ...settled(record, owner),
  };
}

export const nextEpoch = (record: ClusterRecord): Epoch => asEpoch(record.epoch + 1);
