import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EMPTY_WINDOW,
  MERGE_LIMITS,
  type MergeLimits,
  type MergeRecord,
  mergeBegin,
  mergeHeld,
  mergeStep,
  mergeWindow,
  needsLookup,
} from './merge.js';

/** What PostgreSQL does, in the least that shows: rows by key, side table, positions and window, changed all at once. */
class Table {
  rows = new Map<string, { at: MergeRecord; seenBy: readonly string[] }>();
  seenAlso = new Map<string, string>();
  positions = new Map<string, number>();
  window = EMPTY_WINDOW;
  keyHits = 0;
  /** `node: received/matched/unpaired`. */
  counts = new Map<string, [number, number, number]>();
}
const key = (ref: { journalId: string; seq: number }) => `${ref.journalId} ${ref.seq}`;

/** The ingest loop without its I/O. Throwing its state away and beginning again is what a crash does. */
class Ingest {
  state;
  read = new Map<string, number>();
  lookups = 0;
  readonly table: Table;
  readonly journals: Readonly<Record<string, readonly MergeRecord[]>>;
  constructor(table: Table, journals: Readonly<Record<string, readonly MergeRecord[]>>, limits: Partial<MergeLimits> = {}) {
    this.table = table;
    this.journals = journals;
    this.state = mergeBegin(['a', 'b'], table.window, { ...MERGE_LIMITS, ...limits });
    for (const node of ['a', 'b']) this.read.set(node, table.positions.get(`j${node}`) ?? 0);
  }
  take(node: string, count: number, nowMs: number): void {
    const from = this.read.get(node) ?? 0;
    const records = (this.journals[node] ?? []).slice(from, from + count);
    const questions = needsLookup(this.state, records);
    const lone = questions.flatMap((question) =>
      [...this.table.rows.values()]
        .filter((row) => row.seenBy.length === 1 && !this.table.seenAlso.has(key(row.at)) && row.at.node === question.node)
        // The database does not say whose they are, or whether they come again.
        .map(({ at: { source: _, comesAgain: __, ...at } }) => at)
        .filter(
          (at) =>
            at.content !== null &&
            question.contents.includes(at.content) &&
            at.atUs >= question.fromUs &&
            at.atUs - (at.lateByUs ?? 0) <= question.throughUs &&
            (question.onlyLate !== true || (at.lateByUs ?? 0) > 0),
        ),
    );
    this.lookups += questions.length;
    this.state = mergeStep(this.state, { kind: 'records', records, lone, nowMs }).state;
    this.read.set(node, from + records.length);
  }
  /** @param commits false: the transaction never happened, as in a crash before COMMIT. */
  flush(nowMs: number, peerUp: boolean, max = 1_000, commits = true): void {
    const { state, effects } = mergeStep(this.state, { kind: 'flush', nowMs, peerUp, max });
    this.state = state;
    if (!commits) return;
    for (const effect of effects)
      if (effect.kind === 'store') {
        const at = Object.values(this.journals)
          .flat()
          .find((record) => key(record) === key(effect.record));
        if (at === undefined) throw new Error('no such record');
        if (this.table.rows.has(key(at))) this.table.keyHits++;
        this.table.rows.set(key(at), { at, seenBy: effect.seenBy });
      } else if (effect.kind === 'seenAlso') {
        if (this.table.seenAlso.has(key(effect.of))) throw new Error('a row got two partners');
        this.table.seenAlso.set(key(effect.of), key(effect.copy));
      } else if (effect.kind === 'advance') this.table.positions.set(effect.journalId, effect.seq);
      else
        for (const { source, node, received, matched, unpaired } of effect.tallies) {
          expect(source).toBe('s');
          const [r, m, u] = this.table.counts.get(node) ?? [0, 0, 0];
          this.table.counts.set(node, [r + received, m + matched, u + unpaired]);
        }
    this.table.window = JSON.parse(JSON.stringify(mergeWindow(this.state)));
  }
}

type Said = readonly [content: string | null, atMs: number, lateByMs?: number];
const journal = (node: string, entries: readonly Said[]): MergeRecord[] =>
  entries.map(([content, atMs, lateByMs], index) => ({
    ...{ node, journalId: `j${node}`, seq: index + 1, content, atUs: atMs * 1_000, source: 's' },
    ...(lateByMs === undefined ? {} : { lateByUs: lateByMs * 1_000 }),
  }));
