/** The transitions of failover.md 2.3 with the sentence that logs, docs and tests use. */
export const TRANSITIONS = [
  {
    id: 'T1',
    from: 'MASTER_SOLO',
    to: 'MASTER_SYNC',
    by: 'join',
    why: 'the peer streams our lineage and has flushed past the moment the names were set',
  },
  {
    id: 'T2',
    from: 'MASTER_SYNC',
    to: 'MASTER_SOLO',
    by: 'leave',
    why: 'the peer stopped acknowledging: it is taken out of the sync set before commits stop waiting for it',
  },
  {
    id: 'T3',
    from: 'STANDBY_SYNC',
    to: 'MASTER_GATED',
    by: 'claim',
    why: 'the old owner’s lease is over and this node holds every acknowledged commit',
  },
  {
    id: 'T4',
    from: 'MASTER_SYNC',
    to: 'STANDBY_SYNC',
    by: 'switchover',
    why: 'an operator asked for a planned change of Master',
  },
  {
    id: 'T5',
    from: 'MASTER_SYNC',
    to: 'STOPPED',
    by: 'release',
    why: 'PostgreSQL here failed and the peer holds every acknowledged commit',
  },
  {
    id: 'T6',
    from: 'MASTER_SYNC',
    to: 'STOPPED',
    by: 'lease lost',
    why: 'no quorum answered in time: stop before anybody else may start',
  },
  {
    id: 'T7',
    from: 'STOPPED',
    to: 'STANDBY_SYNC',
    by: 'start',
    why: 'a start is always in recovery; only a committed record makes a primary',
  },
  {
    id: 'T8',
    from: 'STANDBY_CATCHUP',
    to: 'STANDBY_CATCHUP',
    by: 'double fault',
    why: 'this node does not hold every acknowledged commit: only a human may promote it',
  },
] as const;

export type TransitionId = (typeof TRANSITIONS)[number]['id'];
export const whyOf = (id: TransitionId): string => TRANSITIONS.find((transition) => transition.id === id)!.why;
