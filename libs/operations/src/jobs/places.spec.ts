import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Places } from './places.js';
import type { PlaceKey, Want } from './step-types.js';

const key = (job: string, id = 'q'): PlaceKey => ({ of: 'queue', id, session: 's', job });
const want = (job: string, more: Partial<Want> = {}): Want => ({
  key: key(job),
  priority: 0,
  sinceMs: 0,
  has: false,
  waits: true,
  within: [],
  ...more,
});
const places = (concurrency: number, capacity = 10) => new Places(() => ({ concurrency, capacity }));
const said = (answers: readonly { kind: string; key: PlaceKey }[]) => answers.map(({ kind, key: { job } }) => `${kind} ${job}`);

describe('places', () => {
  it('are given in the order in which they were wanted, those of higher priority first', () => {
    const queue = places(1);
    expect(said(queue.want(want('a')))).toEqual(['granted a']);
    for (const each of [want('b', { sinceMs: 2 }), want('c', { sinceMs: 1 }), want('d', { sinceMs: 3, priority: 1 })])
      expect(queue.want(each)).toEqual([]);
    expect(['a', 'd', 'c', 'b'].map((job) => said(queue.leave(key(job))))).toEqual([
      ['granted d'],
      ['granted c'],
      ['granted b'],
      [],
    ]);
    expect(queue.view()).toEqual([]);
  });

  it('are refused where there is no room to wait, or nobody wants to', () => {
    const queue = places(1, 1);
    queue.want(want('a'));
    queue.want(want('b'));
    expect(said(queue.want(want('c')))).toEqual(['refused c']);
    expect(said(places(0).want(want('c', { waits: false })))).toEqual(['refused c']);
  });

  it('are there after a take-over for those who had them, beyond the limit, too', () => {
    const queue = places(1);
    for (const job of ['a', 'b']) expect(queue.want(want(job, { has: true }))).toEqual([]);
    expect(queue.want(want('c'))).toEqual([]);
    expect([said(queue.leave(key('a'))), said(queue.leave(key('b')))]).toEqual([[], ['granted c']]);
  });

  it('become more when the limit does', () => {
    let concurrency = 0;
    const queue = new Places(() => ({ concurrency, capacity: 5 }));
    queue.want(want('a'));
    concurrency = 1;
    expect(said(queue.refresh())).toEqual(['granted a']);
  });

  it('are stuck where each belongs to a jobnet that waits for somebody in a queue', () => {
    const queue = places(1);
    queue.want(want('net'));
    queue.want(want('net/job', { within: ['net'], sinceMs: 5 }));
    expect(queue.stuck(600_004, 600_000)).toEqual([]);
    expect(queue.stuck(600_005, 600_000)).toEqual([{ id: 'q', sinceMs: 5, waiting: 1, holders: ['s/net'] }]);
    const other = places(1);
    other.want(want('net'));
    other.want(want('job', { sinceMs: 5 }));
    expect(other.stuck(600_005, 600_000)).toEqual([]);
  });

  it('never are more than the limit by grants, nobody waits beside a free one, and nobody is passed over', () => {
    const act = fc.record({ job: fc.constantFrom('a', 'b', 'c', 'd', 'e'), leaves: fc.boolean() });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 }), fc.array(act, { maxLength: 40 }), (concurrency, acts) => {
        const queue = places(concurrency, 100);
        let sinceMs = 0;
        for (const { job, leaves } of acts) {
          const before = queue.view()[0]?.waiting.map((each) => each.key.job) ?? [];
          const granted = (leaves ? queue.leave(key(job)) : queue.want(want(job, { sinceMs: sinceMs++ }))).map(
            (each) => each.key.job,
          );
          const [room] = queue.view();
          const order = [...before.filter((each) => !(leaves && each === job)), ...(leaves || before.includes(job) ? [] : [job])];
          expect(order.slice(0, granted.length)).toEqual(granted);
          if (room === undefined) continue;
          expect(room.holders.length).toBeLessThanOrEqual(concurrency);
          if (room.waiting.length > 0) expect(room.holders.length).toBe(concurrency);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a line of very many that wait', () => {
  const ROOM = 100_000;
  const COUNT = 30_000;

  it('takes each one more, and lets each go, without going through all of them', () => {
    const queue = places(1, ROOM);
    // All of one instant, as of a session that begins: their names decide. Gone through each time, they would take minutes.
    for (let at = 0; at < COUNT; at++) queue.want(want(`j${at}`));
    for (let at = 1; at < COUNT; at += 2) queue.leave(key(`j${at}`));
    expect(queue.view()[0]?.waiting).toHaveLength(COUNT / 2 - 1);
  });

  it('stands in the same order, whoever came first', () => {
    const jobs = fc.uniqueArray(fc.record({ job: fc.stringMatching(/^[a-e]{1,3}$/), priority: fc.nat(2), sinceMs: fc.nat(3) }), {
      selector: ({ job }) => job,
      maxLength: 30,
    });
    fc.assert(
      fc.property(jobs, jobs, (some, gone) => {
        const queue = places(0, ROOM);
        for (const each of some) queue.want(want(each.job, each));
        for (const { job } of gone) queue.leave(key(job));
        const left = some.filter(({ job }) => !gone.some((each) => each.job === job));
        left.sort((a, b) => b.priority - a.priority || a.sinceMs - b.sinceMs || (a.job < b.job ? -1 : 1));
        expect((queue.view()[0]?.waiting ?? []).map((each) => each.key.job)).toEqual(left.map(({ job }) => job));
      }),
    );
  });
});
