import { timingsProblems } from '@yosugara/consensus';
import { PROFILES } from '@yosugara/failover';
import { NodeConfigSchema } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { controllerConfig } from './config.js';

const member = (id: string, kind: 'data' | 'witness' | 'dr', more: object = {}) => ({
  ...{ id, kind, address: '127.0.2.1', peerId: `peer-${id}`, ...more },
});
const bmc = [[{ name: 'bmc', driver: 'agent', program: 'fence_ipmilan' }]];

function of(node: string, change: object = {}) {
  const members = [member('a', 'data', { fence: bmc }), member('b', 'data'), member('w', 'witness'), member('c', 'dr')];
  const cluster = { id: 'spec', members, ...change };
  return controllerConfig(NodeConfigSchema.parse({ cluster, node, stateDir: '/nowhere' }), 'boot1');
}

describe('what a controller needs of the configuration', () => {
  it('names who votes and who only keeps data: a DR member has no vote and is never elected', () => {
    const { self, kind, members, settings } = of('c');
    expect({ self, kind }).toEqual({ self: 'c', kind: 'data' });
    expect(members.filter(({ voter }) => voter).map(({ id }) => id)).toEqual(['a', 'b', 'w']);
    expect(settings.drNodes).toEqual(['c']);
    expect(of('w').kind).toBe('witness');
  });
  it('tells whose power can be cut, and the same timings to consensus and to the decisions', () => {
    const { settings, raft } = of('b', { profile: 'wan-arbiter' });
    expect(settings.fenceable).toEqual(['a']);
    expect(settings.timings).toEqual(PROFILES['wan-arbiter']);
    expect(raft).toMatchObject({ leaseVoteMs: settings.timings.leaseVoteMs, leaseOwnMs: settings.timings.leaseOwnMs });
  });
  it.each(Object.keys(PROFILES))('profile %s keeps the rules of leases and those of consensus', (profile) =>
    expect(timingsProblems(of('b', { profile }).raft)).toEqual([]),
  );
  it.each([
    [undefined, false],
    [{ address: '127.0.2.10', driver: 'none' }, false],
    [{ address: '127.0.2.10', driver: 'bind' }, true],
  ])('vip %j: an address to hold is %s', (vip, hasVip) =>
    expect(of('a', vip === undefined ? {} : { vip }).settings.hasVip).toBe(hasVip),
  );
  it('counts take-overs in the time that the operator gave in minutes', () =>
    expect(of('a', { rateLimit: { takeOvers: 2, withinMinutes: 5 } }).settings.rateLimit).toEqual({ max: 2, withinMs: 300_000 }));
});
