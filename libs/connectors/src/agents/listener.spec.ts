import { createHash } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { connect, createServer } from 'node:tls';
import { SILENT_LOG } from '@yosugara/kernel';
import { AGENT_SILENCE_MS, JOIN_PATH, type JoinAnswer, type JoinRequest } from '@yosugara/protocol';
import type { AgentDesk } from '@yosugara/runtime';
import { eventually, standStill } from '@yosugara/testkit';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newRequest } from '../pki/index.js';
import { type AgentLimits, AgentListener, type AgentServing, type AgentTrouble } from './index.js';
import { FakeAgent, type FakeAgentOptions } from './testing/fake-agent.js';
import { type AgentIdentity, Identities } from './testing/identities.js';

let ids: Identities;
let web1: AgentIdentity;
let web2: AgentIdentity;
beforeAll(async () => {
  ids = await Identities.make();
  [web1, web2] = await Promise.all([ids.agent('web1'), ids.agent('web2')]);
});

const agents: FakeAgent[] = [];
let listener: AgentListener | null = null;
const troubles: AgentTrouble[] = [];
const calls: string[] = [];

afterEach(async () => {
  for (const agent of agents.splice(0)) agent.close();
  const closing = listener;
  closing?.close();
  await until(() => (closing?.sockets ?? 0) === 0, 'no socket is left');
  listener = null;
  troubles.length = 0;
  calls.length = 0;
});

const until = async (holds: () => boolean, what: string): Promise<void> => void (await eventually(what, holds));

async function opened(limits: Partial<AgentLimits> = {}, authorities: readonly string[] = [ids.agents]): Promise<AgentListener> {
  listener = new AgentListener({
    ...{ address: '127.0.0.1', port: 0, key: ids.member.key, certificate: ids.member.certificate, clusterCa: ids.cluster },
    ...{ log: SILENT_LOG, master: () => '127.0.0.9', onTrouble: (trouble) => troubles.push(trouble), limits },
  });
  listener.trust(authorities);
  listener.open();
  await until(() => listener?.isOpen === true, 'it listens');
  return listener;
}

const deskOf = (desk: Partial<AgentDesk> = {}): AgentDesk => ({
  hello: async ({ agent }) => {
    calls.push(`hello ${agent}`);
    return { committed: 41 };
  },
  news: async (agent, _, first, news) => {
    calls.push(`news ${agent} ${first}+${news.length}`);
    return first + news.length - 1;
  },
  startCheck: async () => ({ go: true, why: '' }),
  heard: (agent, { say }) => void calls.push(`${say} ${agent}`),
  gone: (agent) => void calls.push(`gone ${agent}`),
  ...desk,
});

const servingOf = (more: Partial<AgentServing> = {}): AgentServing => ({
  ...{ epoch: 7, permitted: () => true, desk: deskOf(), managers: [{ host: '127.0.0.1', port: 8084 }], refusal: () => null },
  join: async () => ({ kind: 'refused', status: 403, code: 'TOKEN', message: 'no' }),
  renew: async () => ({ certificate: null, authority: '', why: 'no' }),
  ...more,
});

function agentOf(identity: AgentIdentity, more: Partial<FakeAgentOptions> = {}): FakeAgent {
  const agent = new FakeAgent({ ...identity, host: '127.0.0.1', port: listener!.port, cluster: ids.cluster, ...more });
  agents.push(agent);
  return agent;
}

describe('a manager whose certificate and authorities are replaced', () => {
  it('shows the new ones from the next connection on, tells agents whom to trust, and keeps those that are inside', async () => {
    const { links } = await opened();
    listener!.serve(servingOf());
    const [old, agent] = [agentOf(web2).hello(), agentOf(web1, { hearsTrust: true }).hello()];
    await Promise.all([old.told('welcome'), agent.told('welcome')]);
    expect((await agent.told('trust')).authority).toBe(ids.cluster);
    const next = await Identities.make('next');
    const both = `${ids.cluster}${next.cluster}`;
    listener!.show({ ...ids.member, clusterCa: both });
    await agent.until(() => agent.heard.some((said) => said.say === 'trust' && said.authority === both), 'it heard of both');
    expect(links.isTrusting('web1')).toBe(false);
    agent.say({ say: 'trusts', digest: createHash('sha256').update(both).digest('hex') });
    await until(() => links.isTrusting('web1'), 'its word counts');

    listener!.show({ ...next.member, clusterCa: next.cluster });
    expect(links.isTrusting('web1')).toBe(false);
    // Another one of that name would be sent away.
    agent.close();
    await until(() => !links.isConnected('web1'), 'it is gone');
    const later = agentOf(web1, { cluster: next.cluster, hearsTrust: true }).hello();
    await later.told('welcome');
    const late = agentOf(web2);
    await late.closed();
    // Who knows only the old authority and was inside before is still there, and was told nothing that it does not know.
    expect(old.isClosed).toBe(false);
    expect(old.heard.map(({ say }) => say)).not.toContain('trust');
  });
});

