import type { NodeId } from '@yosugara/kernel';
import { objectionToFence } from './fencing.js';
import type { Action, Observation } from './observation.js';
import { isAfar, isBeingPromoted, isQuiet, leaseHolds, mayServe, requiredNames, sameNames } from './view.js';

/** R13, R14: a member in another site is never one of those that a commit waits for. */
const namesDr = (o: Observation, names: readonly NodeId[]): boolean => names.some((node) => isAfar(o, node));

/** Why an action must not be done now, whatever decided it: a second pair of eyes on the invariants of failover.md 2.7. */
export function lint(o: Observation, action: Action): string | null {
  switch (action.kind) {
    case 'pg.promote':
      if (!o.armed) return 'S1: nothing begins to write before the dead man is armed';
      if (!mayServe(o)) return 'S7: promotion without a committed record that names this node, or without a lease';
      if (o.record.phase !== 'promoting' || o.record.proof === null) return 'S6: promotion before a stop proof';
      if (o.postgres.kind !== 'standby' || o.postgres.receiver !== 'cut') return 'S6: promotion before the receiver was cut';
      if (o.settings.hooks.beforePromotion && o.hookBefore !== 'passed') return 'the hook before promotion has not let it pass';
      return sameNames(action.names, requiredNames(o)) ? null : 'S4: promotion with other names than the sync set demands';
    case 'pg.startPrimary':
      if (!o.armed) return 'S1: nothing begins to write before the dead man is armed';
      if (!mayServe(o)) return 'S7: start as a primary without a committed record that names this node, or without a lease';
      if (o.record.phase !== 'promoting' && o.record.phase !== 'serving')
        return `S7: start as a primary in phase ${o.record.phase}`;
      return sameNames(action.names, requiredNames(o)) ? null : 'S4: start with other names than the sync set demands';
    case 'pg.setNames':
      if (namesDr(o, action.names)) return 'R13: no commit waits for a DR member';
      if (!requiredNames(o).every((node) => action.names.includes(node)))
        return 'S4, S5: the sync set still names a member that these names leave out';
      return mayServe(o) ? null : 'S5: names change only under the owner’s lease';
    case 'pg.rewind':
    case 'pg.baseBackup':
      if (o.record.owner === o.self) return 'S10, S14: the owner’s data is never rewound or replaced';
      return o.record.owner === action.source && o.record.phase === 'serving' ? null : 'S10: a copy only from a serving owner';
    case 'pg.initialise':
      return o.record.systemId === null && mayServe(o) ? null : 'S10: a database exists already';
    case 'vip.hold':
      if (o.gated === true) return 'S8: what became visible by a restart is not on every member of the sync set yet';
      return mayServe(o) && (o.postgres.kind === 'primary' || isBeingPromoted(o))
        ? null
        : 'S9: VIP only on the serving Master, or on the one that is being promoted after the proof';
    case 'manager.mode':
      return action.mode === 'passive' || mayServe(o) ? null : 'S13: an active manager needs the lease';
    case 'raft.transfer':
      return mayServe(o) ? 'an owner releases its epoch before it hands over leadership' : null;
    case 'record.propose':
      if (action.command.kind === 'join' && namesDr(o, [action.command.node])) return 'R13: a DR member never joins the sync set';
      if (action.command.kind === 'release' && !isQuiet(o))
        return 'S6: an epoch is given up only when nothing here can write any more';
      return o.lead?.ready === true && leaseHolds(o) ? null : 'only a leader with a live lease proposes';
    case 'fence.off':
      return objectionToFence(o, action);
    case 'fence.on':
      return o.twoNodes || o.record.phase !== 'serving' || !mayServe(o)
        ? 'a node is switched on again only beside a serving Master'
        : null;
    case 'hook.run':
    case 'pg.startStandby':
    case 'pg.follow':
    case 'pg.mark':
    case 'pg.ensureSlot':
    case 'pg.stop':
    case 'vip.release':
    case 'manager.restart':
    case 'renounce':
      return null;
  }
}
