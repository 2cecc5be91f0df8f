import type { ManagerReport, ReceiverReport } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { lossAlarms } from './loss-alarms.js';

const receiver = (lately: Partial<NonNullable<ReceiverReport['lately']>>): ReceiverReport => ({
  ...{ process: 'receiver', pid: 1, received: 0, dropped: 0, journalBytes: 0, peerLink: 'up', behindPeer: 0, vipBound: false },
  lately: { seconds: 300, kernelDrops: 0, limited: 0, limitedMost: null, ...lately },
});
const manager = (oneSided: ManagerReport['oneSided']): ManagerReport => ({
  ...{ process: 'manager', pid: 1, mode: 'active', epoch: 1, ready: true, vipBound: true },
  ...(oneSided === undefined ? {} : { oneSided }),
});
const source = (name: string) => ({ source: name, missingAt: 'b', lost: 25, messages: 1_000 });

describe('loss is an alarm', () => {
  it('not while nothing is lost, and not when a receiver of an older version says nothing of it', () => {
    expect(lossAlarms('a', receiver({}), manager([]))).toEqual([]);
    const { lately: _, ...older } = receiver({});
    expect(lossAlarms('a', older, manager(undefined))).toEqual([]);
    expect(lossAlarms('a', null, null)).toEqual([]);
  });
  it.each([
    [receiver({ kernelDrops: 7 }), null, 'KERNEL_DROPS', 'the kernel of a dropped 7 datagrams in the last 5 minutes'],
    [
      receiver({ limited: 9, limitedMost: '10.0.0.1' }),
      null,
      'SOURCE_LIMITED',
      'a refused 9 times in the last 5 minutes what was above a limit, most of it of 10.0.0.1',
    ],
    [
      null,
      manager([source('10.0.0.7')]),
      'ONE_SIDED',
      'of 1000 messages of 10.0.0.7, which sends to both nodes, 25 (2.5 %) did not reach b',
    ],
  ])('%#: %s', (heard, managing, code, says) => {
    expect(lossAlarms('a', heard, managing)).toEqual([{ level: 'yellow', code, text: expect.stringContaining(says) }]);
  });
  it('of many sources in one more sentence', () => {
    const texts = lossAlarms('a', null, manager(['1', '2', '3', '4', '5'].map(source))).map(({ text }) => text);
    expect(texts).toHaveLength(4);
    expect(texts.at(-1)).toContain('2 more sources');
  });
});