const whole = (a: MergeRecord[], b: MergeRecord[], peerUp = true): Table => {
  const table = new Table();
  const ingest = new Ingest(table, { a, b });
  ingest.take('a', 1_000, 0);
  ingest.take('b', 1_000, 0);
  ingest.flush(peerUp ? MERGE_LIMITS.pairingDelayMs : 0, peerUp);
  return table;
};

describe('copies of one message', () => {
  it('become one row that both nodes saw', () => {
    const table = whole(journal('a', [['x', 0]]), journal('b', [['x', 5]]));
    expect([...table.rows.values()].map((row) => row.seenBy)).toEqual([['a', 'b']]);
    expect([...table.positions]).toEqual([
      ['ja', 1],
      ['jb', 1],
    ]);
  });
  it.each([
    [2_000, 1],
    [2_001, 2],
  ])('%d ms apart make %d row(s)', (apart, rows) =>
    expect(whole(journal('a', [['x', 0]]), journal('b', [['x', apart]])).rows.size).toBe(rows),
  );
  it('never pair when they came by the VIP', () =>
    expect(whole(journal('a', [[null, 0]]), journal('b', [[null, 0]])).rows.size).toBe(2));
  it('of one node never pair', () =>
    expect(
      whole(
        journal('a', [
          ['x', 0],
          ['x', 0],
        ]),
        [],
      ).rows.size,
    ).toBe(2));
  it('are compared by corrected times', () => {
    const table = new Table();
    table.window = { ...EMPTY_WINDOW, offsetUs: 3_600_000_000 };
    const ingest = new Ingest(table, { a: journal('a', [['x', 0]]), b: journal('b', [['x', 3_600_000]]) });
    ingest.take('b', 1, 0);
    ingest.take('a', 1, 0);
    ingest.flush(0, true);
    expect(table.rows.size).toBe(1);
  });
});

describe('a record without its copy', () => {
  it.each([
    [199, 0],
    [200, 1],
  ])('after %d ms makes %d row(s) while the peer is up', (nowMs, rows) => {
    const table = new Table();
    const ingest = new Ingest(table, { a: journal('a', [['x', 0]]) });
    ingest.take('a', 1, 0);
    ingest.flush(nowMs, true);
    expect(table.rows.size).toBe(rows);
  });
  it('is stored at once while the peer is down', () => expect(whole(journal('a', [['x', 0]]), [], false).rows.size).toBe(1));
  it('finds its partner after the row was written, from memory', () => {
    const table = new Table();
    const ingest = new Ingest(table, { a: journal('a', [['x', 0]]), b: journal('b', [['x', 0]]) });
    ingest.take('a', 1, 0);
    ingest.flush(200, true);
    ingest.take('b', 1, 300);
    ingest.flush(300, true);
    expect([table.rows.size, [...table.seenAlso], ingest.lookups]).toEqual([1, [['ja 1', 'jb 1']], 0]);
  });
  it('finds it hours later, from the database', () => {
    const table = new Table();
    const hours = Array.from({ length: 100 }, (_, index) => [`m${index}`, index * 60_000] as const);
    const journals = { a: journal('a', hours), b: journal('b', hours) };
    const before = new Ingest(table, journals);
    before.take('a', 100, 0);
    before.flush(0, false);
    const after = new Ingest(table, journals);
    after.take('b', 100, 9e9);
    after.flush(9e9, true);
    expect([table.rows.size, table.seenAlso.size]).toEqual([100, 100]);
  });
});

