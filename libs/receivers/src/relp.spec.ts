import { type ReceivedRecord, SafeAnswers } from '@yosugara/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listenRelp, type RelpOptions } from './relp.js';
import { TestAuthority } from './testing/certificates.js';
import { RelpClient } from './testing/relp-client.js';
import { Taking } from './testing/taking.js';
import type { Listener } from './udp.js';

const ADDRESS = '127.0.74.1';
const soon = { timeout: 60_000, interval: 5 };
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A journal in memory; what is safe is said by the test. */
let got: ReceivedRecord[] = [];
let safe = 0;
let isFull = false;
let room = new Taking();
let answers = new SafeAnswers({ safeSeq: () => safe });
beforeEach(() => {
  got = [];
  safe = 0;
  isFull = false;
  room = new Taking();
  answers = new SafeAnswers({ safeSeq: () => safe });
});
const safeThrough = (seq: number) => {
  safe = seq;
  answers.release();
};
const texts = () => got.map(({ raw }) => Buffer.from(raw).toString());
async function listen(change: Partial<RelpOptions> = {}): Promise<Listener> {
  const listener = await listenRelp({
    ...{ address: ADDRESS, port: 0, listener: 'own', answers, room, lastSeq: () => got.length },
    intake: (record) => !isFull && got.push({ ...record, raw: Buffer.from(record.raw) }) > 0,
    ...change,
  });
  closers.push(() => listener.close());
  return listener;
}
function dial(port: number, ...tls: ConstructorParameters<typeof RelpClient>[1][]): RelpClient {
  const client = new RelpClient({ host: ADDRESS, port }, ...tls);
  closers.push(() => client.socket.destroy());
  return client;
}

