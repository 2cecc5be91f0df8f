import type { Status } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import {
  byUrgency,
  linkBetween,
  type NodeStatus,
  nodesOut,
  otherMaster,
  placeOf,
  powerOf,
  proofParts,
  recoverFraction,
  reigns,
  switchoverTarget,
  toneOf,
} from './cluster-model.js';

const node = (name: string, change: Partial<NodeStatus> = {}): NodeStatus => ({
  name,
  address: '127.0.1.1',
  zone: 'z',
  role: 'STANDBY_SYNC',
  why: '',
  reachable: true,
  syncSet: true,
  lagBytes: 0,
  timeline: 1,
  lsn: '0/1',
  postgres: 'running',
  vip: false,
  needsRecover: false,
  deadMan: 'armed',
  receiver: null,
  recover: null,
  processes: [],
  ...change,
});
const status = (change: Partial<Status> = {}): Status => ({
  clusterId: 'c',
  epoch: 6,
  phase: 'serving',
  master: 'a',
  leader: 'a',
  term: 9,
  profile: 'default',
  policy: 'available',
  stopProofs: ['P1'],
  answeredBy: 'a',
  nodes: [node('a', { role: 'MASTER_SYNC' }), node('b')],
  arbiter: null,
  vip: null,
  links: [],
  ifMasterDied: { failsOver: true, to: 'b', seconds: 12, dataLoss: 0, reason: '' },
  alarms: [],
  history: [],
  ...change,
});
const progress = {
  requestId: 'r',
  phase: 'rewind',
  step: 3,
  steps: 4,
  detail: '',
  fraction: 0.5,
  method: null,
  state: 'running',
} as const;

describe('a node as drawn', () => {
  it('is never good when it is not heard, whatever its last role was', () => {
    expect(toneOf(node('b'))).toBe('good');
    expect(toneOf(node('b', { reachable: false }))).toBe('unknown');
    expect(toneOf(node('a', { role: 'MASTER_SYNC', reachable: false }))).toBe('unknown');
  });
  it('has a colour for a role this console does not know', () => expect(toneOf(node('b', { role: 'NEW' }))).toBe('unknown'));
});

describe('a link as drawn', () => {
  const link = (from: string, to: string, state: 'direct' | 'relayed' | 'down', via: string | null = null) => ({
    from,
    to,
    state,
    via,
  });
  it('shows the worse of its two directions', () => {
    const seen = status({ links: [link('a', 'b', 'direct'), link('b', 'a', 'relayed', 'w')] });
    expect(linkBetween(seen, 'a', 'b')).toEqual({ state: 'relayed', via: 'w' });
  });
  it('is unknown when nobody reported it', () =>
    expect(linkBetween(status(), 'a', 'w')).toEqual({ state: 'unknown', via: null }));
});

describe('what may be asked of the cluster', () => {
  it('is a switchover to the Standby in the sync set', () => expect(switchoverTarget(status())).toBe('b'));
  it.each([
    [{ phase: 'promoting' }],
    [{ master: null }],
    [{ nodes: [node('a'), node('b', { syncSet: false })] }],
    [{ nodes: [node('a'), node('b', { reachable: false })] }],
  ] as const)('is no switchover with %j', (change) => expect(switchoverTarget(status(change as Partial<Status>))).toBeNull());
  it('is recover while a node needs it or is on its way back', () => {
    const out = [
      node('a', { needsRecover: true }),
      node('b', { recover: progress }),
      node('c', { recover: { ...progress, state: 'done' } }),
    ];
    expect(nodesOut(status({ nodes: out })).map(({ name }) => name)).toEqual(['a', 'b']);
  });
});

describe('progress and history', () => {
  it('counts whole steps and the part of the running one', () => {
    expect(recoverFraction(progress)).toBe(0.625);
    expect(recoverFraction({ ...progress, fraction: null })).toBe(0.5);
    expect(recoverFraction({ ...progress, steps: 0 })).toBe(0);
    expect(recoverFraction({ ...progress, state: 'done' })).toBe(1);
  });
  it('lets one Master follow the other without a gap, up to now', () => {
    const entry = (epoch: number, owner: string, at: string) => ({
      epoch,
      owner,
      from: null,
      at,
      cause: '',
      proof: null,
      timeline: null,
    });
    const history = [entry(3, 'b', '2026-11-21T02:00:00Z'), entry(2, 'a', '2026-11-21T01:00:00Z')];
    const now = Date.parse('2026-11-21T03:00:00Z');
    expect(reigns(history, now).map(({ owner, fromMs, toMs }) => [owner, toMs - fromMs])).toEqual([
      ['a', 3_600_000],
      ['b', 3_600_000],
    ]);
  });
});

describe('what the cluster says in words', () => {
  it.each([
    ['P4: its lease is over: 3.2 s', 'P4', 'its lease is over: 3.2 s'],
    ['P1', 'P1', ''],
    ['somebody said so', null, 'somebody said so'],
  ])('proof %j', (said, code, evidence) => expect(proofParts(said)).toEqual({ code, evidence }));
  it('alarms: red ones first, otherwise as they were told', () => {
    const alarm = (level: 'red' | 'yellow', code: string) => ({ level, code, text: '' });
    const told = [alarm('yellow', 'A'), alarm('red', 'B'), alarm('yellow', 'C'), alarm('red', 'D')];
    expect(byUrgency(told).map(({ code }) => code)).toEqual(['B', 'D', 'A', 'C']);
  });
  it('the power devices of a node are those that others read', () => {
    const reading = (target: string, by: string) => ({ target, by, healthy: true, offMs: 1, ageMs: 1, says: '' });
    expect(powerOf(status({ fence: [reading('b', 'a'), reading('a', 'b')] }), 'b')).toEqual([reading('b', 'a')]);
    expect(powerOf(status(), 'b')).toEqual([]);
  });
});

describe('where a node is drawn', () => {
  it('the pair side by side, whatever is configured between them; a copy in another site below', () => {
    const nodes = [node('a'), node('c', { kind: 'dr' }), node('b')];
    expect(nodes.map(({ name }) => placeOf(nodes, name))).toEqual(['left', 'below', 'right']);
  });
});

describe('what was asked of one Master', () => {
  it.each([
    ['nothing has changed', 'a', 'a', null],
    ['nobody serves yet: the page waits', 'a', null, null],
    ['nobody was known when it was asked', null, 'b', null],
    ['another one serves: it is told, and not sent', 'a', 'b', 'b'],
  ])('%s', (_, before, now, told) => expect(otherMaster(before, now)).toBe(told));
});
