import { lsn } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { applyCommand } from './commands.js';
import { decide } from './decide.js';
import type { PostgresFacts } from './facts.js';
import type { Observation } from './observation.js';
import { a, b, NOW, peer, primary, record, seenByA, seenByB, standby, w } from './testing.js';

/** `b` is out: what it does about what it finds in its own data directory. */
const asked = { node: b, requestId: 'r1', state: 'open' as const };
const kinds = (o: Observation) =>
  decide(o)
    .actions.map(({ kind }) => kind)
    .filter((kind) => kind !== 'manager.mode');
const out = (postgres: PostgresFacts, more: Partial<Observation> = {}, recover: readonly (typeof asked)[] = [asked]) =>
  seenByB({ postgres, postgresSinceMs: NOW - 5_000, record: record({ syncSet: [a], recover }), ...more });
const stopped = (more: Partial<Extract<PostgresFacts, { kind: 'stopped' }>> = {}): PostgresFacts => ({
  ...{ kind: 'stopped', state: 'standby', timeline: 1, walEnd: lsn(500), systemId: 'sys' },
  ...more,
});
const master = (oldestWal: number) =>
  new Map([
    [a, peer({ postgres: primary(), oldestWal: lsn(oldestWal) })],
    [w, peer({ kind: 'witness', postgres: { kind: 'unknown' } })],
  ]);

describe('a damaged data directory', () => {
  const damaged = stopped({ state: 'incomplete', systemId: '', damage: 'pg_control is damaged' });
  it('is copied anew when an operator asks, and says why', () => {
    expect(kinds(out(damaged))).toEqual(['pg.baseBackup']);
    expect(decide(out(damaged)).why).toContain('pg_control is damaged');
  });
  it('waits for an operator otherwise', () =>
    expect(decide(out(damaged, {}, []))).toMatchObject({ role: 'STOPPED', needsRecover: true }));
  it('stays as it is while nobody serves', () =>
    expect(kinds(out(damaged, { record: record({ syncSet: [a], recover: [asked], phase: 'promoting' }) }))).toEqual([]));
});

describe('the data of another database system', () => {
  const foreign = stopped({ systemId: '42', state: 'clean-primary' });
  const givesUp = (systemId: string) => [{ ...asked, givesUp: systemId }];
  it('is not touched because somebody asks for the node', () => {
    expect(decide(out(foreign))).toMatchObject({ role: 'HALT', needsRecover: true, why: expect.stringContaining('42') });
    expect(kinds(out(foreign))).toEqual([]);
  });
  it('is set aside for a copy when just that one is given up', () => {
    expect(decide(out(foreign, {}, givesUp('42'))).actions).toContainEqual({ kind: 'pg.baseBackup', source: a, givesUp: '42' });
    expect(kinds(out(foreign, {}, givesUp('43')))).toEqual([]);
    const nobodyServes = record({ syncSet: [a], recover: givesUp('42'), phase: 'promoting' });
    expect(kinds(out(foreign, { record: nobodyServes }))).toEqual([]);
  });
  it('is never a standby’s: one that runs is stopped, and says so', () => {
    const runs = { ...standby(), systemId: '42', receiver: 'connecting', follows: a } as PostgresFacts;
    expect(kinds(out(runs, {}, []))).toEqual(['pg.stop']);
    expect(decide(out(runs, {}, []))).toMatchObject({ role: 'STOPPED', needsRecover: true });
  });
  it('is what a node made that was first to begin, and was overtaken before it opened', () => {
    const begun = applyCommand(record({ syncSet: [a], everSync: [a], recover: [] }), {
      ...{ id: 'x', kind: 'recover', node: b, requestId: 'r2', givesUp: '42' },
    });
    expect(begun.record.recover).toEqual([{ node: b, requestId: 'r2', state: 'open', givesUp: '42' }]);
    expect(kinds(out(foreign, { record: begun.record }))).toEqual(['pg.baseBackup']);
  });
});

