import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { openJournalReader } from '@yosugara/journal';
import { SILENT_LOG } from '@yosugara/kernel';
import { type RoleNotice, type Watermark } from '@yosugara/protocol';
import { followLines, monotonicMs, serveLines } from '@yosugara/receivers';
import { pause, until } from '@yosugara/testkit';
import { describe, expect, it } from 'vitest';
import { loadConfig, startReceiver } from './index.js';
import { newest, twoReceivers } from './testing/two-receivers.js';

const receivers = await twoReceivers({ third: 71, vip: true, receiver: { receiveBufferBytes: 1_048_576 } });
const { address, ports, closers, configs, start } = receivers;
const sendUdp = async (to: string, port: number, messages: readonly (string | Uint8Array)[]) => {
  const socket = createSocket('udp4');
  try {
    for (const message of messages) await new Promise((resolve) => socket.send(message, port, to, resolve));
  } finally {
    socket.close();
  }
};
describe('two receivers', () => {
  it('journal what they hear, each holds a copy of the other, and both say how far', async () => {
    const config = configs();
    const [a, b] = [await start(config.a), await start(config.b)];
    await sendUdp(address.a, ports.syslog, ['<13>one', '<13>two']);
    await new Promise<void>((resolve) =>
      connect(ports.syslog, address.b, function (this: import('node:net').Socket) {
        this.end('<13>three\n', resolve);
      }),
    );
    await until(() => newest(a.watermark(), 'own')?.bothSeq === 2 && newest(a.watermark(), 'peer')?.bothSeq === 1);
    await until(() => newest(b.watermark(), 'own')?.bothSeq === 1 && newest(b.watermark(), 'peer')?.durableSeq === 2);
    const mark = a.watermark();
    expect(newest(mark, 'peer')?.node).toBe('b');
    await until(() => a.watermark().clockOffsetUs !== null);
    const reader = openJournalReader(join(config.b.stateDir, 'journal/peer'));
    closers.push(() => reader.close());
    const copy = await reader.read(newest(mark, 'own')!.journalId, 1, 2, 1_000);
    expect(copy.map((record) => [Buffer.from(record.raw).toString(), record.listener.kind])).toEqual([
      ['<13>one', 'own'],
      ['<13>two', 'own'],
    ]);
    // On a machine that stalls for 1.5 s the link is made anew.
    await until(() => a.watermark().peerLink === 'up' && a.report().behindPeer === 0);
    expect(a.report()).toMatchObject({ received: 2, dropped: 0, peerLink: 'up', behindPeer: 0, vipBound: false });
  });

  it('go on alone, and the one that comes back fetches what it lacks, under a new journal of its own', async () => {
    const config = configs();
    const a = await start(config.a);
    const first = await start(config.b);
    await sendUdp(address.a, ports.syslog, ['<13>both']);
    await until(() => newest(a.watermark(), 'own')?.bothSeq === 1);
    await first.stop();
    await until(() => a.watermark().peerLink === 'down');
    await sendUdp(address.a, ports.syslog, ['<13>alone 1', '<13>alone 2']);
    await until(() => newest(a.watermark(), 'own')?.durableSeq === 3);
    expect(newest(a.watermark(), 'own')?.bothSeq).toBe(1);
    const again = await start(config.b);
    await until(() => newest(a.watermark(), 'own')?.bothSeq === 3);
    expect(newest(again.watermark(), 'own')?.journalId).not.toBe(newest(first.watermark(), 'own')?.journalId);
  });

  it('let go what both databases and both disks hold, and nothing else', async () => {
    const config = configs();
    const a = await start(config.a);
    await sendUdp(address.a, ports.syslog, ['<13>x']);
    await until(() => newest(a.watermark(), 'own')?.durableSeq === 1);
    const { journalId } = newest(a.watermark(), 'own')!;
    const got: Watermark[] = [];
    const stop = followLines(join(config.a.stateDir, 'receiver.sock'), {
      onOpen: (connection) => connection.send({ ingested: [{ journalId, seq: 1 }] }),
      onDocument: (document) => got.push(document as Watermark),
    });
    closers.push(stop);
    await until(() => got.length > 0);
    await sendUdp(address.a, ports.syslog, ['<13>y']);
    await until(() => got.some((mark) => newest(mark, 'own')?.durableSeq === 2));
    expect(newest(a.watermark(), 'own')?.firstSeq).toBe(1);
  });
});

