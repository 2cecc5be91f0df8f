import type { NodeId } from '@yosugara/kernel';
import { homeward } from './away.js';
import type { FactsOf } from './facts.js';
import { failedHere } from './failure-in-place.js';
import { movesAway } from './governance.js';
import { giveWay, switchover } from './handing-over.js';
import { managerMove } from './manager.js';
import { type Action, type Observation, type Part, propose } from './observation.js';
import { tellOpened } from './promoting.js';
import { newestTimeline } from './record.js';
import { alone, inSync } from './sync-set.js';
import { shootStandby } from './twoNodes.js';
import { coolingDown, successor } from './view.js';

/* The record says that this node serves: it hands over if it should, starts again if it failed, and otherwise keeps all in order. */

export function serving(o: Observation): Part {
  if (o.record.switchover !== null && o.record.switchover.epoch === o.record.epoch) return switchover(o, o.record.switchover);
  const facts = o.postgres;
  const move = movesAway(o) ?? managerMove(o);
  const heir = move === null ? null : successor(o);
  // An operating system that goes down tells PostgreSQL to end, too: it answers nobody any more, and is stopped like any other.
  const isThere =
    facts.kind === 'primary' ||
    facts.kind === 'stopped' ||
    (o.leaving && (facts.kind === 'starting' || facts.kind === 'standby'));
  if (move !== null && heir !== null && isThere) return giveWay(o, move, heir);
  // It is going down, and nobody can take over: what it stopped, or what ended by itself, is not started again.
  if (o.leaving && (facts.kind === 'stopped' || facts.kind === 'empty'))
    return { role: 'STOPPED', why: `planned stop of ${o.self}; nobody can take over`, actions: [] };
  if (facts.kind === 'primary') return keepServing(o, facts);
  if (facts.kind === 'unknown' || facts.kind === 'starting')
    return { role: 'MASTER_SOLO', why: `PostgreSQL is ${facts.kind}`, actions: [] };
  return failedHere(o);
}

function keepServing(o: Observation, facts: FactsOf<'primary'>): Part {
  const gated = o.gated === true;
  const actions: Action[] = [{ kind: 'manager.mode', mode: gated ? 'gated' : 'active' }];
  if (facts.forks.some(({ timeline }) => timeline > newestTimeline(o.record))) actions.push(tellOpened(o, facts));
  if (o.settings.hasVip && !o.vipHeld && !gated) actions.push({ kind: 'vip.hold' });
  // Once an epoch: what it does is told, and nothing waits for it.
  if (o.settings.hooks.afterPromotion && o.hookAfter === 'none')
    actions.push({ kind: 'hook.run', which: 'after', epoch: o.record.epoch });
  for (const more of [ingestRight(o), slots(o), homeward(o)]) for (const action of more) actions.push(action);
  const part = o.record.syncSet.length > 1 ? inSync(o, facts, actions) : alone(o, facts, actions);
  const shot = shootStandby(o);
  return shot.why === null ? part : { ...part, why: shot.why, actions: [...part.actions, ...shot.actions] };
}

function slots(o: Observation): Action[] {
  const isMissing = (node: NodeId): boolean => node !== o.self && !o.slots.includes(node);
  const missing = o.dataNodes.find(isMissing) ?? o.settings.drNodes.find(isMissing);
  return missing === undefined || coolingDown(o, 'pg.ensureSlot') ? [] : [{ kind: 'pg.ensureSlot', node: missing }];
}

/** Ruling 10: the right to consume what only this node holds is committed before it is used. */
function ingestRight(o: Observation): Action[] {
  const link = o.receiver;
  const alone = link !== null && link.link === 'down' && o.nowMs - link.sinceMs >= o.settings.timings.syncStallMs;
  const level = link !== null && link.link === 'up' && link.behindPeer === 0;
  if (alone && !o.record.ingestAlone) return [propose({ kind: 'ingestAlone', epoch: o.record.epoch, value: true })];
  if (level && o.record.ingestAlone) return [propose({ kind: 'ingestAlone', epoch: o.record.epoch, value: false })];
  return [];
}
