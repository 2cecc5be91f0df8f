import { describe, expect, it } from 'vitest';
import { check, examples } from './checker.js';
import type { Acknowledged, Observed, ReadBack } from './types.js';

const ack = (writer: 'sql' | 'api', key: number, atMs: number, holder = 'a#1'): Acknowledged => ({
  writer,
  key,
  atMs,
  holder,
  attempts: 1,
});
const observed = (change: Partial<Observed> = {}): Observed => ({
  acknowledged: [ack('sql', 1, 10), ack('sql', 2, 20), ack('api', 1, 15)],
  masterAnswers: [],
  messagesSent: 3,
  ...change,
});
const held = (change: Partial<ReadBack> = {}): ReadBack => ({
  node: 'a',
  keys: { sql: [1, 2], api: [1] },
  messageNumbers: [1, 2, 3],
  ...change,
});

describe('the checker', () => {
  it('finds an append write that is there twice, whether its outcome was known or not, and one that is missing', () => {
    const told = observed({
      acknowledged: [...observed().acknowledged, { ...ack('sql', 7, 30), writer: 'append' as const }],
      unknown: [8],
    });
    const keys = (append: readonly number[]) => held({ keys: { sql: [1, 2], api: [1], append } });
    expect(check(told, [keys([7])]).violations).toEqual([]);
    expect(check(told, [keys([7, 8])]).violations).toEqual([]);
    expect(check(told, [keys([7, 8, 8])]).violations).toEqual(['1 append writes are there more than once on a: 8']);
    expect(check(told, [keys([8])]).violations).toEqual(['1 acknowledged append writes are missing on a: 7']);
  });

  it('excuses missing messages only where nobody could hear them', () => {
    const deaf = observed({ messagesSent: 4, unheard: { from: 2, to: 3 } });
    expect(check(deaf, [held({ messageNumbers: [1, 4] })]).violations).toEqual([]);
    expect(check(deaf, [held({ messageNumbers: [1] })]).violations).toEqual(['1 messages are missing on a: 4']);
  });

  it('finds nothing when everything is where it should be, however the rows are ordered', () => {
    const verdict = check(observed(), [
      held(),
      held({ node: 'b', messageNumbers: [3, 1, 2], keys: { sql: [2, 1, 3], api: [1] } }),
    ]);
    expect(verdict).toEqual({
      writesAcknowledged: 3,
      writesLost: 0,
      messagesSent: 3,
      messagesLost: 0,
      messagesDoubled: 0,
      twoMastersMs: 0,
      violations: [],
    });
  });
  it('finds an acknowledged SQL row that only one node holds', () => {
    const verdict = check(observed(), [held(), held({ node: 'b', keys: { sql: [1], api: [1] } })]);
    expect(verdict.writesLost).toBe(1);
    expect(verdict.violations).toEqual(['1 acknowledged sql writes are missing on b: 2']);
  });
  it('finds an acknowledged API write that no node holds, and counts it once', () => {
    const without = { keys: { sql: [1, 2], api: [] } };
    const verdict = check(observed(), [held(without), held({ node: 'b', ...without })]);
    expect(verdict.writesLost).toBe(1);
    expect(verdict.violations).toHaveLength(2);
  });
  it('allows a row whose outcome the client never learnt', () => {
    expect(check(observed(), [held({ keys: { sql: [1, 2, 77], api: [1, 99] } })]).violations).toEqual([]);
  });
  it('finds a lost message', () => {
    const verdict = check(observed(), [held({ messageNumbers: [1, 3] })]);
    expect([verdict.messagesLost, verdict.violations]).toEqual([1, ['1 messages are missing on a: 2']]);
  });
  it('finds a doubled message, even when another is lost', () => {
    const verdict = check(observed(), [held({ messageNumbers: [1, 3, 3] })]);
    expect([verdict.messagesLost, verdict.messagesDoubled]).toEqual([1, 1]);
  });
  it('finds a message that was never sent', () =>
    expect(check(observed(), [held({ messageNumbers: [1, 2, 3, 4] })]).violations).toEqual([
      '1 messages on a were never sent: 4',
    ]));
  it('finds two Masters', () => {
    const acknowledged = [
      ack('sql', 1, 10, 'a#timeline 1'),
      ack('sql', 2, 20, 'b#timeline 2'),
      ack('sql', 3, 25, 'a#timeline 1'),
    ];
    const verdict = check(observed({ acknowledged }), [held({ keys: { sql: [1, 2, 3], api: [] } })]);
    expect([verdict.twoMastersMs, verdict.violations.length]).toEqual([1, 1]);
  });
  it('is not content when nothing could be read', () =>
    expect(check(observed(), []).violations).toEqual(['no node could be read back']));
});

it('names neighbours as ranges', () => expect(examples([9, 1, 2, 3, 5])).toBe('1-3, 5, 9'));