describe('a data directory that is being replaced', () => {
  const unfinished = stopped({ state: 'incomplete', damage: 'a rewind was interrupted here' });
  it.each([
    ['pg.rewind', 'WAL went past the fork: pg_rewind is under way'],
    ['pg.baseBackup', 'a base backup is under way'],
  ])('by %s looks interrupted until that ends, and is not called so', (postgresBusy, why) => {
    expect(decide(out(unfinished, { postgresBusy }))).toMatchObject({ role: 'REBUILDING', why, needsRecover: false });
    expect(kinds(out(unfinished, { postgresBusy }))).toEqual([]);
    expect(decide(out(unfinished)).why).toBe('a rewind was interrupted here: base backup from a');
  });
  it('by a server that is still being stopped is told as ever', () =>
    expect(decide(out(unfinished, { postgresBusy: 'pg.stop' })).why).toContain('interrupted'));
});

describe('pages with a wrong checksum, found while waiting', () => {
  const damage = '1 pages here have a wrong checksum';
  it('make a recover a copy', () =>
    expect(kinds(out(stopped({ systemId: record().systemId! }), { damage }))).toEqual(['pg.baseBackup']));
  it('stop a standby that runs, then copy', () =>
    expect(kinds(out({ ...standby(), receiver: 'connecting' } as PostgresFacts, { damage }))).toEqual(['pg.stop']));
  it('stop one that will never be through its start', () =>
    expect(kinds(out({ kind: 'starting', progress: 'recovering' }, { damage }))).toEqual(['pg.stop']));
  it('change nothing without an operator: bad data may be better than none', () => {
    expect(kinds(out({ kind: 'starting', progress: 'recovering' }, { damage }, []))).toEqual([]);
    expect(decide(out({ kind: 'starting', progress: 'recovering' }, { damage }, [])).needsRecover).toBe(true);
  });
});

describe('WAL that the Master no longer has', () => {
  const at = stopped({ systemId: record().systemId!, walEnd: lsn(500) });
  it('means a copy', () => expect(kinds(out(at, { peers: master(501) }))).toEqual(['pg.baseBackup']));
  it('up to the last byte it follows', () => expect(kinds(out(at, { peers: master(500) }))).toEqual(['pg.startStandby']));
  it('stops a standby that asks for it in vain', () => {
    const connecting = { ...standby(), receiver: 'connecting', walEnd: lsn(500) } as PostgresFacts;
    expect(kinds(out(connecting, { peers: master(501) }))).toEqual(['pg.stop']);
    expect(kinds(out({ ...connecting, receiver: 'streaming' } as PostgresFacts, { peers: master(501) }))).toEqual([]);
  });
});

describe('a timeline that no promotion of the record made (R11)', () => {
  const ahead = stopped({ systemId: record().systemId!, timeline: 99 });
  it('is rewound when an operator asks', () => expect(kinds(out(ahead))).toEqual(['pg.rewind']));
  it('waits for an operator otherwise', () =>
    expect(decide(out(ahead, {}, []))).toMatchObject({ role: 'STOPPED', needsRecover: true }));
  it('is called what it is', () =>
    expect(decide(out(ahead, {}, [])).why).toBe(
      'waiting for `yosugara recover`: it is on timeline 99, which no promotion of this cluster made: somebody promoted it by hand',
    ));
});

describe('a node that lost its consensus log as well', () => {
  const askedBack = { ...asked, node: b };
  const seen = (needsRecover: boolean, twoNodes = false) =>
    seenByA({
      record: record({ recover: [askedBack] }),
      twoNodes,
      peers: new Map([
        [b, peer({ needsRecover })],
        [w, peer({ kind: 'witness', postgres: { kind: 'unknown' } })],
      ]),
    });
  const joins = (o: Observation) =>
    decide(o).actions.some((action) => action.kind === 'record.propose' && action.command.kind === 'join');
  it('keeps its request open until it votes again', () => {
    expect(joins(seen(true))).toBe(false);
    expect(joins(seen(false))).toBe(true);
  });
  it('joins first where the vote follows the sync set', () => expect(joins(seen(true, true))).toBe(true));
});