describe('the receivers of both nodes', () => {
  it('let go of own journal and copy, whole segments, when each is told what both databases hold', async () => {
    const config = configs();
    const [a, b] = [await start(config.a), await start(config.b)];
    const count = 2_600;
    const text = `<13>${'x'.repeat(8_000)}\n`;
    await new Promise<void>((resolve) =>
      connect(ports.syslog, address.a, function (this: import('node:net').Socket) {
        this.end(text.repeat(count), resolve);
      }),
    );
    await until(() => newest(a.watermark(), 'own')?.bothSeq === count && newest(b.watermark(), 'peer')?.durableSeq === count);
    const bytes = () => [a.report().journalBytes, b.report().journalBytes].every((each) => each < 12 * 1024 * 1024);
    expect(bytes()).toBe(false);
    const ingested = [{ journalId: newest(a.watermark(), 'own')!.journalId, seq: count }];
    for (const node of ['a', 'b'] as const)
      closers.push(
        followLines(join(config[node].stateDir, 'receiver.sock'), {
          onOpen: (connection) => connection.send({ ingested }),
          onDocument: () => undefined,
        }),
      );
    await until(bytes);
    expect(
      [newest(a.watermark(), 'own')?.firstSeq, newest(b.watermark(), 'peer')?.firstSeq].every((seq) => (seq ?? 0) > 1_000),
    ).toBe(true);
    await sendUdp(address.a, ports.syslog, ['<13>goes on']);
    await until(() => newest(a.watermark(), 'own')?.bothSeq === count + 1);
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
    const ask = async () => await new Promise((resolve) => socket.send(inform, ports.trap, address.a, resolve));
    await ask();
    await until(() => newest(a.watermark(), 'own')?.durableSeq === 1);
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
        if ((document as { method?: string }).method === 'watch') connection.send({ id: 1, event: notice(true, 60_000) });
        else reports.push(document);
      },
    });
    closers.push(() => control.close());
    await until(() => a.report().vipBound);
    await sendUdp(address.vip, ports.syslog, ['<13>by the vip']);
    await until(() => newest(a.watermark(), 'own')?.durableSeq === 1);
    // Not before: a word that ends while this process stands still would take the address from under the datagram.
    control.broadcast({ id: 1, event: notice(true, 500) });
    await until(() => !a.report().vipBound);
    control.broadcast({ id: 1, event: notice(true, 60_000) });
    await until(() => a.report().vipBound);
    control.broadcast({ id: 1, event: notice(false, 60_000) });
    await until(() => !a.report().vipBound);
    await until(() => reports.length > 0);
    expect(reports[0]).toMatchObject({ method: 'report', report: { process: 'receiver', pid: process.pid } });
  });
});

describe('the port of the other receiver', () => {
  it('counts and tells who came there and was not the other receiver, many of them in one line; the link comes all the same', async () => {
    const config = configs();
    const said: { readonly why: string; readonly times: number }[] = [];
    const warn = (event: string, fields?: object) =>
      void (event === 'copy.refused' && said.push(fields as (typeof said)[number]));
    const a = await start(config.a, { ...SILENT_LOG, warn });
    for (let made = 0; made < 20; made++) {
      const stranger = connect({ host: address.a, port: ports.journal, localAddress: address.sender });
      closers.push(() => stranger.destroy());
      stranger.on('error', () => undefined);
    }
    await until(() => (a.report().refused?.['not_peer'] ?? 0) >= 12);
    const b = await start(config.b);
    await until(() => a.watermark().peerLink === 'up' && b.watermark().peerLink === 'up');
    expect(said[0]).toEqual({ why: expect.stringContaining(address.sender), times: 1 });
    expect(a.report().sources).toContainEqual(
      expect.objectContaining({ address: address.sender, refused: { not_peer: expect.any(Number) } }),
    );
    const refused = a.report().refused?.['not_peer'] ?? 0;
    await a.stop();
    expect(said.reduce((sum, { times }) => sum + times, 0)).toBeGreaterThanOrEqual(refused);
    // One at once, the others every ten seconds: this does not take half a minute.
    expect(said.length).toBeLessThan(5);
  });
});

describe('a journal at its bound', () => {
  it('holds TCP senders back, which is no loss and is not counted as one; a datagram that it refuses is', async () => {
    const config = configs({ maxJournalMb: 1 });
    const a = await start(config.a);
    const text = `<13>${'x'.repeat(8_000)}\n`;
    const socket = connect(ports.syslog, address.a);
    closers.push(() => socket.destroy());
    socket.write(text.repeat(200));
    await until(() => a.report().journalFull === true);
    // Offered again many times meanwhile.
    const taken = a.report().received;
    await pause(500);
    await until(() => a.report().journalFull === true);
    expect(a.report()).toMatchObject({ received: taken, dropped: 0, refusedFull: 0 });
    await sendUdp(address.a, ports.syslog, [text]);
    await until(() => a.report().dropped === 1);
    expect(a.report()).toMatchObject({ dropped: 1, refusedFull: 1, journalFull: true });
  });
});

describe('starting', () => {
  it('says in one line that a port is busy, and leaves nothing open', async () => {
    const config = configs();
    const other = createSocket('udp4');
    await new Promise<void>((resolve) => other.bind(ports.trap, address.a, resolve));
    await expect(startReceiver(config.a, SILENT_LOG, () => undefined)).rejects.toThrow(
      `cannot listen on ${address.a} port ${ports.trap}/udp: another program does`,
    );
    await new Promise<void>((resolve) => other.close(() => resolve()));
    await start(config.a);
  });
  it('says where the configuration is wrong', () => {
    const path = join(receivers.dir, 'wrong.yaml');
    writeFileSync(
      path,
      'cluster:\n  id: test\n  members:\n    - { id: a, kind: data, address: 127.0.0.1, peerId: x }\n    - { id: b, kind: data, address: nowhere, peerId: y }\nnode: a\nstateDir: /tmp/x\n',
    );
    expect(() => loadConfig(path)).toThrow(/yosugara.yaml line 5: key `cluster.members.1.address`: found "nowhere"/);
    writeFileSync(path, 'cluster: [\n');
    expect(() => loadConfig(path)).toThrow(/yosugara.yaml line 2: /);
  });
});