describe('a manager that is not the Master', () => {
  it('keeps an agent that it can tell by its certificate, and lets it in when it becomes the Master', async () => {
    const { links, ...rest } = await opened();
    void rest;
    const agent = agentOf(web1).hello();
    expect(await agent.told('wait')).toMatchObject({ master: '127.0.0.9' });
    expect(links.isConnected('web1')).toBe(false);
    expect(links.send('web1', { say: 'ping' })).toBe(false);
    listener!.serve(servingOf());
    expect(await agent.told('welcome')).toMatchObject({ epoch: 7, committed: 41, managers: [{ host: '127.0.0.1', port: 8084 }] });
    expect(links.connected()).toEqual(['web1']);
  });

  it('sends agents away to the Master while it has not read whom to trust', async () => {
    await opened({}, []);
    const agent = agentOf(web1).hello();
    expect(await agent.told('go-away')).toMatchObject({ code: 'not-master', master: '127.0.0.9' });
    await agent.closed();
  });

  it('does nothing for an agent that waits but hear it', async () => {
    await opened();
    const agent = agentOf(web1).hello();
    await agent.told('wait');
    agent.say({ say: 'news', first: 1, news: [{ kind: 'trouble', atMs: 1, code: 'x', message: 'y' }] });
    expect(await agent.told('go-away')).toMatchObject({ code: 'not-master' });
  });
});

