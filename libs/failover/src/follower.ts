import { formatLsn, type Lsn, type NodeId } from '@yosugara/kernel';
import { fencedHere } from './fencing.js';
import { maintenanceOf, outOnPurpose } from './fitness.js';
import type { Action, Decision, Observation } from './observation.js';
import { type ClusterRecord, isOutdated, isReleased } from './record.js';
import { sentenceOf } from './sentence.js';
import { whyOf } from './transitions.js';
import { coolingDown, divergedHere, heardLately, otherOwner, successor } from './view.js';

type Part = Pick<Decision, 'role' | 'why' | 'actions'> & { readonly needsRecover?: boolean };

const requestOf = (o: Observation) => o.record.recover.find(({ node, state }) => node === o.self && state === 'open');
const isAsked = (o: Observation): boolean => requestOf(o) !== undefined;

/** Another database than the cluster's, by its system identifier: what two first starts leave, or a directory of somebody else. */
function foreignSystem({ record, postgres }: Observation): string | null {
  if (record.systemId === null || !('systemId' in postgres) || postgres.systemId === record.systemId) return null;
  return postgres.systemId;
}

/** An operator's switchover or maintenance means both nodes to go on; a planned stop, like a fault, means this one to go. */
const movedOnPurpose = (record: ClusterRecord): boolean => !record.automatic && !record.cause.startsWith('planned stop');

/** This node was Master until somebody else claimed. */
const wasMaster = (o: Observation): boolean => o.record.previous?.node === o.self && !movedOnPurpose(o.record);

/** It shut down as the Master that an operator moved, and has not been started since: to come back slowly is no reason to wait for another word. */
const hasHandedOver = (o: Observation): boolean =>
  o.record.previous?.node === o.self &&
  movedOnPurpose(o.record) &&
  o.postgres.kind === 'stopped' &&
  o.postgres.state === 'clean-primary';

/** May this node bring its PostgreSQL back by itself, or does it wait for `recover`? (ruling 8) */
export function mayRejoin(o: Observation, diverged: boolean): boolean {
  if (isAsked(o) || !o.record.everSync.includes(o.self)) return true;
  if (isOutdated(o.record, o.self)) return false;
  if (o.settings.autoRejoin === 'always') return true;
  if (diverged) return false;
  if (o.settings.autoRejoin === 'clean' || hasHandedOver(o)) return true;
  // Until the new owner is proven alone the record still lists the old one; only if the new one is lost may it be needed again.
  const owner = otherOwner(o);
  const replaced =
    owner !== null && o.record.phase !== 'serving' && wasMaster(o) && heardLately(o, owner) && !hasLostItsData(o, owner);
  return o.record.syncSet.includes(o.self) && !replaced;
}

const hasLostItsData = (o: Observation, node: NodeId): boolean => {
  const facts = o.peers.get(node)?.postgres;
  return facts?.kind === 'empty' || (facts?.kind === 'stopped' && facts.state === 'incomplete');
};

/** Its server runs already, but following the owner would be the return that `recover` is for. */
function waitsForRecover(o: Observation): string | null {
  if (isAsked(o) || !o.record.everSync.includes(o.self)) return null;
  if (isOutdated(o.record, o.self)) return `its data is of a generation before ${o.record.generation}`;
  const never = o.settings.autoRejoin === 'never' && wasMaster(o) && !o.record.syncSet.includes(o.self);
  return never ? 'it was Master and autoRejoin is never' : null;
}