describe('a copy that was read late', () => {
  it.each([
    ['within the stretch in which it may have come', 4_000, 1],
    ['the window before that stretch', 998, 1],
    ['longer before it', 997, 2],
    ['the window behind its reading', 10_000, 1],
    ['longer behind its reading', 10_001, 2],
  ])('and one that came %s: at %d ms, %d row(s)', (_, at, rows) => {
    const late = () => journal('a', [['x', 8_000, 5_002]]);
    expect(whole(late(), journal('b', [['x', at]])).rows.size).toBe(rows);
    const table = new Table();
    const ingest = new Ingest(table, { a: late(), b: journal('b', [['x', at]]) });
    ingest.take('b', 1, 0);
    ingest.take('a', 1, 0);
    ingest.flush(200, true);
    expect(table.rows.size).toBe(rows);
  });
  it.each([
    [902_000, 1],
    [902_001, 2],
  ])('is taken to be late by 15 minutes at most: %d ms later, %d row(s)', (at, rows) =>
    expect(whole(journal('a', [['x', at, 3_600_000]]), journal('b', [['x', 0]])).rows.size).toBe(rows),
  );
  it('is not the one that is stored: the row has the time of the node that was not frozen', () => {
    const table = whole(journal('a', [['x', 3_500, 3_000]]), journal('b', [['x', 3_600]]));
    expect([...table.rows.values()].map((row) => [row.at.node, row.seenBy])).toEqual([['b', ['a', 'b']]]);
  });
  it('matches one each, though a device said the same thing several times meanwhile', () => {
    const said = [0, 500, 2_600].map((at) => ['x', at] as const);
    const frozen = said.map(([text]) => [text, 3_000, 3_100] as const);
    expect(whole(journal('a', frozen), journal('b', said)).rows.size).toBe(3);
    expect(whole(journal('a', frozen.slice(1)), journal('b', said)).rows.size).toBe(3);
    expect(whole(journal('a', frozen), journal('b', said.slice(1))).rows.size).toBe(3);
  });
  it.each(['a', 'b'])('finds its partner in the database too, when %s was stored long before', (first) => {
    const lines = Array.from({ length: 50 }, (_, index) => [`m${index}`, index * 100] as const);
    const journals = {
      a: journal('a', lines),
      b: journal(
        'b',
        lines.map(([text]) => [text, 5_000, 5_100] as const),
      ),
    };
    const table = new Table();
    const before = new Ingest(table, journals);
    before.take(first, 50, 0);
    before.flush(0, false);
    const after = new Ingest(table, journals);
    after.take(first === 'a' ? 'b' : 'a', 50, 9e9);
    after.flush(9e9, true);
    expect([table.rows.size, table.seenAlso.size]).toEqual([50, 50]);
  });
});

/** INFORMs: copies that come whenever their node answers again. */
const informs = (node: string, entries: readonly Said[]): MergeRecord[] =>
  journal(
    node,
    [...entries].sort((one, two) => one[1] - two[1]).map(([content, at]) => [content, at, 120_000] as const),
  ).map((record) => ({ ...record, comesAgain: true }));

describe('what its sender says again until it is answered', () => {
  it('is one row, though the other node’s copy comes minutes later and much else came between: from memory', () => {
    const table = new Table();
    const else_ = journal(
      'b',
      Array.from({ length: 100 }, (_, index) => [`m${index}`, index * 1_000] as const),
    );
    const late = informs('a', [['x', 100_000]]);
    const ingest = new Ingest(table, {
      a: late,
      b: [...informs('b', [['x', 0]]), ...else_.map((each) => ({ ...each, seq: each.seq + 1 }))],
    });
    ingest.take('b', 101, 0);
    ingest.flush(200, true);
    ingest.flush(100_000, true);
    ingest.take('a', 1, 100_000);
    ingest.flush(100_000, true);
    expect([table.rows.size, [...table.seenAlso.values()], ingest.lookups]).toEqual([101, ['ja 1'], 0]);
  });
  it('and after a restart from the database, of which only what is late is asked', () => {
    const table = new Table();
    const journals = { a: informs('a', [['x', 100_000]]), b: informs('b', [['x', 0]]) };
    const before = new Ingest(table, journals);
    before.take('b', 1, 0);
    before.flush(200, true);
    const after = new Ingest(table, journals);
    expect(needsLookup(after.state, journals.a)).toMatchObject([{ node: 'b', contents: ['x'], onlyLate: true }]);
    after.take('a', 1, 100_000);
    after.flush(100_000, true);
    expect([table.rows.size, [...table.seenAlso.values()]]).toEqual([1, ['ja 1']]);
  });
  it('does not make other records be looked up, or be kept for longer', () => {
    const state = mergeBegin(['a', 'b'], { ...EMPTY_WINDOW, throughUs: { a: 50_000_000, b: 50_000_000 } });
    const [again] = informs('a', [['x', 60_000]]);
    const [plain] = journal('a', [['y', 60_000]]);
    expect(needsLookup(state, [again!, plain!]).map(({ contents }) => contents)).toEqual([['x']]);
  });
});

