import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { openJournalReader } from '@yosugara/journal';
import { STATE_LAYOUT } from '@yosugara/protocol';
import { freePorts } from '@yosugara/testkit';
import { describe, expect, it } from 'vitest';
import type { RunningReceiver } from './index.js';
import { newest, twoReceivers } from './testing/two-receivers.js';

const RSYSLOGD = ['/usr/sbin/rsyslogd', '/sbin/rsyslogd', '/usr/local/sbin/rsyslogd'].find((path) => existsSync(path));
const MODULES = '/usr/lib';
const hasModule = (name: string) =>
  readdirSync(MODULES).some((dir) => existsSync(join(MODULES, dir, 'rsyslog', name))) ||
  existsSync(join(MODULES, 'rsyslog', name));
const isHere = RSYSLOGD !== undefined && hasModule('omrelp.so') && hasModule('lmnsd_gtls.so');

const receivers = await twoReceivers({
  third: 76,
  names: (node) => [`DNS:${node}.cluster.example`],
  receiver: { receiveBufferBytes: 1_048_576, tls: { clientCertificate: 'required', allow: ['*.senders.example'] } },
});
const { address, ports, closers, configs, start } = receivers;
const [input = 0] = await freePorts(1);
const COUNT = 1_000;
const soon = { timeout: 60_000, interval: 50 };

/** What it is told by TCP it sends on in every way that the receivers know. */
function rsyslogd(): ChildProcess {
  const { ca } = receivers;
  const dir = join(receivers.dir, 'rsyslog');
  mkdirSync(dir, { recursive: true });
  const { keyFile, certFile } = ca.issue('web1', ['DNS:web1.senders.example']);
  const queue = 'queue.type="linkedList" queue.size="20000" action.resumeRetryCount="-1" action.resumeInterval="1"';
  const to = (port: number) => `target="${address.a}" port="${port}" template="line" ${queue}`;
  const config = join(dir, 'rsyslog.conf');
  writeFileSync(
    config,
    `global(workDirectory="${dir}" defaultNetstreamDriverCAFile="${ca.caFile}"
  defaultNetstreamDriverCertFile="${certFile}" defaultNetstreamDriverKeyFile="${keyFile}")
module(load="imptcp")
module(load="omrelp")
template(name="line" type="string" string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% %APP-NAME% - - - %msg%")
input(type="imptcp" address="${address.sender}" port="${input}")
action(name="udp" type="omfwd" protocol="udp" ${to(ports.syslog)})
action(name="tcp" type="omfwd" protocol="tcp" TCP_Framing="octet-counted" ${to(ports.syslog)})
action(name="tls" type="omfwd" protocol="tcp" TCP_Framing="octet-counted" StreamDriver="gtls" StreamDriverMode="1"
  StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="a.cluster.example" ${to(ports.syslogTls)})
action(name="relp" type="omrelp" timeout="5" ${to(ports.relp)})
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
          const socket = connect({ host: address.sender, port: input });
          socket.once('error', () => resolve('not yet'));
          socket.once('connect', () => socket.end(lines.join(''), () => resolve('said')));
        }),
      soon,
    )
    .toBe('said');
}

/** Numbers in the journal of `a` by the way they came, in order. */
async function numbers(a: RunningReceiver, stateDir: string): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = { udp: [], tcp: [], tls: [], relp: [] };
  const reader = openJournalReader(join(stateDir, STATE_LAYOUT.journalOwn));
  try {
    const mine = newest(a.watermark(), 'own')!;
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
    const config = configs();
    const a = await start(config.a);
    const told = async () => await numbers(a, config.a.stateDir);
    rsyslogd();
    const all = Array.from({ length: COUNT }, (_, at) => at + 1);
    // No more datagrams on the way than any kernel's buffer holds while this process is busy.
    for (let from = 1; from <= COUNT; from += 100) {
      await say(from, from + 99);
      await expect.poll(async () => (await told())['udp']?.length, soon).toBe(from + 99);
    }
    const others = async () => {
      const { relp, ...rest } = await told();
      return rest;
    };
    await expect.poll(others, soon).toEqual({ udp: all, tcp: all, tls: all });
    // librelp's client waits behind 128 messages without an answer; when it loses patience it comes again with them, and a few more.
    const waiting = async () => (await told())['relp']!.length;
    await expect.poll(waiting, soon).toBeGreaterThanOrEqual(128);
    expect(await waiting()).toBeLessThan(COUNT / 2);
    expect(a.report().listeners?.map(({ protocol }) => protocol)).toEqual(['udp', 'tcp', 'udp', 'tls', 'relp']);

    await start(config.b);
    await expect.poll(async () => (await told())['relp'], soon).toEqual(all);
    expect(a.report().sources?.map(({ address, received, refused }) => [address, received, refused])).toEqual([
      ['127.0.0.1', 4 * COUNT, {}],
    ]);
  });
});
