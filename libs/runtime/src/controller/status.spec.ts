import { nodeId } from '@yosugara/kernel';
import type { ReceiverReport } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { type StatusContext, statusOf } from './status.js';
import { stepController } from './step.js';
import { startedA } from './testing/single.js';

const members = (['a', 'b', 'w'] as const).map((id) => ({
  id: nodeId(id),
  kind: id === 'w' ? ('witness' as const) : ('data' as const),
  voter: true,
}));
const context: StatusContext = {
  clusterId: 'spec',
  profile: 'lan',
  members: members.map((member) => ({ ...member, address: '127.0.0.1', zone: member.id })),
  vip: null,
};
const report: ReceiverReport = {
  ...{ process: 'receiver', pid: 1, received: 5, dropped: 0, journalBytes: 9, peerLink: 'up', behindPeer: 0, vipBound: false },
};

/** Alarms of a's receiver, as a itself sees them. */
function alarmsWith(change: Partial<ReceiverReport>): readonly string[] {
  const state = startedA(members, 1_000);
  stepController(state, { kind: 'receiver', report: { ...report, ...change }, nowMs: 1_001 });
  return statusOf(state, context)
    .alarms.filter(({ code }) => code.startsWith('RECEIVER_') && code !== 'RECEIVER_DOWN')
    .map(({ level, code, text }) => `${level} ${code}: ${text}`);
}

describe('the status', () => {
  it('has no alarm for a receiver whose records reach its peer', () => expect(alarmsWith({})).toEqual([]));
  it.each<[string, Partial<ReceiverReport>, string]>([
    ['full', { journalFull: true }, 'red RECEIVER_FULL: the journal of a is full: it refuses new messages'],
    [
      'copied no more',
      { peerLink: 'down', linkWhy: 'peer_full' },
      'red RECEIVER_FULL: the copy of the journal of a is full on its peer',
    ],
    [
      'not acknowledged',
      { peerLink: 'down', linkWhy: 'stalled' },
      'yellow RECEIVER_LINK_DOWN: messages of a are on one disk only: its peer acknowledges nothing',
    ],
    [
      'cut off',
      { peerLink: 'down', linkWhy: 'no_connection' },
      "yellow RECEIVER_LINK_DOWN: messages of a are on one disk only: it does not reach its peer's receiver",
    ],
  ])('says when a journal is %s', (_, change, alarm) => expect(alarmsWith(change)).toEqual([alarm]));
  it('says once that a host cannot serve', () => {
    const state = startedA(members, 1_000);
    const host = { ...state.host, unfit: 'its data volume is read-only' };
    stepController(state, { kind: 'host', host });
    expect(statusOf(state, context).alarms.filter(({ code }) => code === 'UNFIT')).toMatchObject([
      { level: 'red', text: 'a cannot serve: its data volume is read-only' },
    ]);
  });
  it('says that another host has the address while it is held here, and no longer than it has it', () => {
    const state = startedA(members, 1_000);
    const told = () => statusOf(state, context).alarms.filter(({ code }) => code === 'VIP_DUPLICATE');
    const vipConflict = 'another host on eth0 answers for 192.0.2.10: 02:00:00:00:00:99';
    stepController(state, { kind: 'vip', held: true, nowMs: 1_001 });
    expect(told()).toEqual([]);
    stepController(state, { kind: 'host', host: { ...state.host, vipConflict } });
    expect(told()).toMatchObject([{ level: 'red', text: `two hosts have the VIP: a holds it, and ${vipConflict}` }]);
    stepController(state, { kind: 'host', host: { ...state.host, vipConflict: null } });
    expect(told()).toEqual([]);
  });
  it('misses the receivers of this site, and none in another one', () => {
    const withCopy = [...context.members, { ...context.members[0]!, id: nodeId('d'), kind: 'dr' as const, voter: false }];
    const { alarms } = statusOf(startedA(members, 1_000), { ...context, members: withCopy });
    expect(alarms.filter(({ code }) => code === 'RECEIVER_DOWN').map(({ text }) => text)).toEqual([
      'the receiver of a is not heard',
      'the receiver of b is not heard',
    ]);
  });
});
