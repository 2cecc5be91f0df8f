import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournalReader } from '@yosugara/journal';
import { SILENT_LOG } from '@yosugara/kernel';
import { type NodeConfig, NodeConfigSchema } from '@yosugara/protocol';
import { freePorts } from '@yosugara/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TestAuthority } from '../../../libs/receivers/src/testing/certificates.js';
import { type RunningReceiver, startReceiver } from './index.js';

const RSYSLOGD = ['/usr/sbin/rsyslogd', '/sbin/rsyslogd', '/usr/local/sbin/rsyslogd'].find((path) => existsSync(path));
const MODULES = '/usr/lib';
const hasModule = (name: string) =>
  readdirSync(MODULES).some((dir) => existsSync(join(MODULES, dir, 'rsyslog', name))) ||
  existsSync(join(MODULES, 'rsyslog', name));
const isHere = RSYSLOGD !== undefined && hasModule('omrelp.so') && hasModule('lmnsd_gtls.so');

const ADDRESS = { a: '127.0.76.1', b: '127.0.76.2', sender: '127.0.76.9' } as const;
const [syslog = 0, trap = 0, journal = 0, syslogTls = 0, relp = 0, customTrap = 0, input = 0] = await freePorts(7);
const PORTS = { syslog, trap, journal, syslogTls, relp, customTrap };
const COUNT = 1_000;
const soon = { timeout: 60_000, interval: 50 };
const closers: (() => unknown)[] = [];
let root = '';
let ca: TestAuthority;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'yosugara-rsyslog-'));
  ca = new TestAuthority();
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
  ca.remove();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function configOf(node: 'a' | 'b'): NodeConfig {
  const stateDir = join(root, node);
  mkdirSync(join(stateDir, 'secrets'), { recursive: true });
  const { keyFile, certFile } = ca.issue(node, [`DNS:${node}.cluster.example`]);
  for (const [from, to] of [
    [keyFile, 'tls.key'],
    [certFile, 'tls.crt'],
    [ca.caFile, 'ca.crt'],
  ] as const)
    copyFileSync(from, join(stateDir, 'secrets', to));
  const members = (['a', 'b'] as const).map((id) => ({ id, kind: 'data', address: ADDRESS[id], peerId: id }));
  return NodeConfigSchema.parse({
    ...{ cluster: { id: 'test', members }, node, ports: PORTS, stateDir, dataDir: stateDir },
    receiver: {
      maxJournalMb: 64,
      receiveBufferBytes: 1_048_576,
      tls: { clientCertificate: 'required', allow: ['*.senders.example'] },
    },
  });
}
async function start(config: NodeConfig): Promise<RunningReceiver> {
  const receiver = await startReceiver(config, SILENT_LOG, (error) => expect.fail(error.message));
  closers.push(() => receiver.stop());
  return receiver;
}

/** What it is told by TCP it sends on in every way that the receivers know. */
function rsyslogd(): ChildProcess {
  const dir = join(root, 'rsyslog');
  mkdirSync(dir, { recursive: true });
  const { keyFile, certFile } = ca.issue('web1', ['DNS:web1.senders.example']);
  const queue = 'queue.type="linkedList" queue.size="20000" action.resumeRetryCount="-1" action.resumeInterval="1"';
  const to = (port: number) => `target="${ADDRESS.a}" port="${port}" template="line" ${queue}`;
  const config = join(dir, 'rsyslog.conf');
  writeFileSync(
    config,
    `global(workDirectory="${dir}" defaultNetstreamDriverCAFile="${ca.caFile}"
  defaultNetstreamDriverCertFile="${certFile}" defaultNetstreamDriverKeyFile="${keyFile}")
module(load="imptcp")
module(load="omrelp")
template(name="line" type="string" string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% %APP-NAME% - - - %msg%")
input(type="imptcp" address="${ADDRESS.sender}" port="${input}")
action(name="udp" type="omfwd" protocol="udp" ${to(syslog)})
action(name="tcp" type="omfwd" protocol="tcp" TCP_Framing="octet-counted" ${to(syslog)})
action(name="tls" type="omfwd" protocol="tcp" TCP_Framing="octet-counted" StreamDriver="gtls" StreamDriverMode="1"
  StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="a.cluster.example" ${to(syslogTls)})
action(name="relp" type="omrelp" timeout="5" ${to(relp)})
`,
  );
  const child = spawn(RSYSLOGD!, ['-n', '-f', config, '-i', join(dir, 'pid')], { stdio: 'ignore' });
  closers.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

async function say(from: number, through: number): Promise<void> {
  const lines = Array.from({ length: through - from + 1 }, (_, at) => `<13>Nov 21 10:00:00 web1 app: n=${from + at}.\n`);
  await expect
    .poll(
      () =>
        new Promise((resolve) => {
          const socket = connect({ host: ADDRESS.sender, port: input });
          socket.once('error', () => resolve('not yet'));
          socket.once('connect', () => socket.end(lines.join(''), () => resolve('said')));
        }),
      soon,
    )
    .toBe('said');
}

/** Numbers in the journal of `a` by the way they came, in order. */
async function numbers(a: RunningReceiver): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = { udp: [], tcp: [], tls: [], relp: [] };
  const reader = openJournalReader(join(root, 'a/journal/own'));
  try {
    const mine = a.watermark().journals.findLast(({ side }) => side === 'own')!;
    for (let next = mine.firstSeq; next <= mine.durableSeq; ) {
      const records = await reader.read(mine.journalId, next, mine.durableSeq, 1e6);
      for (const { transport, raw } of records)
        found[transport]?.push(Number(/n=(\d+)\./.exec(Buffer.from(raw).toString())?.[1]));
      next += records.length;
    }
    return found;
  } finally {
    await reader.close();
  }
}

describe.skipIf(!isHere)('a real rsyslog (Debian: rsyslog, rsyslog-relp, rsyslog-gnutls)', () => {
  it('is heard by UDP, TCP, TLS and RELP; by RELP it hears what is safe only when both disks have it, and nothing is doubled', async () => {
    const a = await start(configOf('a'));
    rsyslogd();
    const all = Array.from({ length: COUNT }, (_, at) => at + 1);
    // No more datagrams on the way than any kernel's buffer holds while this process is busy.
    for (let from = 1; from <= COUNT; from += 100) {
      await say(from, from + 99);
      await expect.poll(async () => (await numbers(a))['udp']?.length, soon).toBe(from + 99);
    }
    const others = async () => {
      const { relp, ...rest } = await numbers(a);
      return rest;
    };
    await expect.poll(others, soon).toEqual({ udp: all, tcp: all, tls: all });
    // librelp's client waits behind 128 messages without an answer; when it loses patience it comes again with them, and a few more.
    const waiting = async () => (await numbers(a))['relp']!.length;
    await expect.poll(waiting, soon).toBeGreaterThanOrEqual(128);
    expect(await waiting()).toBeLessThan(COUNT / 2);
    expect(a.report().listeners?.map(({ protocol }) => protocol)).toEqual(['udp', 'tcp', 'udp', 'tls', 'relp']);

    await start(configOf('b'));
    await expect.poll(async () => (await numbers(a))['relp'], soon).toEqual(all);
    expect(a.report().sources?.map(({ address, received, refused }) => [address, received, refused])).toEqual([
      ['127.0.0.1', 4 * COUNT, {}],
    ]);
  });
});