describe('what the database is asked', () => {
  const asked = (times: readonly (readonly [string, number])[]) => {
    const throughUs = { a: 9_000_000_000, b: 9_000_000_000 };
    const state = mergeBegin(['a', 'b'], { ...EMPTY_WINDOW, throughUs });
    return needsLookup(state, journal('a', times)).map(({ contents, fromUs, throughUs: through }) => [contents, fromUs, through]);
  };
  it('is one stretch of time for lines that follow each other', () =>
    expect(
      asked([
        ['x', 10_000],
        ['y', 12_000],
        ['x', 14_000],
      ]),
    ).toEqual([[['x', 'y'], 8_000_000, 16_000_000]]));
  it('leaves out what lies between lines of before and of now', () =>
    expect(
      asked([
        ['x', 10_000],
        ['y', 1_500_000],
      ]),
    ).toEqual([
      [['x'], 8_000_000, 12_000_000],
      [['y'], 1_498_000_000, 1_502_000_000],
    ]));
});

/** Two equal lists in order, greedily: no more pairs can be made. Independent of how `merge.ts` does it. */
function oracle(a: readonly MergeRecord[], b: readonly MergeRecord[], windowUs: number): number {
  const contents = new Set([...a, ...b].map((record) => record.content));
  let rows = 0;
  for (const content of contents) {
    const stretches = (records: readonly MergeRecord[]) =>
      records.filter((record) => record.content === content).map(({ atUs, lateByUs = 0 }) => [atUs - lateByUs, atUs] as const);
    const left = stretches(a);
    const right = stretches(b);
    let pairs = 0;
    for (let i = 0, j = 0; i < left.length && j < right.length && content !== null; ) {
      if (left[i]![1] + windowUs < right[j]![0]) i++;
      else if (right[j]![1] + windowUs < left[i]![0]) j++;
      else [i, j, pairs] = [i + 1, j + 1, pairs + 1];
    }
    rows += left.length + right.length - pairs;
  }
  return rows;
}

const times = fc.array(fc.tuple(fc.constantFrom('x', 'y', 'z', null), fc.nat(1_500)), { maxLength: 30 });
const ordered = (gaps: readonly (readonly [string | null, number])[]) => {
  let at = 0;
  return gaps.map(([content, gap]) => [content, (at += gap)] as const);
};
/** What a receiver that freezes now and then makes of it: what came while it stood still is read at the end of that. */
const freezes = fc.array(fc.tuple(fc.nat(20_000), fc.integer({ min: 1, max: 9_000 })), { maxLength: 3 });
const frozen = (said: readonly (readonly [string | null, number])[], stops: readonly (readonly [number, number])[]): Said[] => {
  let [from, through] = [-1, -1];
  const merged: [number, number][] = [];
  for (const [at, length] of [...stops].sort((a, b) => a[0] - b[0]))
    if (at > through) merged.push(([from, through] = [at, at + length]));
    else merged[merged.length - 1] = [from, (through = Math.max(through, at + length))];
  return said.map(([content, at]) => {
    const stop = merged.find((each) => each[0] <= at && at < each[1]);
    return stop === undefined ? [content, at] : [content, stop[1], stop[1] - stop[0]];
  });
};
const action = fc.oneof(
  fc.record({ do: fc.constant('read' as const), node: fc.constantFrom('a', 'b'), count: fc.integer({ min: 1, max: 9 }) }),
  fc.record({
    do: fc.constant('flush' as const),
    peerUp: fc.boolean(),
    max: fc.integer({ min: 1, max: 9 }),
    commits: fc.constant(true),
  }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(400) }),
  fc.record({ do: fc.constant('crash' as const), inTransaction: fc.boolean() }),
);