describe('the Master', () => {
  it('lets an agent in, hands on what it says in order, and answers', async () => {
    await opened();
    let release!: () => void;
    const first = new Promise<void>((resolve) => (release = resolve));
    const desk = deskOf({
      news: async (_, __, from, news) => {
        if (from === 42) await first;
        calls.push(`news ${from}`);
        return from + news.length - 1;
      },
    });
    listener!.serve(servingOf({ desk }));
    const agent = agentOf(web1).hello();
    await agent.told('welcome');
    const trouble = { kind: 'trouble', atMs: 1, code: 'x', message: 'y' } as const;
    agent.say({ say: 'news', first: 42, news: [trouble, trouble] });
    agent.say({ say: 'taken', run: 'r' });
    agent.say({ say: 'news', first: 44, news: [trouble] });
    agent.say({ say: 'start-check', run: 'r', epoch: 7, nonce: 'ab'.repeat(16) });
    // It does not wait for what is being stored.
    expect(await agent.told('start-answer')).toMatchObject({ run: 'r', nonce: 'ab'.repeat(16), go: true });
    expect(calls).toEqual(['hello web1']);
    release();
    await agent.until(() => agent.heard.filter(({ say }) => say === 'committed').length === 2, 'both are committed');
    expect(agent.heard.filter(({ say }) => say === 'committed')).toMatchObject([{ number: 43 }, { number: 44 }]);
    expect(calls).toEqual(['hello web1', 'news 42', 'taken web1', 'news 44']);
  });

  it('sends all of them away when its lease is over, and says and permits nothing more', async () => {
    let isLive = true;
    let answered!: () => void;
    const slow = new Promise<void>((resolve) => (answered = resolve));
    await opened();
    const desk = deskOf({
      startCheck: async () => {
        await slow;
        return { go: true, why: '' };
      },
    });
    listener!.serve(servingOf({ desk, permitted: () => isLive }));
    const agent = agentOf(web1).hello();
    await agent.told('welcome');
    agent.say({ say: 'start-check', run: 'r', epoch: 7, nonce: 'cd'.repeat(16) });
    await agent.until(() => !agent.isClosed, 'connected');
    isLive = false;
    expect(listener!.links.send('web1', { say: 'stop', epoch: 7, run: 'r', how: 'kill' })).toBe(false);
    answered();
    expect(await agent.told('go-away')).toMatchObject({ code: 'not-master' });
    await agent.closed();
    expect(agent.heard.map(({ say }) => say)).toEqual(['welcome', 'go-away']);
    expect(calls).toContain('gone web1');
  });

  it('cuts off who could not be stored: it says all of it again when it comes again', async () => {
    await opened();
    const desk = deskOf({
      news: async () => {
        throw new Error('the database is away');
      },
    });
    listener!.serve(servingOf({ desk }));
    const agent = agentOf(web1).hello();
    await agent.told('welcome');
    agent.say({ say: 'news', first: 42, news: [{ kind: 'trouble', atMs: 1, code: 'x', message: 'y' }] });
    expect(await agent.told('go-away')).toMatchObject({ code: 'busy' });
  });

  it('asks, and hears the answer; asks nobody for ever', async () => {
    await opened();
    listener!.serve(servingOf());
    const agent = agentOf(web1).hello();
    await agent.told('welcome');
    const signal = new AbortController().signal;
    const asked = listener!.links.measure('web1', 'resource', { resource: 'cpu.used' }, 60_000, signal);
    const { id } = await agent.told('measure');
    agent.say({ say: 'measured', id, values: [{ item: '', value: 12 }], why: null });
    expect(await asked).toMatchObject({ values: [{ item: '', value: 12 }] });
    await expect(listener!.links.measure('web1', 'process', {}, 50, signal)).rejects.toThrow('did not answer within 50 ms');
    await expect(listener!.links.measure('web2', 'process', {}, 50, signal)).rejects.toThrow(
      'the agent of web2 is not connected',
    );
    const lost = listener!.links.file('web1', { say: 'file-list', id: 0, epoch: 7, directory: '/', name: '.*' }, 60_000);
    const ended = expect(lost).rejects.toThrow('the connection to the agent of web1 ended before it answered');
    agent.close();
    await ended;
  });
  it('has heard an answer that came while it stood still for longer than it waits', async () => {
    await opened();
    listener!.serve(servingOf());
    const agent = agentOf(web1).hello();
    await agent.told('welcome');
    const asked = listener!.links.measure('web1', 'resource', { resource: 'cpu.used' }, 300, new AbortController().signal);
    const { id } = await agent.told('measure');
    agent.say({ say: 'measured', id, values: [{ item: '', value: 12 }], why: null });
    standStill(900);
    expect(await asked).toMatchObject({ values: [{ item: '', value: 12 }] });
  });

  it('cuts off who is silent', async () => {
    await opened();
    listener!.serve(servingOf());
    const sinceMs = performance.now();
    const silent = agentOf(web1, { pings: false }).hello();
    const other = agentOf(web2).hello();
    await Promise.all([silent.told('welcome'), other.told('welcome')]);
    await silent.closed();
    expect(performance.now() - sinceMs).toBeGreaterThan(AGENT_SILENCE_MS - 1_000);
    expect(other.isClosed).toBe(false);
    await until(() => !listener!.links.isConnected('web1'), 'its end is heard of');
    expect(listener!.links.connected()).toEqual(['web2']);
  });

  it('cuts off who takes nothing of what it is told, and keeps no more of it than the bound', async () => {
    await opened({ queuedBytes: 1_000_000, stuckMs: 700 });
    listener!.serve(servingOf());
    const agent = agentOf(web1).hello();
    await agent.told('welcome');
    agent.socket.pause();
    const message = { say: 'state-of', run: 'x'.repeat(1_000) } as const;
    let mostAtOnce = 0;
    await until(() => {
      // The system's own buffers take some megabytes first.
      let said = 0;
      while (listener!.links.send('web1', message)) said++;
      mostAtOnce = Math.max(mostAtOnce, said);
      return !listener!.links.isConnected('web1');
    }, 'it is cut off');
    expect(mostAtOnce).toBeLessThan(1_000);
  });

  it('cuts off who says a line without end, or what is not understood', async () => {
    await opened();
    listener!.serve(servingOf());
    const endless = agentOf(web1);
    endless.socket.write('x'.repeat(70_000));
    expect(await endless.told('go-away')).toMatchObject({ code: 'protocol', why: 'a line without end' });
    const other = agentOf(web2).hello();
    await other.told('welcome');
    other.socket.write('{"say":"nothing"}\n');
    expect(await other.told('go-away')).toMatchObject({ code: 'protocol' });
    await until(() => troubles.length === 2, 'somebody is told');
    expect(troubles.map(({ code, agent }) => [code, agent])).toEqual([
      ['protocol', 'web1'],
      ['protocol', 'web2'],
    ]);
  });

  it('cuts off who never says who it is', async () => {
    await opened({ helloMs: 200 });
    await agentOf(web1).closed();
  });
});

