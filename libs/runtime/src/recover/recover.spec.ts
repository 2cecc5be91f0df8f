import { type ClusterRecord, EMPTY_RECORD, type PostgresFacts } from '@yosugara/failover';
import { epoch, lsn, type NodeId, nodeId } from '@yosugara/kernel';
import {
  type RecoverCause,
  RecoverPhaseSchema,
  RecoverPlanSchema,
  type RecoverReport,
  RecoverReportSchema,
} from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { advance, begin, copied, isStep, phaseOf, resume, tried } from './machine.js';
import { RECOVER_PHASES, recoverExitCode } from './phases.js';
import { planRecover, planText } from './plan.js';
import { type PreflightInput, preflight } from './preflight.js';
import { addSample, bytesPerSecond, etaMs, type Samples } from './rate.js';
import type { RecoverLook, Survey } from './types.js';

const [a, b] = [nodeId('a'), nodeId('b')];
const MB = 1024 * 1024;
const SYSTEM = '7000000000000000001';

const record: ClusterRecord = {
  ...EMPTY_RECORD,
  ...{ epoch: epoch(2), owner: b, phase: 'serving', syncSet: [b], everSync: [a, b], systemId: SYSTEM },
  lineage: [{ timeline: 2, forkLsn: lsn(1_000), owner: b, epoch: epoch(2) }],
};
const survey: Survey = {
  ...{ major: 15, missing: [], freeBytes: 900 * MB, databaseBytes: null, oldestWal: null, tablespaces: [], damage: null },
};
const primary: PostgresFacts = {
  ...{ kind: 'primary', timeline: 2, systemId: SYSTEM, walEnd: lsn(5_000), names: [], peers: [], forks: [], syncWaiters: 0 },
};
const stopped = (more: object = {}): PostgresFacts => ({
  ...{ kind: 'stopped', state: 'crashed-primary', timeline: 1, walEnd: lsn(1_800), systemId: SYSTEM },
  ...more,
});
const asked = (more: Partial<PreflightInput> = {}, target: object = {}, source: object = {}): PreflightInput => ({
  ...{ record, wallMs: 1_000, quorum: true, discardUnknown: false },
  source: { node: b, heard: true, facts: primary, survey: { ...survey, databaseBytes: 500 * MB, oldestWal: lsn(0) }, ...source },
  target: { node: a, heard: true, facts: stopped(), survey, ...target },
  ...more,
});

describe('the ten phases', () => {
  it('are those of the protocol, each with a sentence and an exit code of its own', () => {
    expect(RECOVER_PHASES.map(({ phase }) => phase)).toEqual(RecoverPhaseSchema.options);
    expect(RECOVER_PHASES.map(({ phase }) => recoverExitCode(phase))).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  });
});