describe('whatever the order of reading, writing and crashing', () => {
  it('n equal at a and m equal at b within the window are max(n, m) messages', () =>
    fc.assert(
      fc.property(fc.nat(8), fc.nat(8), fc.array(action, { maxLength: 30 }), (n, m, actions) => {
        const same = (node: string, count: number) =>
          journal(
            node,
            Array.from({ length: count }, (_, index) => ['x', index] as const),
          );
        expect(play({ a: same('a', n), b: same('b', m) }, actions, {}).rows.size).toBe(Math.max(n, m));
      }),
      { numRuns: 300 },
    ));
  it('a message that reached both nodes is one row, however long either stood still', () =>
    fc.assert(
      fc.property(times, freezes, freezes, fc.array(action, { maxLength: 40 }), (gaps, atA, atB, actions) => {
        const said = ordered(gaps).filter(([content]) => content !== null);
        const table = play({ a: journal('a', frozen(said, atA)), b: journal('b', frozen(said, atB)) }, actions, {});
        expect([table.rows.size, table.keyHits]).toEqual([said.length, 0]);
      }),
      { numRuns: 500 },
    ));
  it('an INFORM that both nodes got is one row, whenever each got it', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(60_000), fc.nat(100_000), fc.nat(100_000)), { maxLength: 20 }),
        fc.array(action, { maxLength: 40 }),
        fc.constantFrom({}, { maxOpen: 1 }, { openAgainMs: 1 }),
        (said, actions, limits) => {
          const at = (which: 1 | 2) => said.map((each, index) => [`m${index}`, each[0] + each[which]] as const);
          const table = play({ a: informs('a', at(1)), b: informs('b', at(2)) }, actions, limits);
          expect([table.rows.size, table.keyHits]).toEqual([said.length, 0]);
        },
      ),
      { numRuns: 500 },
    ));
  it('as many rows come out as the oracle says, every record is consumed, and no key is hit twice', () =>
    fc.assert(
      fc.property(
        times,
        times,
        fc.tuple(freezes, freezes),
        fc.array(action, { maxLength: 40 }),
        fc.constantFrom({}, { maxOpen: 1 }, { openMs: 1 }),
        (left, right, [atA, atB], actions, limits) => {
          const journals = { a: journal('a', frozen(ordered(left), atA)), b: journal('b', frozen(ordered(right), atB)) };
          const table = play(journals, actions, limits);
          expect(table.rows.size).toBe(oracle(journals.a, journals.b, MERGE_LIMITS.windowUs));
          expect(table.keyHits).toBe(0);
          expect([table.positions.get('ja') ?? 0, table.positions.get('jb') ?? 0]).toEqual([left.length, right.length]);
          expect(table.window.claims).toEqual([]);
          const seen = [...table.rows.values()].reduce((sum, row) => sum + row.seenBy.length, 0) + table.seenAlso.size;
          expect(seen).toBe(left.length + right.length);
          const pairs = left.length + right.length - table.rows.size;
          for (const [node, said] of [['a', left] as const, ['b', right] as const])
            if (said.length > 0)
              expect(table.counts.get(node)).toEqual([said.length, pairs, said.filter(([content]) => content === null).length]);
        },
      ),
      { numRuns: 1_500 },
    ));
});

type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;
function play(
  journals: Readonly<Record<string, readonly MergeRecord[]>>,
  actions: readonly Action[],
  limits: Partial<MergeLimits>,
): Table {
  const table = new Table();
  let ingest = new Ingest(table, journals, limits);
  let nowMs = 0;
  for (const each of actions)
    if (each.do === 'read') ingest.take(each.node, each.count, nowMs);
    else if (each.do === 'flush') ingest.flush(nowMs, each.peerUp, each.max);
    else if (each.do === 'wait') nowMs += each.ms;
    else {
      if (each.inTransaction) ingest.flush(nowMs, false, 5, false);
      ingest = new Ingest(table, journals, limits);
    }
  for (const node of ['a', 'b']) ingest.take(node, 1_000, nowMs);
  while (mergeHeld(ingest.state) > 0) ingest.flush((nowMs += 1_000), true, 7);
  return table;
}
