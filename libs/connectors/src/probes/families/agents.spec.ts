import { SILENT_LOG } from '@yosugara/kernel';
import type { AgentDesk, Probe } from '@yosugara/runtime';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AgentListener } from '../../agents/index.js';
import { FakeAgent } from '../../agents/testing/fake-agent.js';
import { type AgentIdentity, Identities } from '../../agents/testing/identities.js';
import { re2Patterns } from '../../patterns/index.js';
import { createProbes } from '../index.js';
import { AGENT_GRACE_MS, agentAliveFamily } from './agents.js';

let ids: Identities;
let web1: AgentIdentity;
let listener: AgentListener;
let probes: readonly Probe[];
const agents: FakeAgent[] = [];

const DESK: AgentDesk = {
  hello: async () => ({ committed: 0 }),
  news: async (_, __, first) => first,
  startCheck: async () => ({ go: true, why: '' }),
  heard: () => undefined,
  gone: () => undefined,
};

beforeAll(async () => {
  ids = await Identities.make();
  web1 = await ids.agent('web1');
});
beforeEach(async () => {
  listener = new AgentListener({
    ...{ address: '127.0.0.1', port: 0, key: ids.member.key, certificate: ids.member.certificate, clusterCa: ids.cluster },
    ...{ log: SILENT_LOG, master: () => null, onTrouble: () => undefined },
  });
  listener.trust([ids.agents]);
  listener.open();
  listener.serve({
    ...{ epoch: 1, permitted: () => true, desk: DESK, managers: [], refusal: () => null },
    join: async () => ({ kind: 'refused', status: 403, code: 'NO', message: 'no' }),
    renew: async () => ({ certificate: null, authority: '', why: 'no' }),
  });
  await expect.poll(() => listener.isOpen).toBe(true);
  probes = createProbes({ patterns: re2Patterns(), agents: listener.links });
});
afterEach(async () => {
  for (const agent of agents.splice(0)) agent.close();
  listener.close();
  await Promise.all(probes.map(async (probe) => await probe.close()));
});

async function connected(): Promise<FakeAgent> {
  const agent = new FakeAgent({ ...web1, host: '127.0.0.1', port: listener.port, cluster: ids.cluster });
  agents.push(agent);
  await agent.hello().told('welcome');
  return agent;
}

const look = async (type: string, check: object, facility = 'web1', deadlineMs = 60_000) => {
  const request = { monitor: 'm', type, check, facility, node: null, dueAtMs: 0 };
  return await probes.find(({ types }) => types.includes(type))!.run(request, deadlineMs, new AbortController().signal);
};

describe('what an agent measures of its host', () => {
  it('is asked over its connection, an item each, and what has no value yet is none', async () => {
    const agent = await connected();
    const check = { resource: 'network.inBytes', device: '', by: 'agent' };
    const looking = look('resource', check);
    const asked = await agent.told('measure');
    expect(asked).toMatchObject({ type: 'resource', check });
    const values = [
      { item: 'eth0', value: 12.5 },
      { item: 'eth1', value: null },
    ];
    agent.say({ say: 'measured', id: asked.id, values, why: null });
    expect(await looking).toEqual([{ item: 'eth0', value: { kind: 'number', number: 12.5 } }]);
  });

  it('is a number of processes', async () => {
    const agent = await connected();
    const looking = look('process', { command: 'nginx', arguments: '.*', caseSensitive: true, by: 'agent' });
    agent.say({ say: 'measured', id: (await agent.told('measure')).id, values: [{ item: '', value: 3 }], why: null });
    expect(await looking).toEqual([{ item: '', value: { kind: 'number', number: 3 } }]);
  });

  it.each([
    [
      'what the agent says of it',
      async (agent: FakeAgent) => {
        agent.say({ say: 'measured', id: (await agent.told('measure')).id, values: [], why: 'there is no disk sdz' });
      },
      'there is no disk sdz',
      60_000,
    ],
    [
      'that it went away',
      async (agent: FakeAgent) => {
        await agent.told('measure');
        agent.close();
      },
      'the connection to the agent of web1 ended before it answered',
      60_000,
    ],
    ['that it is silent', async () => undefined, 'the agent of web1', 1_500],
  ])('is a failure with a sentence: %s', async (_, then, says, withinMs) => {
    const agent = await connected();
    const looking = look('process', { command: 'x', arguments: '.*', caseSensitive: true, by: 'agent' }, 'web1', withinMs);
    await then(agent);
    expect(await looking).toEqual([{ item: '', value: { kind: 'failure', why: expect.stringContaining(says) } }]);
  });

  it('is a failure of a node without one', async () =>
    expect(await look('resource', { resource: 'cpu.used', device: '', by: 'agent' }, 'web2')).toEqual([
      { item: '', value: { kind: 'failure', why: 'the agent of web2 is not connected' } },
    ]));
});

describe('whether an agent is alive', () => {
  it('is true while it is connected', async () => {
    await connected();
    expect(await look('agent-alive', {})).toEqual([{ item: '', value: { kind: 'truth', truth: true } }]);
  });

  it('is not said of who has had no time to come back, then it is not', async () => {
    let nowMs = performance.now();
    const family = agentAliveFamily(listener.links, () => nowMs);
    const ask = async () => await family.look(null as never, { facility: 'web1' } as never);
    expect(await ask()).toEqual([]);
    nowMs += AGENT_GRACE_MS + 1_000;
    expect(await ask()).toEqual([{ item: '', value: { kind: 'truth', truth: false } }]);
  });

  it('is true for a moment after it went, and no longer', async () => {
    let nowMs = performance.now();
    const family = agentAliveFamily(listener.links, () => nowMs);
    const ask = async () => await family.look(null as never, { facility: 'web1' } as never);
    (await connected()).close();
    await expect.poll(() => listener.links.isConnected('web1')).toBe(false);
    expect(await ask()).toEqual([{ item: '', value: { kind: 'truth', truth: true } }]);
    nowMs += AGENT_GRACE_MS + 1_000;
    expect(await ask()).toEqual([{ item: '', value: { kind: 'truth', truth: false } }]);
  });
});