/** What a data node does that is not (or not yet) the owner: be a standby of the serving owner, or ready to claim. */
export function follow(o: Observation): Part {
  const owner = otherOwner(o);
  const serving = owner !== null && o.record.phase === 'serving' ? owner : null;
  const facts = o.postgres;
  const out = outOnPurpose(o, o.self);
  if (out !== null && facts.kind !== 'primary') return handsOff(o, out);
  const fenced = fencedHere(o);
  if (fenced !== null && facts.kind !== 'primary') return { role: 'FENCED', why: fenced, actions: [], needsRecover: true };
  switch (facts.kind) {
    case 'unknown':
      return { role: 'INIT', why: 'waiting for the first look at PostgreSQL', actions: [] };
    case 'unreadable':
      return { role: 'STOPPED', why: 'the data volume does not answer: look at its storage', actions: [] };
    case 'starting':
      if (isAsked(o) && serving !== null && o.damage != null)
        return { role: 'STOPPED', why: `${o.damage}: stop, then copy anew`, actions: [stopNow(o)] };
      return {
        role: o.record.syncSet.includes(o.self) ? 'STANDBY_SYNC' : 'STANDBY_CATCHUP',
        why: `PostgreSQL is starting (${o.damage ?? facts.progress})`,
        actions: [],
        needsRecover: o.damage != null,
      };
    case 'hung':
      return {
        role: 'STOPPED',
        why: `${facts.because ?? 'PostgreSQL does not answer'}: it is killed and started again`,
        actions: [{ kind: 'pg.stop', mode: 'kill', budgetMs: 0 }],
      };
    case 'empty':
      // A new log comes in pieces: its older ones tell of other Masters, and that nobody serves.
      if (!o.informed) return { role: 'INIT', why: 'no data here; waiting for a majority to tell how things stand', actions: [] };
      return whenEmpty(o, serving);
    case 'stopped':
      // What the disk remembers may be old: another may be Master since. Where to follow, and whether to wait, only the record can tell.
      if (!o.informed) return { role: 'STOPPED', why: 'waiting for a majority to tell how things stand', actions: [] };
      return whenStopped(o, serving);
    case 'standby':
      return whenStandby(o, serving);
    case 'primary':
      return { role: 'DEMOTING', why: whyOf('T6'), actions: [stopNow(o)] };
  }
}

/** What an operator works on, or the host is shutting down, is neither started nor stopped nor brought back by us. */
function handsOff(o: Observation, why: string): Part {
  const standsBy = o.postgres.kind === 'standby';
  const role = maintenanceOf(o.record, o.self) !== null ? 'MAINTENANCE' : standsBy ? 'STANDBY_CATCHUP' : 'STOPPED';
  return { role: role === 'STANDBY_CATCHUP' && o.record.syncSet.includes(o.self) ? 'STANDBY_SYNC' : role, why, actions: [] };
}

export const stopNow = (o: Observation): Action => ({ kind: 'pg.stop', mode: 'fast', budgetMs: o.settings.timings.stopBudgetMs });

function whenEmpty(o: Observation, serving: NodeId | null): Part {
  if (serving === null && o.record.syncSet.includes(o.self) && o.record.systemId !== null)
    return stuck('the data directory is gone');
  if (serving === null) {
    const lost = o.record.owner !== null && o.record.owner !== o.self && !heardLately(o, o.record.owner);
    const which = lost ? ` (the last one, ${o.record.owner}, is not heard)` : '';
    return { role: 'INIT', why: `no data here; waiting for a Master to copy from${which}`, actions: [] };
  }
  if (o.postgresSinceMs + 200 > o.nowMs) return { role: 'INIT', why: 'no data here', actions: [] };
  return rebuild(o, serving, 'no data here');
}

/** The sync set counts on this node, and what is here cannot be served: only a human knows which data is to live on. */
const stuck = (because: string): Part => ({
  role: 'HALT',
  why: `${because} and nobody serves: bring the data back, or switch this node off and let the other one serve what it has with \`yosugara promote --accept-data-loss\``,
  actions: [],
  needsRecover: true,
});

function rebuild(o: Observation, serving: NodeId, because: string, givesUp?: string): Part {
  if (!mayRejoin(o, true))
    return { role: 'STOPPED', why: `${because}: waiting for \`yosugara recover\``, actions: [], needsRecover: true };
  if (!heardLately(o, serving)) return { role: 'STOPPED', why: `${because}; the Master ${serving} is not heard`, actions: [] };
  // Each try sets the old directory aside: none is made in vain.
  if (o.peers.get(serving)?.postgres.kind !== 'primary')
    return { role: 'STOPPED', why: `${because}; waiting until PostgreSQL of ${serving} serves`, actions: [] };
  if (coolingDown(o, 'pg.baseBackup'))
    return { role: 'STOPPED', why: 'the last base backup failed; trying again soon', actions: [] };
  return {
    role: 'REBUILDING',
    why: `${because}: base backup from ${serving}`,
    actions: [{ kind: 'pg.baseBackup', source: serving, ...(givesUp === undefined ? {} : { givesUp }) }],
  };
}

