import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeTrap, parseTrap, trapContent, USM_AUTH, type UsmAuth, type UsmPriv } from '@yosugara/operations';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { AUTH_PASSPHRASE, NetSnmp, PRIV_PASSPHRASE, TrapSink, type TrapSinkOptions, testUser } from './testing/trap-sink.js';

const AUTH_NAMES: Record<UsmAuth, string> = {
  ...{ md5: 'MD5', sha1: 'SHA', sha224: 'SHA-224', sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' },
};
/** What Debian's net-snmp has; its AES-192 and -256 are lengthened by Blumenthal's draft. */
const PRIV_NAMES = { des: 'DES', aes128: 'AES', aes192: 'AES-192', aes256: 'AES-256' } as const satisfies Partial<
  Record<UsmPriv, string>
>;
const PRIVS = ['none', 'des', 'aes128', 'aes192', 'aes256'] as const;
const TRAP = ['4711', '1.3.6.1.6.3.1.1.5.3', '1.3.6.1.2.1.2.2.1.1.7', 'i', '7', '1.3.6.1.2.1.1.1.0', 's', 'hé'];

const tools = new NetSnmp();
const sinks: TrapSink[] = [];
afterEach(async () => {
  for (const sink of sinks.splice(0)) await sink.close();
});
afterAll(() => tools.close());
const opened = async (options: TrapSinkOptions) => {
  const sink = new TrapSink(options);
  const port = await sink.open();
  sinks.push(sink);
  return { sink, to: `127.0.0.1:${port}` };
};
const login = (
  user: string,
  auth: UsmAuth | 'none',
  priv: keyof typeof PRIV_NAMES | 'none',
  secrets = { auth: AUTH_PASSPHRASE, priv: PRIV_PASSPHRASE },
) => [
  ...['-v3', '-u', user, '-l', auth === 'none' ? 'noAuthNoPriv' : priv === 'none' ? 'authNoPriv' : 'authPriv'],
  ...(auth === 'none' ? [] : ['-a', AUTH_NAMES[auth], '-A', secrets.auth]),
  ...(priv === 'none' ? [] : ['-x', PRIV_NAMES[priv], '-X', secrets.priv]),
];
/** What makes copies of one of them, by what was kept. */
const contentsOf = (sink: TrapSink) =>
  sink.kept.map(({ raw }) => {
    const outcome = decodeTrap(raw);
    return outcome.kind === 'trap' ? trapContent(outcome.trap) : outcome.reason;
  });
const until = async (holds: () => boolean) => {
  const end = performance.now() + 60_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error('not within the deadline');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

describe.each(USM_AUTH)('net-snmp with %s', (auth) => {
  it.each(PRIVS)('and %s: a TRAP and an INFORM are kept in the clear, and the INFORM is answered', async (priv) => {
    const { sink, to } = await opened({ users: [testUser('ann', auth, priv)] });
    expect(await tools.run('snmptrap', [...login('ann', auth, priv), '-n', 'vlan7', to, ...TRAP])).toBeNull();
    expect(await tools.run('snmpinform', [...login('ann', auth, priv), '-r', '1', '-t', '5', to, ...TRAP])).toBeNull();
    await until(() => sink.kept.length === 2);
    expect(sink.refused).toEqual([]);
    const read = sink.kept.map((record) => parseTrap(record.raw));
    for (const message of read)
      expect(message).toMatchObject({
        ...{ app: '1.3.6.1.6.3.1.1.5.3', reason: null, structured: { snmp: { user: 'ann' } } },
        varbinds: [
          { oid: '1.3.6.1.2.1.1.3.0', type: 'TimeTicks', value: '4711' },
          { oid: '1.3.6.1.6.3.1.1.4.1.0', value: '1.3.6.1.6.3.1.1.5.3' },
          { oid: '1.3.6.1.2.1.2.2.1.1.7', type: 'Integer', value: '7' },
          { oid: '1.3.6.1.2.1.1.1.0', type: 'OctetString', value: 'hé' },
        ],
      });
    expect(read[0]?.structured?.['snmp']?.['ctxName']).toBe('vlan7');
  });
});

describe('net-snmp', () => {
  it('without authentication is taken when the user has none', async () => {
    const { sink, to } = await opened({ users: [testUser('ann', 'none', 'none')] });
    expect(await tools.run('snmptrap', [...login('ann', 'none', 'none'), to, ...TRAP])).toBeNull();
    expect(await tools.run('snmpinform', [...login('ann', 'none', 'none'), '-r', '1', '-t', '5', to, ...TRAP])).toBeNull();
    await until(() => sink.kept.length === 2);
  });

  it('is told what is wrong, nothing is kept, and it is counted', async () => {
    const { sink, to } = await opened({ users: [testUser('ann', 'sha256', 'aes128')] });
    const bad = async (args: string[]) => await tools.run('snmpinform', [...args, '-r', '0', '-t', '15', to, ...TRAP]);
    expect(await bad(login('bob', 'sha256', 'aes128'))).toMatch(/Unknown user name/i);
    expect(await bad(login('ann', 'sha256', 'aes128', { auth: 'another phrase', priv: PRIV_PASSPHRASE }))).toMatch(
      /Authentication failure/i,
    );
    expect(await bad(login('ann', 'sha256', 'none'))).toMatch(/unsupported security level/i);
    expect(await bad(login('ann', 'sha256', 'aes128', { auth: AUTH_PASSPHRASE, priv: 'another phrase' }))).toMatch(
      /Decryption error/i,
    );
    expect(sink.kept).toEqual([]);
    expect(sink.refused).toEqual(['unknown_user', 'wrong_digest', 'security_level', 'decryption_failed']);
    expect(sink.usm.counters).toMatchObject({
      unknownUserNames: 1,
      wrongDigests: 1,
      unsupportedSecLevels: 1,
      decryptionErrors: 1,
    });
    // Each of them had asked for the engine id first.
    expect(sink.usm.counters.unknownEngineIds).toBe(4);
  });

  it('learns the time from a report when its own is wrong', async () => {
    const { sink, to } = await opened({ users: [testUser('ann', 'sha256', 'aes128')], boots: 9 });
    const engine = sink.engineId.toString('hex');
    const args = [...login('ann', 'sha256', 'aes128'), '-e', engine, '-Z', '4,100', '-r', '2', '-t', '15', to, ...TRAP];
    expect(await tools.run('snmpinform', args)).toBeNull();
    expect([sink.kept.length, sink.usm.counters.notInTimeWindows]).toEqual([1, 1]);
  });

  it('repeats an INFORM that is not yet safe: it is kept once, and answered when it is safe', async () => {
    let safe = false;
    const { sink, to } = await opened({ users: [testUser('ann', 'sha256', 'aes128')], safe: () => safe });
    const sent = tools.run('snmpinform', [...login('ann', 'sha256', 'aes128'), '-r', '10', '-t', '1', to, ...TRAP]);
    // One discovery, one INFORM and two that repeat it.
    await until(() => sink.packets.length >= 4);
    expect(sink.kept).toHaveLength(1);
    safe = true;
    sink.intake.answerWhatIsSafe();
    expect(await sent).toBeNull();
    expect(sink.kept).toHaveLength(1);
  });

  it('says the same to both nodes: what they keep pairs', async () => {
    const users = [testUser('ann', 'sha1', 'aes256')];
    for (const program of ['snmptrap', 'snmpinform'] as const) {
      const contents: string[] = [];
      for (const { sink, to } of [await opened({ users }), await opened({ users })]) {
        // Another engine of the sender would be another sender.
        const engine = program === 'snmptrap' ? ['-e', '8000000001020304'] : [];
        expect(await tools.run(program, [...login('ann', 'sha1', 'aes256'), ...engine, to, ...TRAP])).toBeNull();
        await until(() => sink.kept.length === 1);
        contents.push(...contentsOf(sink));
      }
      expect(contents[0]).toContain('ann');
      expect(contents[1]).toBe(contents[0]);
    }
  });

  it('without -E makes up an engine of its own for each folder that it runs in: these are copies of nothing', async () => {
    const { sink, to } = await opened({ users: [testUser('ann', 'sha1', 'aes128')] });
    const others = new NetSnmp();
    for (const each of [tools, others])
      expect(await each.run('snmpinform', [...login('ann', 'sha1', 'aes128'), to, ...TRAP])).toBeNull();
    for (const each of [tools, others])
      expect(await each.run('snmpinform', [...login('ann', 'sha1', 'aes128'), '-E', '8000000001020304', to, ...TRAP])).toBeNull();
    others.close();
    const [one, two, same, too] = contentsOf(sink);
    expect([one === two, same === too]).toEqual([false, true]);
  });

  it.each(['trap', 'inform'])('v3 by the script of docs/senders says the same %s to both nodes, many at once', async (how) => {
    const users = [testUser('ops', 'sha256', 'aes128')];
    const nodes = [await opened({ users }), await opened({ users })];
    const docs = readFileSync(new URL('../../../../docs/senders/net-snmp/notify-both-v3.sh', import.meta.url), 'utf8');
    const home = mkdtempSync(join(tmpdir(), 'yosugara-notify-'));
    const text = docs
      .replaceAll('a.example.org:162', nodes[0]!.to)
      .replaceAll('b.example.org:162', nodes[1]!.to)
      .replaceAll('"$node:162"', '"$node"')
      .replace('a.example.org b.example.org', `${nodes[0]!.to} ${nodes[1]!.to}`);
    const secrets = `defAuthPassphrase ${AUTH_PASSPHRASE}\ndefPrivPassphrase ${PRIV_PASSPHRASE}\n`;
    const conf = `defSecurityName ops\ndefSecurityLevel authPriv\ndefAuthType SHA-256\ndefPrivType AES\n${secrets}`;
    mkdirSync(join(home, '.snmp'));
    writeFileSync(join(home, '.snmp/snmp.conf'), conf, { mode: 0o600 });
    const notify = (number: number) =>
      new Promise((resolve) => {
        const args = ['-c', text, 'notify-both-v3.sh', how, '1.3.6.1.6.3.1.1.5.3', '1.3.6.1.2.1.1.1.0', 's', `n=${number}`];
        const env = { PATH: process.env['PATH'], HOME: home, MIBS: '' };
        execFile('sh', args, { env, timeout: 30_000 }, (error) => resolve(error === null ? null : error.message));
      });
    try {
      const count = 5;
      const ends = await Promise.all(Array.from({ length: count }, (_, number) => notify(number)));
      expect(ends).toEqual(Array.from({ length: count }, () => null));
      await until(() => nodes.every(({ sink }) => sink.kept.length === count));
      const [a, b] = nodes.map(({ sink }) => contentsOf(sink));
      expect(a!.sort()).toEqual(b!.sort());
      expect(new Set(a).size).toBe(count);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });

  it.each(['trap', 'inform'])(
    'by the script of docs/senders says the same %s to both nodes; an INFORM that one of them answers is answered',
    async (how) => {
      const nodes = [await opened({ users: [] }), await opened({ users: [] })];
      const docs = readFileSync(new URL('../../../../docs/senders/net-snmp/notify-both.sh', import.meta.url), 'utf8');
      const script = (a: string, b: string) =>
        docs
          .replaceAll('a.example.org:162', a)
          .replaceAll('b.example.org:162', b)
          .replaceAll('"$node:162"', '"$node"')
          .replace('a.example.org b.example.org', `${a} ${b}`);
      const notify = (text: string) =>
        new Promise((resolve) => {
          const args = ['-c', text, 'notify-both.sh', how, ...TRAP.slice(1)];
          execFile('sh', args, { env: { ...process.env, MIBS: '' }, timeout: 20_000 }, (error) =>
            resolve(error === null ? null : error.message),
          );
        });
      expect(await notify(script(nodes[0]!.to, nodes[1]!.to))).toBeNull();
      await until(() => nodes.every(({ sink }) => sink.kept.length === 1));
      const [first, second] = nodes.map(({ sink }) => decodeTrap(sink.kept[0]!.raw));
      expect([first, second]).toMatchObject([{ kind: 'trap' }, { kind: 'trap' }]);
      if (first?.kind === 'trap' && second?.kind === 'trap') expect(trapContent(first.trap)).toBe(trapContent(second.trap));
      // One node of both is enough for an INFORM. A TRAP knows nothing.
      const once = (a: string, b: string) => script(a, b).replaceAll('-r 10 -t 1', '-r 0 -t 15');
      expect(await notify(once(nodes[0]!.to, '127.0.0.1:9'))).toBeNull();
      if (how === 'inform') expect(await notify(once('127.0.0.1:9', '127.0.0.1:9').replaceAll('-t 15', '-t 1'))).not.toBeNull();
    },
  );
});