describe('a RELP client', () => {
  it('hears 200 for a message when it is safe on both disks, and not before, in order', async () => {
    const listener = await listen();
    const client = dial(listener.port);
    client.open();
    for (const text of ['<13>one', '<13>two', '<13>three']) client.say('syslog', text);
    await expect.poll(() => got.length, soon).toBe(3);
    expect(texts()).toEqual(['<13>one', '<13>two', '<13>three']);
    expect(got[0]).toMatchObject({ kind: 'syslog', transport: 'relp', source: { address: '127.0.0.1' }, flags: 0 });
    await expect.poll(() => client.answers, soon).toEqual(['1: 200 OK']);
    safeThrough(2);
    await expect.poll(() => client.answers, soon).toEqual(['1: 200 OK', '2: 200 OK', '3: 200 OK']);
    client.say('close');
    safeThrough(3);
    await expect
      .poll(() => client.answers, soon)
      .toEqual(['1: 200 OK', '2: 200 OK', '3: 200 OK', '4: 200 OK', '5: ', '0: serverclose']);
    await expect.poll(() => client.isClosed, soon).toBe(true);
    expect(listener.stats()).toMatchObject({ protocol: 'relp', received: 3, refused: 0 });
  });

  it('is not idle while it is owed an answer, however long; afterwards it is', async () => {
    // Long beside what a busy machine takes from a connection to what comes by it.
    const IDLE_MS = 400;
    const { port } = await listen({ idleMs: IDLE_MS });
    const [owed, idle] = [dial(port), dial(port)];
    owed.open();
    owed.say('syslog', '<13>the other node is away');
    await expect.poll(() => got.length, soon).toBe(1);
    idle.open();
    await expect.poll(() => idle.isClosed, soon).toBe(true);
    // Five times what is idle, from the answer that went to both.
    await new Promise((resolve) => setTimeout(resolve, 5 * IDLE_MS));
    expect([owed.isClosed, owed.answers]).toEqual([false, ['1: 200 OK']]);
    safeThrough(1);
    await expect.poll(() => owed.answers, soon).toEqual(['1: 200 OK', '2: 200 OK']);
    await expect.poll(() => owed.isClosed, soon).toBe(true);
  });

  it('is not read on while the journal refuses, nor while too many answers are owed; nothing is lost', async () => {
    const { port } = await listen();
    const client = dial(port);
    client.open();
    isFull = true;
    for (let at = 0; at < 3_000; at++) client.say('syslog', `<13>${at}`);
    await expect.poll(() => client.answers.length, soon).toBe(1);
    expect(got.length).toBe(0);
    isFull = false;
    room.tell();
    await expect.poll(() => got.length, soon).toBe(1_024);
    // The window is full: what is safe makes room for as much again.
    safeThrough(1_000);
    await expect.poll(() => got.length, soon).toBe(2_024);
    safeThrough(100_000);
    await expect.poll(() => client.answers.length, soon).toBe(3_001);
    expect(texts()).toEqual(Array.from({ length: 3_000 }, (_, at) => `<13>${at}`));
  });

  it('is read on when answers of others make room for its own', async () => {
    answers = new SafeAnswers({ safeSeq: () => safe, maxWaiting: 2 });
    const { port } = await listen();
    const [first, second] = [dial(port), dial(port)];
    first.open();
    for (const text of ['a', 'b']) first.say('syslog', text);
    await expect.poll(() => got.length, soon).toBe(2);
    second.open();
    second.say('syslog', 'c');
    await expect.poll(() => second.answers.length, soon).toBe(1);
    expect(texts()).toEqual(['a', 'b']);
    safeThrough(2);
    await expect.poll(texts, soon).toEqual(['a', 'b', 'c']);
  });

  it('that comes back with what was not answered is answered, and it is not journaled again', async () => {
    const { port } = await listen();
    const first = dial(port);
    first.open();
    for (const text of ['a', 'b', 'c']) first.say('syslog', text);
    await expect.poll(() => got.length, soon).toBe(3);
    safeThrough(1);
    await expect.poll(() => first.answers.length, soon).toBe(2);
    first.socket.resetAndDestroy();
    await expect.poll(() => answers.waiting, soon).toBe(0);
    const second = dial(port);
    second.open();
    for (const text of ['b', 'c', 'c', 'd']) second.say('syslog', text);
    await expect.poll(() => got.length, soon).toBe(5);
    expect(texts()).toEqual(['a', 'b', 'c', 'c', 'd']);
    await expect.poll(() => second.answers, soon).toEqual(['1: 200 OK']);
    safeThrough(5);
    await expect.poll(() => second.answers, soon).toEqual(['1: 200 OK', '2: 200 OK', '3: 200 OK', '4: 200 OK', '5: 200 OK']);
  });

  it('that loses patience, says close and goes is known when it comes back, also while the journal refuses', async () => {
    const { port, stats } = await listen();
    const first = dial(port);
    first.open();
    for (const text of ['a', 'b']) first.say('syslog', text);
    await expect.poll(() => got.length, soon).toBe(2);
    isFull = true;
    first.say('syslog', 'c');
    first.say('close');
    await expect.poll(() => first.answers, soon).toEqual(['1: 200 OK']);
    first.socket.end();
    await expect.poll(() => stats().connections, soon).toBe(0);
    // Whoever is gone asks for nothing more.
    expect(room.waiting.size).toBe(0);
    isFull = false;
    const second = dial(port);
    second.open();
    for (const text of ['a', 'b', 'c']) second.say('syslog', text);
    await expect.poll(() => got.length, soon).toBe(3);
    safeThrough(3);
    await expect.poll(() => second.answers.length, soon).toBe(4);
    expect(texts()).toEqual(['a', 'b', 'c']);
  });

  it('has a message that is too long cut, marked and acknowledged', async () => {
    const { port } = await listen();
    const client = dial(port);
    client.open();
    client.say('syslog', 'x'.repeat(70_000));
    client.say('syslog', 'y');
    await expect
      .poll(() => got.map(({ raw, flags }) => [raw.length, flags]), soon)
      .toEqual([
        [65_536, 1],
        [1, 0],
      ]);
  });

  it.each<[string, (client: RelpClient) => void, string]>([
    ['a message before open', (client) => client.say('syslog', 'x'), '1: 500 syslog before open'],
    ['an open without a version', (client) => client.say('open', 'commands=syslog'), '1: 500 relp_version must be 0 or 1'],
    [
      'an open without syslog',
      (client) => client.say('open', 'relp_version=0\ncommands=eventlog'),
      '1: 500 the command syslog must be offered',
    ],
    [
      'an unknown command',
      (client) => {
        client.open();
        client.say('starttls');
      },
      '2: 500 unknown command starttls',
    ],
    ['what is no RELP', (client) => client.socket.write('<13>hello\n'), '0: serverclose'],
  ])('is told what is wrong with %s, and sent away', async (_, act, answer) => {
    const listener = await listen();
    const client = dial(listener.port);
    act(client);
    await expect.poll(() => client.isClosed, soon).toBe(true);
    expect(client.answers).toContain(answer);
    expect([got.length, listener.stats().refusedBy]).toEqual([0, { framing: 1 }]);
  });
});

describe('RELP over TLS', () => {
  let ca: TestAuthority;
  beforeAll(() => {
    ca = new TestAuthority();
  });
  afterAll(() => ca.remove());
  it('is the same behind the handshake', async () => {
    const node = ca.issue('a');
    const { port } = await listen({ tls: { key: node.key, cert: node.cert, ca: ca.ca, clientCertificate: 'optional' } });
    const client = dial(port, { ca: ca.ca });
    client.open();
    client.say('syslog', '<13>x');
    await expect.poll(() => got.length, soon).toBe(1);
    safeThrough(1);
    await expect.poll(() => client.answers, soon).toEqual(['1: 200 OK', '2: 200 OK']);
  });
});