describe('two agents with one identity', () => {
  it('the one that is there stays while it says something, and somebody is told', async () => {
    await opened();
    listener!.serve(servingOf());
    const first = agentOf(web1).hello();
    await first.told('welcome');
    const second = agentOf(web1).hello();
    expect(await second.told('go-away')).toMatchObject({ code: 'duplicate' });
    expect(first.isClosed).toBe(false);
    expect(troubles).toMatchObject([{ code: 'duplicate', agent: 'web1' }]);
  });

  it('one that is silent gives way', async () => {
    await opened({ duplicateMs: 300 });
    listener!.serve(servingOf());
    const first = agentOf(web1, { pings: false }).hello();
    await first.told('welcome');
    const second = agentOf(web1).hello();
    await second.told('welcome');
    await first.closed();
    expect(calls).toEqual(['hello web1', 'gone web1', 'hello web1']);
    expect(troubles).toEqual([]);
  });

  it('the same process on another connection is the same agent', async () => {
    await opened();
    listener!.serve(servingOf());
    const hello = { instance: '0f'.repeat(16) };
    const first = agentOf(web1, { hello }).hello();
    await first.told('welcome');
    await agentOf(web1, { hello }).hello().told('welcome');
    await first.closed();
    expect(listener!.links.connected()).toEqual(['web1']);
  });
});