/** Until these end the data directory looks as if they had been interrupted. */
const UNDER_WAY = {
  'pg.rewind': 'WAL went past the fork: pg_rewind is under way',
  'pg.baseBackup': 'a base backup is under way',
} as const;

function whenStopped(o: Observation, serving: NodeId | null): Part {
  const facts = o.postgres;
  if (facts.kind !== 'stopped') return { role: 'INIT', why: 'unknown', actions: [] };
  if (facts.state === 'incomplete' && o.postgresBusy !== null && o.postgresBusy in UNDER_WAY)
    return { role: 'REBUILDING', why: UNDER_WAY[o.postgresBusy as keyof typeof UNDER_WAY], actions: [] };
  if (facts.state === 'incomplete')
    return serving === null
      ? o.record.syncSet.includes(o.self)
        ? stuck('an interrupted copy')
        : { role: 'STOPPED', why: 'an interrupted copy; no Master to copy from', actions: [], needsRecover: true }
      : rebuild(o, serving, facts.damage ?? 'an interrupted copy');
  const foreign = foreignSystem(o);
  if (foreign !== null) return whenForeign(o, serving, foreign);
  if (isReleased(o.record) && o.record.owner === o.self && successor(o) !== null)
    return { role: 'STOPPED', why: 'released; the peer takes over', actions: [] };
  if (serving !== null && isAsked(o) && o.damage != null) return rebuild(o, serving, o.damage);
  if (serving !== null && walIsGone(o, serving, facts.walEnd))
    return rebuild(o, serving, `${serving} no longer has the WAL it needs`);
  const byHand = onUnknownTimeline(o);
  const diverged = divergedHere(o) || byHand;
  if (diverged && serving === null && o.record.syncSet.includes(o.self))
    return stuck('WAL here went past the fork of the newest timeline');
  if (!mayRejoin(o, diverged)) {
    const because = byHand ? promotedByHand(facts.timeline) : (waitsForRecover(o) ?? whyDiverged(o, diverged));
    return { role: 'STOPPED', why: `waiting for \`yosugara recover\`: ${because}`, actions: [], needsRecover: true };
  }
  if (diverged)
    return serving === null
      ? { role: 'STOPPED', why: 'diverged; no Master to rewind to', actions: [], needsRecover: true }
      : rewind(o, serving);
  if (coolingDown(o, 'pg.startStandby'))
    return { role: 'STOPPED', why: 'PostgreSQL did not start; trying again soon', actions: [] };
  return { role: 'STOPPED', why: whyOf('T7'), actions: [{ kind: 'pg.startStandby', follow: serving }] };
}

/** Somebody's data, perhaps the only copy: replaced only on the word of who named it. */
function whenForeign(o: Observation, serving: NodeId | null, foreign: string): Part {
  const why = `this data directory belongs to another cluster (system identifier ${foreign})`;
  if (serving !== null && requestOf(o)?.givesUp === foreign) return rebuild(o, serving, `${why}, and is given up`, foreign);
  return { role: 'HALT', why, actions: [], needsRecover: true };
}

/** The Master has dropped the WAL that this node would go on with (its slot was lost or dropped, R4), or is too far ahead of an old snapshot. */
function walIsGone(o: Observation, serving: NodeId, walEnd: Lsn): boolean {
  const oldest = o.peers.get(serving)?.oldestWal ?? null;
  return oldest !== null && walEnd < oldest && !divergedHere(o);
}

/** A timeline above all that the record and the Master itself know: promoted out of band (R11). */
function onUnknownTimeline(o: Observation): boolean {
  const facts = o.postgres;
  // The owner's own promotions: one that failed before it opened, or came while the word of an earlier one was still on its way.
  if (o.record.owner === o.self) return false;
  if (facts.kind !== 'stopped' && facts.kind !== 'standby') return false;
  const theirs = o.record.owner === null ? undefined : o.peers.get(o.record.owner)?.postgres;
  // A Master that promoted anew within its epoch is followed before the record has heard of it.
  if (o.record.phase !== 'serving' || theirs?.kind !== 'primary') return false;
  return facts.timeline > Math.max(theirs.timeline, ...o.record.lineage.map((entry) => entry.timeline));
}

const promotedByHand = (timeline: number): string =>
  `it is on timeline ${timeline}, which no promotion of this cluster made: somebody promoted it by hand`;