describe('before anything is done', () => {
  it('a node that is out may come back to the Master', () => expect(preflight(asked())).toBeNull());
  it.each<[string, PreflightInput, RegExp]>([
    ['NO_QUORUM', asked({ quorum: false }), /no majority/],
    ['NO_MASTER', asked({ source: null }), /no Master is serving/],
    ['NO_MASTER', asked({}, {}, { heard: false }), /no Master is serving/],
    ['NO_MASTER', asked({}, {}, { facts: stopped() }), /no Master is serving/],
    ['IS_MASTER', asked({}, { node: b }), /^b is the Master/],
    [
      'PAUSED',
      asked({ record: { ...record, pause: { requestId: 'p', untilWallMs: 2_000, why: 'works' } } }),
      /paused until .*works/,
    ],
    [
      'MAINTENANCE',
      asked({ record: { ...record, maintenance: [{ node: a, requestId: 'm', untilWallMs: 2_000, why: 'new disk' }] } }),
      /a is in maintenance \(new disk\)/,
    ],
    ['NODE_NOT_HEARD', asked({}, { heard: false }), /a is not heard: .* ask again$/],
    ['TOOLS_MISSING', asked({}, { survey: { ...survey, missing: ['pg_rewind'] } }), /a lacks pg_rewind/],
    ['VERSION_MISMATCH', asked({}, { survey: { ...survey, major: 16 } }), /a has PostgreSQL 16, b has 15/],
    ['FOREIGN_SYSTEM', asked({}, { facts: stopped({ systemId: '42' }) }), /another database system \(42/],
    ['AHEAD_UNKNOWN', asked({}, { facts: stopped({ timeline: 5 }) }), /timeline 5, which no promotion of this cluster made/],
    [
      'DISK_TOO_SMALL',
      asked({}, { facts: { kind: 'empty' }, survey: { ...survey, freeBytes: 10 * MB } }),
      /10 MB free .* needs 564 MB/,
    ],
  ])('%s', (code, input, says) => {
    const refused = preflight(input);
    expect(refused?.code).toBe(code);
    expect(refused?.message).toMatch(says);
  });
  it('a pause that is over holds nobody up', () =>
    expect(preflight(asked({ record: { ...record, pause: { requestId: 'p', untilWallMs: 999, why: '' } } }))).toBeNull());
  it('an operator may give up what a node holds on a timeline of nobody', () =>
    expect(preflight(asked({ discardUnknown: true }, { facts: stopped({ timeline: 5 }) }))).toBeNull());
  it('an operator may give up what is there of another database system, if there is room for a copy beside it', () => {
    const foreign = { facts: stopped({ systemId: '42' }) };
    expect(preflight(asked({ discardUnknown: true }, foreign))).toBeNull();
    const full = { ...foreign, survey: { ...survey, freeBytes: 10 * MB } };
    expect(preflight(asked({ discardUnknown: true }, full))?.code).toBe('DISK_TOO_SMALL');
    const plan = planRecover(asked({ discardUnknown: true }, foreign));
    expect(plan).toMatchObject({ cause: 'foreign', method: 'basebackup', setsAside: true, bytes: 500 * MB });
  });
  it('whoever only follows needs no room', () =>
    expect(preflight(asked({}, { survey: { ...survey, freeBytes: 0 } }))).toBeNull());
  it('a damaged directory says nothing of the system it belonged to', () =>
    expect(preflight(asked({}, { facts: stopped({ state: 'incomplete', systemId: '', timeline: 1 }) }))).toBeNull());
});

describe('a dry run', () => {
  const standby = stopped({ state: 'standby', walEnd: lsn(900) });
  it.each<[string, PreflightInput, string, number | null, RegExp]>([
    // What changed since the fork, and every segment of WAL that the Master has.
    ['a crashed Master is rewound', asked(), 'rewind', 16 * MB + 4_800, /0\/3E8 to 0\/708 on timeline 1/],
    [
      'a crashed Master that wrote nothing more is rewound, and no range is told',
      asked({}, { facts: stopped({ walEnd: lsn(1_000) }) }),
      'rewind',
      16 * MB + 4_000,
      /left the old timeline$/,
    ],
    ['who stopped before the fork follows', asked({}, { facts: standby }), 'follow', 4_100, /is a part of/],
    ['what was wiped is copied', asked({}, { facts: { kind: 'empty' } }), 'basebackup', 500 * MB, /no data directory/],
    [
      'what was damaged is copied',
      asked({}, { facts: stopped({ state: 'incomplete', damage: 'pg_control is damaged' }) }),
      'basebackup',
      500 * MB,
      /pg_control is damaged/,
    ],
    ['a bad page is copied over', asked({}, { survey: { ...survey, damage: '1 pages' } }), 'basebackup', 500 * MB, /1 pages/],
    [
      'who needs WAL that is gone is copied',
      asked({}, { facts: standby }, { survey: { ...survey, databaseBytes: 7, oldestWal: lsn(950) } }),
      'basebackup',
      7,
      /no longer has the WAL from 0\/384 on/,
    ],
  ])('%s', (_, input, method, bytes, why) => {
    const plan = planRecover(input);
    expect(plan).toMatchObject({ method, bytes, refusals: [] });
    expect(plan.why).toMatch(why);
    expect(planText(plan)).toContain(`by ${method}`);
  });
  it('says a refusal as a refusal', () => {
    const plan = planRecover(asked({ quorum: false }));
    expect(planText(plan)).toMatch(/^recover of a would be refused: no majority .*\(NO_QUORUM\)$/);
    expect(plan.phases).toEqual([]);
  });
  it('names the WAL that would be given up', () =>
    expect(planRecover(asked()).discards).toEqual({ from: '0/3E8', to: '0/708', bytes: 800, timeline: 1 }));
  it('gives nothing up where nothing diverged', () =>
    expect(planRecover(asked({}, { facts: standby }))).toMatchObject({ cause: 'stopped', discards: null, setsAside: false }));
  it.each<[RecoverCause, PreflightInput]>([
    ['diverged', asked()],
    ['no-data', asked({}, { facts: { kind: 'empty' } })],
    ['damaged', asked({}, { survey: { ...survey, damage: '1 pages' } })],
    ['interrupted', asked({}, { facts: stopped({ state: 'incomplete' }) })],
    ['consensus-log-lost', { ...asked({}, { facts: standby }), logLost: true }],
    ['running', asked({}, { facts: { kind: 'hung', failures: 3, wasPrimary: true } })],
    ['unknown', asked({}, { facts: { kind: 'unknown' } })],
  ])('knows the cause %s', (cause, input) => expect(planRecover(input).cause).toBe(cause));
  it.each<[string, PostgresFacts, RegExp, readonly string[]]>([
    ['the node has not looked', { kind: 'unknown' }, /^a has not looked at its database yet: ask again/, ['decide']],
    ['its volume hangs', { kind: 'unreadable' }, /^the data directory of a cannot be read: /, ['decide']],
    ['its PostgreSQL is still coming up', { kind: 'starting', progress: '' }, /^PostgreSQL of a is starting: /, ['decide']],
    ['its PostgreSQL hangs', { kind: 'hung', failures: 3, wasPrimary: true }, /is stopped first/, ['quiesce', 'decide']],
    ['its PostgreSQL still writes', primary, /is stopped first/, ['quiesce', 'decide']],
  ])('names no method while it cannot be known: %s', (_, facts, why, first) => {
    const plan = planRecover(asked({}, { facts }));
    expect(plan).toMatchObject({ method: null, bytes: null, discards: null, refusals: [], setsAside: false });
    expect(plan.why).toMatch(why);
    expect(plan.phases.map(({ phase }) => phase)).toEqual([...first, 'prepare', 'start', 'join']);
    expect(planText(plan)).toContain('a would be brought back to b, by which method cannot be told yet: ');
    expect(RecoverPlanSchema.parse(plan)).toEqual(plan);
  });
  it('knows who was switched off', () => {
    const input = asked({}, { facts: standby });
    const fenced = [{ node: a, epoch: epoch(2), evidence: 'read back off' }];
    expect(planRecover({ ...input, record: { ...input.record, fenced } }).cause).toBe('fenced');
  });
  it('tells every refusal at once, and what would be done all the same', () => {
    const input = asked({}, { facts: { kind: 'empty' }, survey: { ...survey, freeBytes: 1 } });
    const pause = { requestId: 'p', untilWallMs: 9e12, why: 'upgrade' };
    const plan = planRecover({ ...input, record: { ...input.record, pause } });
    expect(plan.refusals.map(({ code }) => code)).toEqual(['PAUSED', 'DISK_TOO_SMALL']);
    expect(plan).toMatchObject({ cause: 'no-data', method: 'basebackup', phases: [] });
    expect(RecoverPlanSchema.parse(plan)).toEqual(plan);
  });
});

const look = (more: Partial<RecoverLook> = {}): RecoverLook => ({
  ...{ node: a, nowMs: 0, wallMs: 0, request: { requestId: 'r1', state: 'open' }, source: b as NodeId | null, informed: true },
  ...{ member: 'voter', facts: stopped(), busy: null, copying: null, role: 'STOPPED', why: 'because', inSyncSet: false },
  ...{ isOwner: false, lagBytes: 0, damage: null, levels: { here: 0, there: 0, lost: 0 }, level: false, failing: null },
  ...more,
});
const standby = (receiver: 'streaming' | 'connecting'): PostgresFacts => ({
  ...{ kind: 'standby', timeline: 2, systemId: SYSTEM, walEnd: lsn(5_000), replayLsn: lsn(5_000), receiver, follows: b },
});
const back = { facts: standby('streaming'), inSyncSet: true, request: { requestId: 'r1', state: 'done' as const } };

describe('the phase is told from facts alone', () => {
  it.each<[string, Partial<RecoverLook>]>([
    ['preflight', { informed: false }],
    ['preflight', { source: null }],
    ['quiesce', { facts: { kind: 'hung', failures: 3, wasPrimary: true } }],
    ['quiesce', { facts: primary }],
    ['quiesce', { busy: 'pg.stop' }],
    ['decide', {}],
    ['decide', { facts: { kind: 'empty' } }],
    ['prepare', { busy: 'pg.rewind', copying: { stage: 'prepare', detail: '', bytes: 0, totalBytes: null } }],
    ['rewind', { busy: 'pg.rewind', copying: { stage: 'copy', detail: '', bytes: 1, totalBytes: 2 } }],
    ['rebuild', { busy: 'pg.baseBackup', copying: { stage: 'copy', detail: '', bytes: 1, totalBytes: 2 } }],
    ['start', { busy: 'pg.startStandby' }],
    ['start', { facts: { kind: 'starting', progress: '' } }],
    ['start', { facts: standby('connecting') }],
    ['start', { facts: standby('streaming'), lagBytes: 100 * MB }],
    ['consensus', { facts: standby('streaming'), member: 'learner' }],
    ['join', { facts: standby('streaming') }],
    ['join', back],
    ['report', { ...back, level: true }],
  ])('%s: %j', (phase, more) => expect(phaseOf(look(more), 'decide').phase).toBe(phase));
  it('stays where it was between two looks', () =>
    expect(phaseOf(look({ facts: { kind: 'unknown' } }), 'rewind').phase).toBe('rewind'));
  it('with `strict` is not done before the join, though the node never left the sync set', () =>
    expect(phaseOf(look({ ...back, request: { requestId: 'r1', state: 'open' }, level: true }), 'start').phase).toBe('join'));
});

describe('the journal of a recover', () => {
  const through = (report: RecoverReport, ...looks: readonly Partial<RecoverLook>[]) =>
    looks.reduce((so, more) => advance(so, look(more), 100), report);
  const rewinding = {
    busy: 'pg.rewind',
    why: 'went past the fork',
    copying: { stage: 'copy', detail: '', bytes: 3, totalBytes: 9 },
  } as const;
  const outcome = {
    ...{ bytes: 9, discarded: { from: lsn(1_000), to: lsn(1_800), timeline: 1 }, keptWal: '/kept', setAside: null },
    ...{ archived: 2, look: [] },
  };

  it('holds phases with times, method and why, what was discarded and where it is, and stays what the protocol says', () => {
    const copying = through(begin(look(), 'r1'), {}, rewinding, rewinding);
    expect(copying).toMatchObject({ phase: 'rewind', method: 'rewind', why: 'went past the fork', bytes: 3, totalBytes: 9 });
    const done = through(copied(copying, outcome), { facts: standby('connecting') }, { ...back, level: true, wallMs: 4_000 });
    expect(done).toMatchObject({ state: 'done', totalMs: 4_000, method: 'rewind', archived: 2 });
    expect(done.discarded).toEqual({ from: '0/3E8', to: '0/708', bytes: 800, timeline: 1 });
    expect(done.phases.map(({ phase, ms }) => [phase, ms])).toEqual([
      ['preflight', 100],
      ['decide', 100],
      ['rewind', 200],
      ['start', 100],
      ['report', 0],
    ]);
    expect(done.look.join()).toMatch(/WAL 0\/3E8 to 0\/708 of timeline 1 was only on a .*\/kept/);
    expect(RecoverReportSchema.parse(JSON.parse(JSON.stringify(done)))).toEqual(done);
  });
  it('keeps why it went this way: what is decided while the server runs in the middle of a rewind is about that', () =>
    expect(through(begin(look(), 'r'), rewinding, { ...rewinding, why: 'a start is always in recovery' })).toMatchObject({
      method: 'rewind',
      why: 'went past the fork',
    }));
  it('tells the dearest way that was gone', () =>
    expect(through(begin(look(), 'r'), rewinding, { busy: 'pg.baseBackup', why: 'the rewind failed' })).toMatchObject({
      method: 'basebackup',
      why: 'the rewind failed',
    }));
  it('is a follow when nothing had to be copied', () =>
    expect(through(begin(look(), 'r'), { busy: 'pg.startStandby' }, { ...back, level: true })).toMatchObject({
      method: 'follow',
      state: 'done',
    }));
  it('goes on after a restart, and counts it', () => {
    const before = through(begin(look(), 'r'), rewinding);
    const after = through(resume(before), { facts: { kind: 'unknown' } }, {});
    expect(after).toMatchObject({ resumed: 1, state: 'running', phase: 'decide', startedAt: before.startedAt });
    expect(resume({ ...before, state: 'done' }).resumed).toBe(0);
  });
  it('tells a failure after three tries, and a success after all', () => {
    const failing = { action: 'pg.baseBackup', code: 'DISK_TOO_SMALL', count: 3 };
    const failed = through(tried(begin(look(), 'r'), 'pg.baseBackup', 'DISK_TOO_SMALL', 'no room'), { failing });
    expect(failed.state).toBe('failed');
    expect(failed.detail).toContain('DISK_TOO_SMALL');
    expect(through(failed, { ...rewinding, busy: 'pg.baseBackup' }).state).toBe('running');
    expect(through(begin(look(), 'r'), { failing: { ...failing, count: 2 } }).state).toBe('running');
    expect(through(begin(look(), 'r'), { role: 'HALT' }).state).toBe('failed');
  });
  it('names what a receiver lost before anything else happens (ruling 15)', () => {
    expect(begin(look({ levels: { here: 3, there: 0, lost: 7 } }), 'r')).toMatchObject({
      journals: { atStart: { here: 3, there: 0, lost: 7 } },
      look: [expect.stringContaining('7 records')],
    });
    expect(begin(look({ levels: { here: null, there: 0, lost: 0 } }), 'r').look[0]).toMatch(/receiver of a was not heard/);
  });
  it('is written down at each step, not at each byte', () => {
    const one = through(begin(look(), 'r'), rewinding);
    const two = through(one, { ...rewinding, copying: { ...rewinding.copying, bytes: 8 } });
    expect(isStep(null, one)).toBe(true);
    expect(isStep(one, two)).toBe(false);
    expect(isStep(two, through(two, { facts: standby('connecting') }))).toBe(true);
    expect(isStep(two, copied(two, outcome))).toBe(true);
  });
  it('changes no more once it is done', () => {
    const done = through(begin(look(), 'r'), { ...back, level: true });
    expect(advance(done, look(rewinding), 100)).toBe(done);
  });
});

describe('rate and time left', () => {
  const course = (...points: readonly (readonly [number, number])[]): Samples =>
    points.reduce<Samples>((so, [atMs, bytes]) => addSample(so, atMs, bytes), []);
  it('are those of the last seconds', () => {
    const samples = course([0, 0], [10_000, 0], [11_000, 1_000], [12_000, 2_000]);
    expect(bytesPerSecond(samples)).toBe(1_000);
    expect(etaMs(5_000, bytesPerSecond(samples))).toBe(5_000);
  });
  it('are not told too early', () => {
    expect(bytesPerSecond(course([0, 0], [199, 500]))).toBeNull();
    expect(etaMs(10, null)).toBeNull();
    expect(etaMs(10, 0)).toBeNull();
  });
  it('begin anew with another copy', () => expect(bytesPerSecond(course([0, 500], [1_000, 900], [2_000, 10]))).toBeNull());
});