describe('who is not let in', () => {
  it('an agent that is not known, with a reason', async () => {
    await opened();
    listener!.serve(servingOf({ refusal: (agent) => (agent === 'web1' ? 'it was revoked' : null) }));
    expect(await agentOf(web1).hello().told('go-away')).toMatchObject({ code: 'unknown-agent', why: 'it was revoked' });
    await agentOf(web2).hello().told('welcome');
    expect(troubles).toMatchObject([{ code: 'refused', agent: 'web1' }]);
  });

  it('an agent that says that it is another one', async () => {
    await opened();
    listener!.serve(servingOf());
    const agent = agentOf(web1, { hello: { agent: 'web2' } }).hello();
    expect(await agent.told('go-away')).toMatchObject({ code: 'protocol' });
    expect(calls).toEqual([]);
  });

  it('a member of the cluster', async () => {
    await opened();
    listener!.serve(servingOf());
    const member = agentOf({ ...(await ids.secondMember()), agent: 'web1', fingerprint: '' }).hello();
    await member.closed();
    expect(member.heard).toEqual([]);
    expect(troubles[0]?.message).toContain('a certificate of CN=b, signed by CN=Yosugara cluster spec');
  });

  it('an agent of another cluster, and one whose certificate is over', async () => {
    await opened();
    listener!.serve(servingOf());
    const other = await Identities.make();
    const old = await ids.agent('web1', 1, Date.now() - 3 * 86_400_000);
    for (const identity of [await other.agent('web1'), old]) {
      const agent = agentOf(identity).hello();
      await agent.closed();
      expect(agent.heard).toEqual([]);
    }
    expect(troubles[1]?.message).toContain('CERT_HAS_EXPIRED');
  });

  it('an agent where members are wanted', async () => {
    const server = createServer({
      ...{ key: ids.member.key, cert: ids.member.certificate, ca: ids.cluster, requestCert: true, rejectUnauthorized: true },
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as { port: number };
      const ask = async (pem: { key: string; certificate: string }) => {
        let authorized = false;
        server.once('secureConnection', () => (authorized = true));
        const socket = connect({ host: '127.0.0.1', port, key: pem.key, cert: pem.certificate, ca: ids.cluster });
        socket.on('secureConnect', () => setTimeout(() => socket.end(), 200));
        socket.on('error', () => undefined);
        await new Promise((resolve) => socket.once('close', resolve));
        server.removeAllListeners('secureConnection');
        return authorized;
      };
      expect(await ask(await ids.secondMember())).toBe(true);
      expect(await ask(web1)).toBe(false);
    } finally {
      server.close();
    }
  });

  it('older TLS, and what is none', async () => {
    await opened();
    const socket = connect({
      ...{ host: '127.0.0.1', port: listener!.port, ca: ids.cluster, maxVersion: 'TLSv1.2' },
      ...{ key: web1.key, cert: web1.certificate },
    });
    const why = await new Promise<string>((resolve) => socket.once('error', ({ message }) => resolve(message)));
    expect(why).toContain('protocol version');
    const plain = connectPlain({ host: '127.0.0.1', port: listener!.port });
    plain.on('error', () => undefined);
    plain.write('GET / HTTP/1.1\r\n\r\n');
    await new Promise((resolve) => plain.once('close', resolve));
  });

  it('who connects and says nothing', async () => {
    await opened({ handshakeMs: 300 });
    const silent = connectPlain({ host: '127.0.0.1', port: listener!.port });
    silent.on('error', () => undefined);
    await new Promise((resolve) => silent.once('close', resolve));
  });
});

describe('a storm', () => {
  it('of connections is let in at its rate, and nobody is lost', async () => {
    await opened({ handshakesPerSecond: 100, handshakeBurst: 5 });
    listener!.serve(servingOf());
    const many = await Promise.all(Array.from({ length: 40 }, async (_, at) => await ids.agent(`n${at}`)));
    const sinceMs = performance.now();
    const came = many.map((identity) => agentOf(identity).hello());
    await Promise.all(came.map(async (agent) => await agent.told('welcome')));
    expect(performance.now() - sinceMs).toBeGreaterThan(((40 - 5) / 100) * 1_000 - 50);
    expect(listener!.links.connected()).toHaveLength(40);
  });

  it('of more than may wait is cut short', async () => {
    // So slowly that nobody else has a turn, however long all of this takes.
    await opened({ handshakesPerSecond: 0.01, handshakeBurst: 1, waiting: 3, handshakeMs: 60_000 });
    const sockets = Array.from({ length: 8 }, () => connectPlain({ host: '127.0.0.1', port: listener!.port }));
    let closed = 0;
    for (const socket of sockets) {
      socket.on('error', () => undefined);
      socket.once('close', () => closed++);
    }
    await until(() => closed === 4, 'one has its turn, three wait, four are closed');
    for (const socket of sockets) socket.destroy();
  });
});

describe('joining', () => {
  const ANSWER: JoinAnswer = { certificate: 'C', authority: 'A', managers: [], notAfter: '2027-01-01T00:00:00.000Z' };
  const asking = async (): Promise<JoinRequest> => ({
    ...{ token: 'yja.aaaaaaaaaaaaaaaa', agent: 'web1', request: (await newRequest('agent:web1')).request },
    ...{ hostName: 'web1', addresses: ['10.0.0.1'], platform: 'LINUX' },
  });

  async function post(body: unknown, path = JOIN_PATH, method = 'POST') {
    const text = JSON.stringify(body);
    return await new Promise<{ status: number; body: Record<string, unknown> }>((resolve, reject) => {
      const request = httpsRequest(
        { ...{ host: '127.0.0.1', port: listener!.port, path, method, ca: ids.cluster, agent: false } },
        (response) => {
          let answer = '';
          response.setEncoding('utf8');
          response.on('data', (part: string) => (answer += part));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(answer) }));
        },
      );
      request.on('error', reject);
      request.end(text);
    });
  }

  it('is open to who has no certificate, on the same port, and to nothing else', async () => {
    await opened();
    const seen: string[] = [];
    listener!.serve(
      servingOf({
        join: async ({ agent }, address) => {
          seen.push(`${agent} ${address}`);
          return { kind: 'joined', answer: ANSWER };
        },
      }),
    );
    expect(await post(await asking())).toEqual({ status: 200, body: ANSWER });
    expect(seen).toEqual(['web1 127.0.0.1']);
    expect(await post({}, '/api/v1/settings')).toMatchObject({ status: 404 });
    expect(await post({ token: 'x' })).toMatchObject({ status: 400, body: { code: 'INVALID_INPUT' } });
    expect(await post({ ...(await asking()), request: 'x'.repeat(80_000) })).toMatchObject({ status: 400 });
  });

  it('is sent on to the Master', async () => {
    await opened();
    expect(await post(await asking())).toMatchObject({ status: 503, body: { code: 'NOT_ACTIVE', master: '127.0.0.9' } });
  });

  it('is refused for a minute to an address that was refused too often', async () => {
    await opened({ refusedJoinsPerMinute: 3 });
    listener!.serve(servingOf());
    const body = await asking();
    const statuses: number[] = [];
    for (let n = 0; n < 5; n++) statuses.push((await post(body)).status);
    expect(statuses).toEqual([403, 403, 403, 429, 429]);
  });
});
