import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournalReader } from '@yosugara/journal';
import { SILENT_LOG } from '@yosugara/kernel';
import { type NodeConfig, NodeConfigSchema, type RoleNotice, type Watermark } from '@yosugara/protocol';
import { followLines, monotonicMs, serveLines } from '@yosugara/receivers';
import { freePorts } from '@yosugara/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, type RunningReceiver, startReceiver } from './index.js';

/** Addresses of this spec alone, so that it may run beside a local cluster. */
const ADDRESS = { a: '127.0.71.1', b: '127.0.71.2', vip: '127.0.71.10' } as const;
const [syslog = 0, trap = 0, journal = 0] = await freePorts(3);
const PORTS = { syslog, trap, journal };
let root = '';
const closers: (() => unknown)[] = [];
const secrets: Record<string, readonly [string, Buffer | string][]> = {};

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'yosugara-receiver-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: root, stdio: 'pipe' });
  openssl('req', '-x509', '-newkey', 'ed25519', '-nodes', '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=ca', '-days', '2');
  for (const node of ['a', 'b']) {
    openssl('req', '-newkey', 'ed25519', '-nodes', '-keyout', `${node}.key`, '-out', `${node}.csr`, '-subj', `/CN=${node}`);
    openssl(
      'x509',
      '-req',
      '-in',
      `${node}.csr`,
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-out',
      `${node}.crt`,
      '-days',
      '2',
    );
    const read = (file: string) => execFileSync('cat', [join(root, file)]);
    secrets[node] = [
      ['tls.key', read(`${node}.key`)],
      ['tls.crt', read(`${node}.crt`)],
      ['ca.crt', read('ca.crt')],
    ];
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

let cluster = 0;
function configs(): Record<'a' | 'b', NodeConfig> {
  const dir = join(root, String(++cluster));
  const config = (node: 'a' | 'b') => {
    const stateDir = join(dir, node);
    mkdirSync(join(stateDir, 'secrets'), { recursive: true });
    for (const [name, content] of secrets[node] ?? []) writeFileSync(join(stateDir, 'secrets', name), content, { mode: 0o600 });
    const members = (['a', 'b'] as const).map((id) => ({ id, kind: 'data', address: ADDRESS[id], peerId: id }));
    return NodeConfigSchema.parse({
      cluster: { id: 'test', members, vip: { address: ADDRESS.vip, driver: 'bind' } },
      node,
      ports: PORTS,
      stateDir,
      dataDir: stateDir,
      receiver: { maxJournalMb: 64, receiveBufferBytes: 1_048_576 },
    });
  };
  return { a: config('a'), b: config('b') };
}
async function start(config: NodeConfig): Promise<RunningReceiver> {
  const receiver = await startReceiver(config, SILENT_LOG, (error) => expect.fail(error.message));
  closers.push(() => receiver.stop());
  return receiver;
}
const until = async (holds: () => boolean | Promise<boolean>, deadlineMs = 60_000) => {
  const end = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error('not within the deadline');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
const sendUdp = async (to: string, port: number, messages: readonly (string | Uint8Array)[]) => {
  const socket = createSocket('udp4');
  try {
    for (const message of messages) await new Promise((resolve) => socket.send(message, port, to, resolve));
  } finally {
    socket.close();
  }
};
const line = (mark: Watermark, side: 'own' | 'peer') => mark.journals.filter((journal) => journal.side === side).at(-1);

describe('two receivers', () => {
  it('journal what they hear, each holds a copy of the other, and both say how far', async () => {
    const config = configs();
    const [a, b] = [await start(config.a), await start(config.b)];
    await sendUdp(ADDRESS.a, PORTS.syslog, ['<13>one', '<13>two']);
    await new Promise<void>((resolve) =>
      connect(PORTS.syslog, ADDRESS.b, function (this: import('node:net').Socket) {
        this.end('<13>three\n', resolve);
      }),
    );
    await until(() => line(a.watermark(), 'own')?.bothSeq === 2 && line(a.watermark(), 'peer')?.bothSeq === 1);
    await until(() => line(b.watermark(), 'own')?.bothSeq === 1 && line(b.watermark(), 'peer')?.durableSeq === 2);
    const mark = a.watermark();
    expect([mark.peerLink, line(mark, 'peer')?.node]).toEqual(['up', 'b']);
    await until(() => a.watermark().clockOffsetUs !== null);
    const reader = openJournalReader(join(config.b.stateDir, 'journal/peer'));
    closers.push(() => reader.close());
    const copy = await reader.read(line(mark, 'own')!.journalId, 1, 2, 1_000);
    expect(copy.map((record) => [Buffer.from(record.raw).toString(), record.listener.kind])).toEqual([
      ['<13>one', 'own'],
      ['<13>two', 'own'],
    ]);
    expect(a.report()).toMatchObject({ received: 2, dropped: 0, peerLink: 'up', behindPeer: 0, vipBound: false });
  });

  it('go on alone, and the one that comes back fetches what it lacks, under a new journal of its own', async () => {
    const config = configs();
    const a = await start(config.a);
    const first = await start(config.b);
    await sendUdp(ADDRESS.a, PORTS.syslog, ['<13>both']);
    await until(() => line(a.watermark(), 'own')?.bothSeq === 1);
    await first.stop();
    await until(() => a.watermark().peerLink === 'down');
    await sendUdp(ADDRESS.a, PORTS.syslog, ['<13>alone 1', '<13>alone 2']);
    await until(() => line(a.watermark(), 'own')?.durableSeq === 3);
    expect(line(a.watermark(), 'own')?.bothSeq).toBe(1);
    const again = await start(config.b);
    await until(() => line(a.watermark(), 'own')?.bothSeq === 3);
    expect(line(again.watermark(), 'own')?.journalId).not.toBe(line(first.watermark(), 'own')?.journalId);
  });

  it('let go what both databases and both disks hold, and nothing else', async () => {
    const config = configs();
    const a = await start(config.a);
    await sendUdp(ADDRESS.a, PORTS.syslog, ['<13>x']);
    await until(() => line(a.watermark(), 'own')?.durableSeq === 1);
    const { journalId } = line(a.watermark(), 'own')!;
    const got: Watermark[] = [];
    const stop = followLines(join(config.a.stateDir, 'receiver.sock'), {
      onOpen: (connection) => connection.send({ ingested: [{ journalId, seq: 1 }] }),
      onDocument: (document) => got.push(document as Watermark),
    });
    closers.push(stop);
    await until(() => got.length > 0);
    await sendUdp(ADDRESS.a, PORTS.syslog, ['<13>y']);
    await until(() => got.some((mark) => line(mark, 'own')?.durableSeq === 2));
    expect(line(a.watermark(), 'own')?.firstSeq).toBe(1);
  });
});

describe('the receivers of both nodes', () => {
  it('let go of own journal and copy, whole segments, when each is told what both databases hold', async () => {
    const config = configs();
    const [a, b] = [await start(config.a), await start(config.b)];
    const count = 2_600;
    const text = `<13>${'x'.repeat(8_000)}\n`;
    await new Promise<void>((resolve) =>
      connect(PORTS.syslog, ADDRESS.a, function (this: import('node:net').Socket) {
        this.end(text.repeat(count), resolve);
      }),
    );
    await until(() => line(a.watermark(), 'own')?.bothSeq === count && line(b.watermark(), 'peer')?.durableSeq === count);
    const bytes = () => [a.report().journalBytes, b.report().journalBytes].every((each) => each < 12 * 1024 * 1024);
    expect(bytes()).toBe(false);
    const ingested = [{ journalId: line(a.watermark(), 'own')!.journalId, seq: count }];
    for (const node of ['a', 'b'] as const)
      closers.push(
        followLines(join(config[node].stateDir, 'receiver.sock'), {
          onOpen: (connection) => connection.send({ ingested }),
          onDocument: () => undefined,
        }),
      );
    await until(bytes);
    expect([line(a.watermark(), 'own')?.firstSeq, line(b.watermark(), 'peer')?.firstSeq].every((seq) => (seq ?? 0) > 1_000)).toBe(
      true,
    );
    await sendUdp(ADDRESS.a, PORTS.syslog, ['<13>goes on']);
    await until(() => line(a.watermark(), 'own')?.bothSeq === count + 1);
  });
});

describe('an INFORM', () => {
  const inform = Uint8Array.from(
    Buffer.from(
      '303f02010104067075626c6963a632020101020100020100302730110608' +
        '2b06010201010300430500000000' +
        '05' +
        '3012060a2b06010603010104010006042b060102',
      'hex',
    ),
  );
  it('is answered only when both nodes hold it, once for every time it is asked, and journaled once', async () => {
    const config = configs();
    const a = await start(config.a);
    const socket = createSocket('udp4');
    closers.push(() => socket.close());
    const answers: Buffer[] = [];
    socket.on('message', (answer) => answers.push(answer));
    const ask = async () => await new Promise((resolve) => socket.send(inform, PORTS.trap, ADDRESS.a, resolve));
    await ask();
    await until(() => line(a.watermark(), 'own')?.durableSeq === 1);
    expect(answers.length).toBe(0);
    await start(config.b);
    await until(() => answers.length === 1);
    await ask();
    await until(() => answers.length === 2);
    expect([answers[0]?.[13], a.report().received]).toEqual([0xa2, 1]);
  });
});

describe('the VIP', () => {
  it('is bound while the controller says so, and let go when its word ends', async () => {
    const config = configs();
    const a = await start(config.a);
    const notice = (vip: boolean, leaseMs: number): RoleNotice => ({
      node: 'a',
      epoch: 1,
      mode: 'active',
      leaseUntilMs: monotonicMs() + leaseMs,
      master: 'a',
      vip,
      syncSet: ['a', 'b'],
      ingestAlone: false,
    });
    const reports: unknown[] = [];
    const control = await serveLines(join(config.a.stateDir, 'control.sock'), {
      onDocument: (document, connection) => {
        if ((document as { method?: string }).method === 'watch') connection.send({ id: 1, event: notice(true, 4_000) });
        else reports.push(document);
      },
    });
    closers.push(() => control.close());
    await until(() => a.report().vipBound);
    await sendUdp(ADDRESS.vip, PORTS.syslog, ['<13>by the vip']);
    await until(() => line(a.watermark(), 'own')?.durableSeq === 1);
    await until(() => !a.report().vipBound);
    control.broadcast({ id: 1, event: notice(true, 60_000) });
    await until(() => a.report().vipBound);
    control.broadcast({ id: 1, event: notice(false, 60_000) });
    await until(() => !a.report().vipBound);
    await until(() => reports.length > 0);
    expect(reports[0]).toMatchObject({ method: 'report', report: { process: 'receiver', pid: process.pid } });
  });
});

describe('starting', () => {
  it('says in one line that a port is busy, and leaves nothing open', async () => {
    const config = configs();
    const other = createSocket('udp4');
    await new Promise<void>((resolve) => other.bind(PORTS.trap, ADDRESS.a, resolve));
    await expect(startReceiver(config.a, SILENT_LOG, () => undefined)).rejects.toThrow(
      `cannot listen on ${ADDRESS.a} port ${PORTS.trap}/udp: another program does`,
    );
    await new Promise<void>((resolve) => other.close(() => resolve()));
    await start(config.a);
  });
  it('says where the configuration is wrong', () => {
    const path = join(root, 'wrong.yaml');
    writeFileSync(
      path,
      'cluster:\n  id: test\n  members:\n    - { id: a, kind: data, address: 127.0.0.1, peerId: x }\n    - { id: b, kind: data, address: nowhere, peerId: y }\nnode: a\nstateDir: /tmp/x\n',
    );
    expect(() => loadConfig(path)).toThrow(/yosugara.yaml line 5: key `cluster.members.1.address`: found "nowhere"/);
    writeFileSync(path, 'cluster: [\n');
    expect(() => loadConfig(path)).toThrow(/yosugara.yaml line 2: /);
  });
});
