import type { MessageRow } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { Tail } from './tail.js';
import { TailCursor } from './tail-cursor.js';

const rows = (from: number, through: number, journal = 'a-1-abcd') =>
  Array.from(
    { length: through - from + 1 },
    (_, at) => ({ id: `${1_000 + from + at}.${journal}.${from + at}`, text: `m${from + at}` }) as MessageRow,
  );
const any = () => true;
const drained = (tail: Tail) => {
  const events = [];
  for (let event = tail.next(); event !== null; event = tail.next()) events.push(event);
  return events;
};
const textsOf = (events: ReturnType<typeof drained>) =>
  events.flatMap(({ body }) => ((body as { rows?: MessageRow[] }).rows ?? []).map(({ text }) => text));

describe('where a tail has come', () => {
  it('is said with every event, and read back', () => {
    const tail = new Tail(new TailCursor(1_000, [{ journalId: 'b-1-abcd', seq: 7 }]), any);
    tail.live([...rows(1, 2), ...rows(8, 9, 'b-1-abcd')], 0);
    const [event] = drained(tail);
    expect(event!.id).toBe('1009;a-1-abcd:2,b-1-abcd:9');
    const cursor = TailCursor.parse(event!.id);
    expect([cursor.toString(), cursor.newestMs]).toEqual([event!.id, 1]);
    expect(cursor.batch).toBeNull();
    expect(['1.a-1-abcd.2', '1.a-1-abcd.3', '1.b-1-abcd.9', '1.c-1-abcd.1'].map((id) => cursor.isNews(id))).toEqual([
      ...[false, true, false, true],
    ]);
  });
  it('names the batch through which all that was stored late was sent, and no later one', () => {
    const tail = new Tail(TailCursor.parse('1000;a-1-abcd:3;7'), any);
    tail.backlog(rows(4, 5), false, 9);
    tail.live(rows(6, 1_000), 0, 12);
    const events = drained(tail);
    expect(events.map(({ id }) => id.split(';')[2])).toEqual(['7', '12']);
    expect([TailCursor.parse(events[1]!.id).batch, TailCursor.parse('5;').batch]).toEqual([12, null]);
  });
  it('forgets the journal of which nothing came for longest, though it is the newest', () => {
    const cursor = new TailCursor(5, [{ journalId: 'b-99-abcd', seq: 3 }]);
    for (let at = 10; at < 22; at++) {
      cursor.take(`9.a-${at}-abcd.1`);
      cursor.take('9.a-10-abcd.2');
    }
    expect(['9.a-10-abcd.2', '9.a-21-abcd.1', '9.b-99-abcd.3'].map((id) => cursor.isNews(id))).toEqual([false, false, true]);
  });
  it('holds the newest journals only, and begins with none', () => {
    const cursor = TailCursor.parse('5;');
    for (let at = 10; at < 40; at++) cursor.take(`9.a-${at}-abcd.1`);
    expect(cursor.toString().split(',')).toHaveLength(12);
    expect(cursor.isNews('9.a-39-abcd.1')).toBe(false);
  });
  it.each(['', 'x', '5', '5;a:1', `5;${'a'.repeat(99)}-1-abcd:1`])('cannot be %j', (text) =>
    expect(() => TailCursor.parse(text)).toThrow('last-event-id'),
  );
});

describe('what a client of the tail gets', () => {
  it('is each row once, though the backlog and the live rows overlap', () => {
    const tail = new Tail(TailCursor.parse('1000;a-1-abcd:3'), any);
    tail.backlog(rows(2, 8), false);
    tail.live(rows(7, 10), 0);
    expect(textsOf(drained(tail))).toEqual(['m4', 'm5', 'm6', 'm7', 'm8', 'm9', 'm10']);
  });
  it('is nothing of what it had before, though that is told once more', () => {
    const tail = new Tail(TailCursor.parse('1000;a-1-abcd:3'), any);
    tail.live(rows(2, 4), 0);
    tail.live(rows(5, 5), 0);
    expect(textsOf(drained(tail))).toEqual(['m4', 'm5']);
  });
  it('is what it asked for', () => {
    const tail = new Tail(TailCursor.parse('1000;'), ({ text }) => text.endsWith('2'));
    tail.live(rows(1, 25), 0);
    expect(textsOf(drained(tail))).toEqual(['m2', 'm12', 'm22']);
  });
  it('has a bound: what was left out is counted, and is not sent later either', () => {
    const tail = new Tail(TailCursor.parse('1000;'), any);
    tail.live(rows(1, 2_600), 4);
    const events = drained(tail);
    expect(events[0]).toEqual({ name: 'lagging', body: { skipped: 604, atLeast: false }, id: '1600;a-1-abcd:600' });
    expect(textsOf(events)).toHaveLength(2_000);
    expect(events.at(-1)!.id).toBe('3600;a-1-abcd:2600');
  });
  it('says that more was left out than could be read', () => {
    const tail = new Tail(TailCursor.parse('1000;'), any);
    tail.backlog(rows(5, 6), true);
    expect(drained(tail)[0]).toMatchObject({ name: 'lagging', body: { skipped: 1, atLeast: true } });
  });
});
