import { describe, expect, it } from 'vitest';
import { type Action, decide, lint, type Observation } from './index.js';
import { a, b, leading, record, seenByA, seenByB, standby } from './testing.js';

describe('the plan linter refuses', () => {
  const cases: readonly [string, Observation, Action][] = [
    [
      'a promotion without a proof',
      seenByA({ record: record({ phase: 'promoting', proof: null, syncSet: [a] }), postgres: standby({ receiver: 'cut' }) }),
      { kind: 'pg.promote', names: [], above: 0 },
    ],
    [
      'a promotion with the receiver still connected',
      seenByA({ record: record({ phase: 'promoting', syncSet: [a] }), postgres: standby() }),
      { kind: 'pg.promote', names: [], above: 0 },
    ],
    [
      'a promotion without a lease',
      seenByA({ lead: null, record: record({ phase: 'promoting', syncSet: [a] }), postgres: standby({ receiver: 'cut' }) }),
      { kind: 'pg.promote', names: [], above: 0 },
    ],
    ['names that leave out a member of the sync set', seenByA(), { kind: 'pg.setNames', names: [] }],
    ['a rewind on the owner', seenByA(), { kind: 'pg.rewind', source: b }],
    [
      'a base backup from somebody who does not serve',
      seenByB({ record: record({ phase: 'promoting' }) }),
      { kind: 'pg.baseBackup', source: a },
    ],
    ['a VIP on a standby', seenByB(), { kind: 'vip.hold' }],
    ['handing over leadership while owning', seenByA(), { kind: 'raft.transfer', to: b }],
    ['an active manager without the lease', seenByB(), { kind: 'manager.mode', mode: 'active' }],
    [
      'a primary in the wrong phase',
      seenByA({ record: record({ phase: 'stopping-old' }) }),
      { kind: 'pg.startPrimary', names: [b] },
    ],
  ];
  it.each(cases)('%s', (_, o, action) => expect(lint(o, action)).toMatch(/^S\d|owner|leader/));
  it('nothing that the deciders ask for in these pictures', () => {
    for (const o of [seenByA(), seenByB(), seenByA({ lead: null }), seenByB({ lead: leading })])
      for (const action of decide(o).actions) expect(lint(o, action), action.kind).toBeNull();
  });
});