function whyDiverged(o: Observation, diverged: boolean): string {
  if (!diverged) return 'autoRejoin is never';
  return wasMaster(o) || o.record.lineage.some(({ owner }) => owner === o.self)
    ? 'it was Master and its WAL may go past what the new Master has'
    : 'its WAL goes past what the Master has';
}

/** host-control's words for a rewind that has changed nothing. */
const UNTOUCHED: Readonly<Record<string, string>> = {
  SOURCE_UNREACHABLE: 'its PostgreSQL did not answer; trying again soon',
  DISK_TOO_SMALL: 'the disk here has no room for a rewind; trying again soon: make room',
};

function rewind(o: Observation, serving: NodeId): Part {
  if (!heardLately(o, serving)) return { role: 'STOPPED', why: `the Master ${serving} is not heard`, actions: [] };
  // A failed rewind leaves the target unusable (failover.md 5.3): the second way is always ready.
  // One that never began left everything as it was: it is tried again.
  const failed = o.failures.get('pg.rewind');
  const untouched = failed === undefined ? undefined : UNTOUCHED[failed.code];
  if (failed !== undefined && untouched === undefined) return rebuild(o, serving, 'the rewind failed');
  if (coolingDown(o, 'pg.rewind')) return { role: 'STOPPED', why: `back to ${serving}: ${untouched}`, actions: [] };
  return {
    role: 'REBUILDING',
    why: `WAL went past the fork: pg_rewind to ${serving}`,
    actions: [{ kind: 'pg.rewind', source: serving }],
  };
}

/** T8: nobody who holds every acknowledged commit is heard, and this node does not. */
const isBereft = (o: Observation): boolean =>
  o.record.syncSet.length > 0 && !o.record.syncSet.includes(o.self) && o.record.syncSet.every((node) => !heardLately(o, node));

function bereft(o: Observation): string {
  const end = 'walEnd' in o.postgres ? `; WAL here ends at ${formatLsn(o.postgres.walEnd)}` : '';
  return `${whyOf('T8')} (${o.record.syncSet.join(', ')} holds them and is not heard${end}): bring it back, or run \`yosugara promote --accept-data-loss\``;
}

const holdsAll = sentenceOf((master) => `holds every commit that ${master} acknowledges`);

function whenStandby(o: Observation, serving: NodeId | null): Part {
  const facts = o.postgres;
  if (facts.kind !== 'standby') return { role: 'INIT', why: 'unknown', actions: [] };
  const role = o.record.syncSet.includes(o.self) ? 'STANDBY_SYNC' : 'STANDBY_CATCHUP';
  if (isBereft(o)) return { role, why: bereft(o), actions: [] };
  if (serving === null)
    return { role, why: o.record.owner === null ? 'no Master yet' : 'waiting for a serving Master', actions: [] };
  const foreign = foreignSystem(o);
  if (foreign !== null)
    return {
      role: 'STOPPED',
      why: `PostgreSQL here is another cluster's (system identifier ${foreign}) and can never follow ${serving}: stop`,
      actions: [stopNow(o)],
      needsRecover: true,
    };
  if (divergedHere(o) || onUnknownTimeline(o))
    return { role: 'STOPPED', why: 'WAL here went past the fork: stop, then rewind', actions: [stopNow(o)] };
  if (isAsked(o) && o.damage != null) return { role: 'STOPPED', why: `${o.damage}: stop, then copy anew`, actions: [stopNow(o)] };
  if (facts.receiver !== 'streaming' && walIsGone(o, serving, facts.walEnd))
    return { role: 'STOPPED', why: `${serving} no longer has the WAL it needs: stop, then copy anew`, actions: [stopNow(o)] };
  const waits = facts.follows === serving && !isOutdated(o.record, o.self) ? null : waitsForRecover(o);
  if (waits !== null) return { role, why: `waiting for \`yosugara recover\`: ${waits}`, actions: [], needsRecover: true };
  if (facts.follows !== serving && !coolingDown(o, 'pg.follow'))
    return { role, why: `following ${serving} from now on`, actions: [{ kind: 'pg.follow', follow: serving }] };
  if (facts.receiver !== 'streaming') return { role: 'STANDBY_CATCHUP', why: `connecting to ${serving}`, actions: [] };
  return role === 'STANDBY_SYNC'
    ? { role, why: holdsAll(serving), actions: [] }
    : { role, why: `streaming from ${serving}; not yet in the sync set`, actions: [] };
}
