import { type Lsn, lsn, nodeId } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { conninfo } from './conninfo.js';
import { recordEnd, stoppedState } from './control-data.js';
import { forkPoint, forksOf, parseHistory } from './history.js';
import { parseSynchronousNames, synchronousNames } from './settings.js';

const [A, B] = [nodeId('a'), nodeId('b')];

describe('synchronous names', () => {
  it.each([[[]], [[A]], [[A, B]]])('of %j are read back as written', (names) =>
    expect(parseSynchronousNames(synchronousNames(names))).toEqual(names),
  );
  it('demand every name, exactly', () => expect(synchronousNames([A, B])).toBe('2 ("yosugara_a", "yosugara_b")'));
  it.each(['*', 'yosugara_a', '1 ("yosugara_a", "yosugara_b")', 'ANY 1 ("yosugara_a")', '1 ("other")', '1 (*)'])(
    '%s is not ours',
    (text) => expect(parseSynchronousNames(text)).toBeNull(),
  );
});

describe('lineage', () => {
  const history = parseHistory('1\t0/3000000\tno recovery target specified\n\n2\t0/5000148\tno recovery target specified\n');
  it('reads a history file', () =>
    expect(history).toEqual([
      { timeline: 1, end: 0x3000000 },
      { timeline: 2, end: 0x5000148 },
    ]));
  it('says where each timeline left its parent', () =>
    expect(forksOf(history, 3)).toEqual([
      { timeline: 2, forkLsn: 0x3000000 },
      { timeline: 3, forkLsn: 0x5000148 },
    ]));
  const at = (timeline: number, end: number) => ({ timeline, end: end as Lsn });
  it.each([
    ['we stayed on 1, they left it', [], 1, [at(1, 100)], 2, 100],
    ['both left 1, we earlier', [at(1, 50)], 3, [at(1, 100)], 2, 50],
    ['we are ahead on their line', [at(1, 100)], 2, [at(1, 100), at(2, 200)], 3, 200],
    ['the same line', [at(1, 100)], 2, [at(1, 100)], 2, null],
    ['nothing in common', [], 5, [], 4, 0],
  ] as const)('parts: %s', (_, ours, our, theirs, their, fork) => expect(forkPoint(ours, our, theirs, their)).toBe(fork));
});

describe('a WAL record', () => {
  it.each([
    [0x3000060, 114, 0x30000d8, 'ends aligned to 8'],
    [0x3001ff0, 32, 0x3002000 + 24 + 16, 'goes on behind a page header'],
    [0x3fffff0, 32, 0x4000000 + 40 + 16, 'goes on behind a segment header'],
    [0x3001fe0, 32, 0x3002000, 'may end with its page'],
  ])('at %d of %d bytes ends at %d: %s', (start, length, end) => expect(recordEnd(lsn(start), length)).toBe(end));
});

it.each([
  ['shut down', 'clean-primary'],
  ['shut down in recovery', 'standby'],
  ['in archive recovery', 'standby'],
  ['in production', 'crashed-primary'],
  ['in crash recovery', 'crashed-primary'],
  ['shutting down', 'crashed-primary'],
])('pg_control’s "%s" is %s', (state, expected) => expect(stoppedState(state)).toBe(expected));

it('quotes what libpq would take apart', () =>
  expect(conninfo({ host: 'h', password: `a'b\\c d` })).toBe(`host='h' password='a\\'b\\\\c d'`));
