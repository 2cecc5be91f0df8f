import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { V3Flag, writeV3 } from '@yosugara/operations';
import { RESOURCES } from '@yosugara/protocol';
import { Daemons, findSystemProgram, freePorts, startSnmpd } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProbes } from '../index.js';
import { ask, askOne, newlyOpen, node, openThings, PATTERNS, whyOf } from '../testing/asking.js';
import { serveUdp } from '../testing/servers.js';
import { MEASURED } from './resources.js';
import { isSafe } from './socket.js';

const NAMES: Readonly<Record<string, string>> = { 'sysContact.0': '1.3.6.1.2.1.1.4.0' };
const probes = createProbes({ patterns: PATTERNS, oidOf: (name) => NAMES[name] ?? null });
afterAll(async () => {
  for (const probe of probes) await probe.close();
});
const SYS_NAME = '1.3.6.1.2.1.1.5.0';
const UP_TIME = '1.3.6.1.2.1.1.3.0';
const at = (port: number, more: object = {}) => ({ node: node({ snmp: { port, timeoutMs: 10_000, retries: 0, ...more } }) });

describe.skipIf(findSystemProgram('snmpd') === null)('snmpd (package snmpd)', () => {
  const daemons = new Daemons('snmpd');
  let port = 0;
  beforeAll(async () => {
    const users = [
      'createUser ops SHA-256 "auth passphrase" AES "priv passphrase"',
      'createUser old MD5 "auth passphrase" AES "priv passphrase"',
      'createUser new SHA-512 "auth passphrase" AES-256 "priv passphrase"',
      'createUser only SHA "auth passphrase"',
      '',
    ].join('\n');
    const rights = ['ops', 'old', 'new'].map((user) => `rouser ${user} priv`);
    ({ port } = await startSnmpd(
      daemons,
      [
        'rocommunity public 127.0.0.1',
        'rocommunity6 public ::1',
        ...rights,
        'rouser only auth',
        'sysName the-agent',
        'sysContact ops@example.org',
        'includeAllDisks',
        '',
      ].join('\n'),
      users,
    ));
  });
  afterAll(async () => await daemons.stop());

  it.each(['v1', 'v2c'])('is asked by %s', async (version) => {
    const before = openThings();
    const to = at(port, { version });
    expect(await askOne(probes, 'snmp-string', { oid: SYS_NAME }, to)).toEqual({ kind: 'text', text: 'the-agent' });
    expect(await askOne(probes, 'snmp-numeric', { oid: `.${UP_TIME}` }, to)).toMatchObject({ kind: 'number' });
    expect(await whyOf(probes, 'snmp-string', { oid: '1.3.6.1.2.1.1.99.0' }, to)).toBe(
      `the SNMP agent at 127.0.0.1:${port} has no object 1.3.6.1.2.1.1.99.0`,
    );
    await expect.poll(() => newlyOpen(before)).toEqual([]);
  });
  it('is asked by IPv6', async () => {
    const to = { node: node({ addresses: ['::1'], snmp: { port, timeoutMs: 10_000 } }) };
    expect(await askOne(probes, 'snmp-string', { oid: '1.3.6.1.2.1.1.99.0' }, to)).toEqual({
      kind: 'failure',
      why: `the SNMP agent at [::1]:${port} has no object 1.3.6.1.2.1.1.99.0`,
    });
  });
  it('is asked by a name of the MIB store, and not by others', async () => {
    expect(await askOne(probes, 'snmp-string', { oid: 'sysContact.0' }, at(port))).toEqual({
      kind: 'text',
      text: 'ops@example.org',
    });
    expect(await whyOf(probes, 'snmp-string', { oid: 'noSuch.0' }, at(port))).toBe(
      'no MIB that was given knows the name noSuch.0',
    );
  });
  it('says of a counter how many bits it has', async () => {
    const counter = async (oid: string) => await askOne(probes, 'snmp-numeric', { oid }, at(port));
    expect(await counter('1.3.6.1.2.1.2.2.1.10.1')).toMatchObject({ counter: 32 });
    expect(await counter('1.3.6.1.2.1.31.1.1.1.6.1')).toMatchObject({ counter: 64 });
    expect(await counter(UP_TIME)).not.toHaveProperty('counter');
  });
  it('gives a number that it says as text, and no number is a failure', async () => {
    expect(await askOne(probes, 'snmp-numeric', { oid: '1.3.6.1.4.1.2021.10.1.3.1' }, at(port))).toMatchObject({
      kind: 'number',
    });
    expect(await whyOf(probes, 'snmp-numeric', { oid: SYS_NAME }, at(port))).toBe(`${SYS_NAME} is no number: "the-agent"`);
  });
  const secrets = { version: 'v3', authSecret: 'auth passphrase', privSecret: 'priv passphrase' };
  it.each([
    ['SHA-256 and AES', { user: 'ops', auth: 'sha256', priv: 'aes128' }],
    ['MD5 and AES', { user: 'old', auth: 'md5', priv: 'aes128' }],
    ['SHA-512 and AES-256', { user: 'new', auth: 'sha512', priv: 'aes256' }],
    ['SHA and no privacy', { user: 'only', auth: 'sha1', level: 'authNoPriv' }],
  ])('is asked by v3 with %s, the second time without asking who it is', async (_, user) => {
    const to = at(port, { ...secrets, ...user });
    for (let times = 0; times < 2; times++)
      expect(await askOne(probes, 'snmp-string', { oid: SYS_NAME }, to)).toEqual({ kind: 'text', text: 'the-agent' });
  });
  it.each([
    ['an unknown user', { user: 'nobody' }, /does not know the user/],
    ['a wrong passphrase', { user: 'ops', auth: 'sha256', authSecret: 'another passphrase' }, /does not know the passphrase/],
    ['a wrong protocol', { user: 'ops', auth: 'md5' }, /does not know the passphrase/],
    ['DES', { user: 'ops', auth: 'sha256', priv: 'des' }, /privacy by des is not there/],
    ['AES-192', { user: 'ops', auth: 'sha256', priv: 'aes192' }, /privacy by aes192 is not there/],
  ])('is not told anything with %s, and no secret is in the sentence', async (_, user, expected) => {
    const why = await whyOf(probes, 'snmp-string', { oid: SYS_NAME }, at(port, { ...secrets, ...user }));
    expect(why).toMatch(expected);
    expect(why).not.toMatch(/auth passphrase|priv passphrase|another passphrase/);
  });
  it('does not answer a wrong community', async () =>
    expect(await whyOf(probes, 'snmp-string', { oid: SYS_NAME }, at(port, { community: 'wrong', timeoutMs: 200 }))).toBe(
      `the SNMP agent at 127.0.0.1:${port} was asked once and did not answer within 200 ms each`,
    ));
  it('is asked for many values with many monitors at once', async () => {
    const before = openThings();
    const answers = await Promise.all(
      Array.from(
        { length: 200 },
        async () => await askOne(probes, 'snmp-string', { oid: SYS_NAME }, at(port, { timeoutMs: 5_000, retries: 1 })),
      ),
    );
    expect(answers.filter(({ kind }) => kind === 'text')).toHaveLength(200);
    await expect.poll(() => newlyOpen(before)).toEqual([]);
  });

  describe('resources', () => {
    const measure = async (resource: string, device = '', monitor = 'm1') =>
      await ask(probes, 'resource', { resource, device }, { ...at(port), monitor });
    it.each([
      'cpu.load1',
      'cpu.load5',
      'cpu.load15',
      'memory.used',
      'memory.physical',
      'memory.swap',
      'memory.buffers',
      'memory.cache',
    ])('%s is a number', async (resource) => {
      const [answer] = await measure(resource);
      expect(answer).toMatchObject({ item: '', value: { kind: 'number' } });
      if (resource.startsWith('memory') && answer!.value.kind === 'number') expect(answer!.value.number).toBeLessThanOrEqual(100);
    });
    it('memory without buffers and cache is what the system says', async () => {
      const meminfo = readFileSync('/proc/meminfo', 'utf8');
      const kb = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(meminfo)![1]);
      const [answer] = await measure('memory.physical');
      const expected = 100 - (100 * kb('MemFree')) / kb('MemTotal');
      expect((answer!.value as { readonly number: number }).number).toBeGreaterThan(expected - 15);
      expect((answer!.value as { readonly number: number }).number).toBeLessThan(expected + 15);
    });
    it('file systems are an item each, and one of them alone has no name', async () => {
      const all = await measure('filesystem.used');
      expect(all.find(({ item }) => item === '/')).toMatchObject({ value: { kind: 'number' } });
      expect(await measure('filesystem.used', '/')).toMatchObject([{ item: '', value: { kind: 'number' } }]);
      expect(await measure('filesystem.used', '/nowhere')).toMatchObject([
        { value: { kind: 'failure', why: expect.stringMatching(/^there is no filesystem "\/nowhere"; there are .*\//) } },
      ]);
    });
    it('rates have a value from the second look on', async () => {
      const rates = [
        'cpu.used',
        'cpu.user',
        'cpu.iowait',
        'cpu.contextSwitches',
        'network.inBytes',
        'network.outPackets',
        'disk.reads',
      ];
      for (const resource of rates) expect(await measure(resource, '', resource)).toEqual([]);
      // The agent looks at its system every few seconds.
      for (const resource of rates)
        await expect
          .poll(async () => await measure(resource, '', resource), { interval: 1_000, timeout: 60_000 })
          .toEqual(expect.arrayContaining([{ item: expect.any(String), value: { kind: 'number', number: expect.any(Number) } }]));
      const network = await measure('network.inBytes', 'lo', 'lo');
      expect(network).toEqual([]);
    }, 120_000);
    it('a rate goes on with the first look of whoever takes over', async () => {
      const memory = {
        stored: null as unknown,
        keep: (state: unknown) => void (memory.stored = JSON.parse(JSON.stringify(state))),
      };
      const look = async (resource: string, device: string) => {
        const fresh = createProbes({ patterns: PATTERNS });
        const asked = { ...at(port), memory };
        return await ask(fresh, 'resource', { resource, device }, asked).finally(
          async () => await Promise.all(fresh.map(async (probe) => await probe.close())),
        );
      };
      for (const [resource, device] of [
        ['network.inBytes', 'lo'],
        ['cpu.contextSwitches', ''],
      ] as const) {
        memory.stored = null;
        expect(await look(resource, device)).toEqual([]);
        await expect
          .poll(async () => await look(resource, device))
          .toMatchObject([{ item: '', value: { kind: 'number', number: expect.any(Number) } }]);
      }
    });
    it('everything that is offered can be asked for', async () => {
      for (const resource of MEASURED) {
        const answers = await measure(resource, '', `first ${resource}`);
        for (const { value } of answers) expect([resource, value]).toMatchObject([resource, { kind: 'number' }]);
      }
    });
    it('what is offered is what the schema of monitors names', () => expect([...MEASURED].sort()).toEqual([...RESOURCES].sort()));
    it('what nobody measures is a failure', async () =>
      expect(await measure('cpu.temperature')).toMatchObject([
        { value: { why: expect.stringMatching(/^cpu\.temperature is nothing that can be measured/) } },
      ]));
  });

  it('processes are counted by command and arguments', async () => {
    const count = async (check: object) => await askOne(probes, 'process', check, at(port));
    const running = () => Number(execFileSync('pgrep', ['-c', '-x', 'snmpd'], { encoding: 'utf8' }));
    // Its cache of processes is seconds old, and those of other specs come and go: at one look both say the same.
    const isRight = async (check: object) =>
      await expect
        .poll(async () => [running(), await count(check)], { interval: 1_000, timeout: 60_000 })
        .toSatisfy(([now, counted]) => isDeepStrictEqual(counted, { kind: 'number', number: now }));
    await isRight({ command: '.*snmpd' });
    expect(await count({ command: '.*snmpd', arguments: `.*udp:127\\.0\\.0\\.1:${port}.*` })).toMatchObject({
      number: expect.any(Number),
    });
    expect(await count({ command: 'no such program' })).toEqual({ kind: 'number', number: 0 });
    await isRight({ command: '.*SNMPD', caseSensitive: false });
  });
});

describe('an agent that', () => {
  it('is not there refuses at once, however long one would have waited', async () => {
    const [port] = await freePorts(1);
    const before = openThings();
    expect(await whyOf(probes, 'snmp-string', { oid: SYS_NAME }, at(port!, { timeoutMs: 60_000 }))).toBe(
      `connection refused by 127.0.0.1:${port}`,
    );
    await expect.poll(() => newlyOpen(before)).toEqual([]);
  });
  it('says nothing is asked as often as was said', async () => {
    let asked = 0;
    const server = await serveUdp(() => {
      asked++;
      return [];
    });
    expect(await whyOf(probes, 'snmp-string', { oid: SYS_NAME }, at(server.port, { timeoutMs: 100, retries: 2 }))).toBe(
      `the SNMP agent at 127.0.0.1:${server.port} was asked 3 times and did not answer within 100 ms each`,
    );
    // The last question may lie there yet.
    await expect.poll(() => asked).toBe(3);
    await server.close();
  });
  it('talks nonsense gets no answer taken', async () => {
    const server = await serveUdp((question) => [
      Buffer.from('nonsense'),
      Buffer.from('3003020101', 'hex'),
      question.subarray(0, 20),
    ]);
    const before = openThings();
    expect(await whyOf(probes, 'snmp-string', { oid: SYS_NAME }, at(server.port, { timeoutMs: 200 }))).toMatch(
      /did not answer|answered something else/,
    );
    await expect.poll(() => newlyOpen(before)).toEqual([]);
    await server.close();
  });
  it('goes round in a circle is not followed', async () => {
    // Every question for what follows is answered by the same row.
    const row = Buffer.from('1.3.6.1.2.1.25.4.2.1.2.1'.split('.').slice(2).map(Number));
    const server = await serveUdp((question) => [circle(question, Buffer.concat([Buffer.from([0x2b]), row]))]);
    const answers = await ask(probes, 'process', { command: '.*' }, at(server.port));
    expect(answers).toMatchObject([
      { value: { kind: 'failure', why: expect.stringMatching(/answered something else than what was asked/) } },
    ]);
    await server.close();
  });
});

describe('an answer of SNMPv3 to a user who signs', () => {
  const scoped = (pdu: number) => Buffer.from([0x30, 10, 0x04, 2, 1, 2, 0x04, 0, pdu, 2, 5, 0]);
  const message = (flags: number, pdu: number) =>
    writeV3({
      ...{ msgId: 1, maxSize: 65_507, flags, engineId: Buffer.alloc(8, 1), boots: 1, time: 1, user: Buffer.from('ops') },
      ...{ privParams: new Uint8Array(), data: scoped(pdu), authLength: 0 },
    }).raw;
  it.each([
    ['that is signed is looked at', V3Flag.auth, 0xa2, true],
    ['that is not signed is passed over: anybody may have written it', 0, 0xa2, false],
    ['that is a report need not be signed: it may say that nobody knows the user', 0, 0xa8, true],
  ] as const)('%s', (_, flags, pdu, expected) => expect(isSafe(message(flags, pdu), V3Flag.auth)).toBe(expected));
  it('that is not in cipher is passed over where it must be', () =>
    expect(isSafe(message(V3Flag.auth, 0xa2), V3Flag.auth | V3Flag.priv)).toBe(false));
  it('that is no message of v3 is passed over', () => expect(isSafe(Buffer.from('3003020101', 'hex'), V3Flag.auth)).toBe(false));
});

it('a look that nobody wants any more ends at once', async () => {
  const silent = createSocket('udp4');
  await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
  const stop = new AbortController();
  const before = openThings();
  const run = ask(
    probes,
    'snmp-string',
    { oid: SYS_NAME },
    { ...at(silent.address().port, { timeoutMs: 60_000 }), signal: stop.signal },
  );
  await new Promise<void>((resolve) => silent.once('message', () => resolve()));
  stop.abort();
  expect(await run).toMatchObject([{ value: { why: 'stopped' } }]);
  await expect.poll(() => newlyOpen(before)).toEqual([]);
  silent.close();
});

/** The question's own head with one varbind in place of all: an answer as far as the package looks. */
function circle(question: Buffer, oid: Buffer): Buffer {
  const item = (tag: number, body: Buffer) => Buffer.concat([Buffer.from([tag, body.length]), body]);
  const at = question.indexOf(Buffer.from('public'));
  // Behind the community: the PDU's tag, its length, and the request's number.
  const pdu = at + 6;
  const head = pdu + (question[pdu + 1]! > 0x80 ? 3 : 2);
  const id = question.subarray(head, head + 2 + question[head + 1]!);
  const varbind = item(0x30, Buffer.concat([item(0x06, oid), item(0x04, Buffer.from('x'))]));
  const varbinds = item(0x30, Buffer.concat([varbind, varbind, varbind, varbind]));
  const zero = Buffer.from('020100', 'hex');
  const answer = item(0xa2, Buffer.concat([id, zero, zero, varbinds]));
  return item(0x30, Buffer.concat([Buffer.from('020101', 'hex'), item(0x04, Buffer.from('public')), answer]));
}
