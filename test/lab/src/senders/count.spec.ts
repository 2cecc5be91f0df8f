import { describe, expect, it } from 'vitest';
import { countStreams } from './count.js';
import { STREAMS } from './streams.js';
import { senderLines, senderMarkdown, senderTotals } from './table.js';

const [both, vip] = [STREAMS.find(({ loss }) => loss === 'none')!, STREAMS.find(({ loss }) => loss === 'stated')!];
const counted = (numbers: readonly number[], sent = 4, stream = both, givenUp: readonly number[] = []) =>
  countStreams([stream], { [stream.name]: { count: sent, givenUp } }, new Map([[stream.name, numbers]]));

describe('the messages of a real sender', () => {
  it('are all there once, in whatever order', () =>
    expect(counted([3, 1, 4, 2])).toMatchObject({ counts: [{ sent: 4, lost: 0, doubled: 0 }], violations: [] }));
  it('are named when they are lost, doubled or nobody’s', () => {
    const { counts, violations } = counted([1, 1, 2, 9]);
    expect(counts).toMatchObject([{ sent: 4, lost: 2, doubled: 1 }]);
    expect(violations).toEqual([
      `${both.name}: 2 of 4 are lost: 3-4`,
      `${both.name}: 1 of 4 are stored more than once: 1`,
      `${both.name}: 1 were never sent: 9`,
    ]);
  });
  it('are not lost when nobody answered and their sender gave up, but counted; what is stored all the same is stored', () => {
    const { counts, violations } = counted([1, 2], 4, both, [2, 3]);
    expect(counts).toMatchObject([{ lost: 1, givenUp: 1, doubled: 0 }]);
    expect(violations).toEqual([`${both.name}: 1 of 4 are lost: 4`]);
  });
  it('may be lost where that is stated, but not doubled', () => {
    expect(counted([1, 2], 4, vip)).toMatchObject({ counts: [{ lost: 2 }], violations: [] });
    expect(counted([1, 2, 2], 2, vip).violations).toHaveLength(1);
  });
  it('that were never sent prove nothing', () => expect(counted([], 0).violations).toEqual([`${both.name} sent nothing`]));
});

it('are summed over runs, by stream', () => {
  const runs = [counted([1, 2, 3]), counted([1, 2, 3, 4, 4])].map(({ counts }) => ({ senders: counts }) as never);
  const totals = senderTotals([{ scenario: 'x', runs, summary: {} as never }]);
  expect(totals).toMatchObject([{ sent: 8, lost: 1, doubled: 1 }]);
  expect(senderLines(totals)[1]).toMatch(/rsyslog +UDP to both +8 +1 +1 +0/);
  expect(senderMarkdown(totals)).toContain('| rsyslog | UDP to both | 8 | 1 | 1 | 0 | 0 lost, 0 doubled |');
});
