import type { Lsn, NodeId } from '@yosugara/kernel';
import type { FactsOf } from './facts.js';
import type { Move } from './governance.js';
import { type Action, type Observation, type Part, propose } from './observation.js';
import type { SwitchoverRequest } from './record.js';
import { whyOf } from './transitions.js';
import { coolingDown, heardLately, isQuiet, isRunningHeir } from './view.js';

/* The Master's part goes to another node while both live: stop, see that the heir holds everything, release. */

const SWITCHOVER_PATIENCE_MS = 8_000;
/** A host that goes down gives a program some ten seconds in all. */
const GIVE_WAY_STOP_MS = 3_000;
const LEVEL_PATIENCE_MS = 1_500;

/** A move without an operator's switchover: quiet, stop, see that the heir holds all, release. Like T4, but it never turns back. */
export function giveWay(o: Observation, move: Move, heir: NodeId): Part {
  const facts = o.postgres;
  const sending = o.leaving && (facts.kind === 'standby' || o.postgresBusy === 'pg.startStandby');
  if (sending) return sendRest(o, move, heir);
  if (facts.kind !== 'stopped')
    return {
      role: 'DEMOTING',
      why: `${move.cause}: ${heir} takes over`,
      actions: [
        { kind: 'manager.mode', mode: 'passive' },
        { kind: 'pg.stop', mode: move.stop, budgetMs: move.stop === 'fast' ? GIVE_WAY_STOP_MS : 0 },
      ],
    };
  return handOver(o, facts, move, heir);
}

/** PostgreSQL has stopped for the move. */
function handOver(o: Observation, facts: FactsOf<'stopped'>, move: Move, heir: NodeId): Part {
  // Every acknowledged commit is there already; with our last checkpoint there, too, this node returns without a rewind.
  const held = o.peers.get(heir)?.postgres;
  const level = held?.kind === 'standby' && held.walEnd >= facts.walEnd;
  // A receiver that ended has got all that it will ever get from here.
  const receives = held?.kind === 'standby' && held.receiver === 'streaming';
  const sinceMs = o.nowMs - o.postgresSinceMs;
  const patient = receives && facts.state === 'clean-primary' && sinceMs < LEVEL_PATIENCE_MS;
  const sendsRest = o.leaving && held?.kind === 'standby' && !level && !receives && facts.state === 'clean-primary';
  if (sendsRest && o.postgresBusy === null && !coolingDown(o, 'pg.startStandby'))
    return {
      role: 'DEMOTING',
      why: `${move.cause}: ${heir} lacks the end of the WAL; it is sent by a start in recovery`,
      actions: [{ kind: 'pg.startStandby', follow: null }],
    };
  if (!isQuiet(o) || (!level && patient))
    return { role: 'DEMOTING', why: `${move.cause}: waiting until ${heir} holds everything`, actions: [] };
  const walEnd = level ? facts.walEnd : null;
  return {
    role: 'DEMOTING',
    why: `${move.cause}: ${heir} takes over`,
    actions: [release(o, walEnd, move)],
  };
}

/**
 * Walsenders that were told to end themselves, as everybody on a host that goes down, did not send the last WAL. In recovery, where
 * nothing is written, new ones do: so this node returns without a rewind, and commits that nobody was told of live on.
 */
function sendRest(o: Observation, move: Move, heir: NodeId): Part {
  const facts = o.postgres;
  const held = o.peers.get(heir)?.postgres;
  const level = facts.kind === 'standby' && held?.kind === 'standby' && held.walEnd >= facts.walEnd;
  const over = facts.kind === 'standby' && (level || o.nowMs - o.postgresSinceMs >= LEVEL_PATIENCE_MS);
  return {
    role: 'DEMOTING',
    why: `${move.cause}: ${heir} fetches the end of the WAL`,
    actions: over ? [{ kind: 'pg.stop', mode: 'fast', budgetMs: GIVE_WAY_STOP_MS }] : [],
  };
}

/** T4, the old owner's half: quiet, stop, see that the target holds all, release. */
export function switchover(o: Observation, request: SwitchoverRequest): Part {
  const facts = o.postgres;
  if (facts.kind === 'primary') {
    if (!isFit(o, request.to) || !o.record.syncSet.includes(request.to))
      return end(request, `${request.to} cannot take over now`);
    return {
      role: 'DEMOTING',
      why: whyOf('T4'),
      actions: [
        { kind: 'manager.mode', mode: 'passive' },
        { kind: 'pg.stop', mode: 'fast', budgetMs: 5_000 },
      ],
    };
  }
  // The lease was lost and came back in between: what runs here follows nobody and will never shut down as a Master.
  if (facts.kind === 'standby' || facts.kind === 'empty' || facts.kind === 'unreadable')
    return end(request, `PostgreSQL here is ${facts.kind}`);
  if (facts.kind !== 'stopped')
    return {
      role: 'DEMOTING',
      why: `PostgreSQL is ${facts.kind}`,
      actions: facts.kind === 'hung' ? [{ kind: 'pg.stop', mode: 'kill', budgetMs: 0 }] : [],
    };
  return releaseTo(o, facts, request);
}

function releaseTo(o: Observation, facts: FactsOf<'stopped'>, request: SwitchoverRequest): Part {
  const { to } = request;
  const target = o.peers.get(to)?.postgres;
  const level = target?.kind === 'standby' && target.walEnd >= facts.walEnd;
  if (level && isFit(o, to) && isQuiet(o) && facts.state === 'clean-primary')
    return {
      role: 'DEMOTING',
      why: `${to} holds everything up to our shutdown`,
      actions: [release(o, facts.walEnd, { cause: 'switchover', automatic: false })],
    };
  if (o.nowMs - o.postgresSinceMs < SWITCHOVER_PATIENCE_MS && facts.state === 'clean-primary')
    return { role: 'DEMOTING', why: `waiting for ${to} to hold everything`, actions: [] };
  return end(request, `${to} did not receive everything in time`);
}

const isFit = (o: Observation, node: NodeId): boolean => heardLately(o, node) && isRunningHeir(o, node);

const end = ({ requestId }: SwitchoverRequest, why: string): Part => ({
  role: 'MASTER_SYNC',
  why,
  actions: [propose({ kind: 'endSwitchover', requestId, why })],
});

const release = (o: Observation, walEnd: Lsn | null, { cause, automatic }: Pick<Move, 'cause' | 'automatic'>): Action =>
  propose({ kind: 'release', epoch: o.record.epoch, by: o.self, walEnd, cause, automatic });
