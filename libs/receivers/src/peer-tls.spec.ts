import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { SILENT_LOG } from '@yosugara/kernel';
import {
  type CopyOutcome,
  CopySender,
  decodeFrame,
  holdCopy,
  type JournalRange,
  type OwnJournal,
  type PeerChannel,
  type PeerJournalCopy,
} from '@yosugara/runtime';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { wallUs } from './clock.js';
import { listenPeer, type PeerIdentity, peerDialer } from './peer-tls.js';
import { RevokedPeer } from './revoked-peer.js';
import { TestAuthority, type TestCertificate } from './testing/certificates.js';
import { TlsFiles } from './tls-files.js';

let dir = '';
const identities: Record<string, PeerIdentity> = {};
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'yosugara-tls-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  for (const ca of ['ca', 'other'])
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ed25519',
      '-nodes',
      '-keyout',
      `${ca}.key`,
      '-out',
      `${ca}.crt`,
      '-subj',
      `/CN=${ca}`,
      '-days',
      '2',
    );
  for (const [name, cn, ca] of [
    ['a', 'a', 'ca'],
    ['b', 'b', 'ca'],
    ['w', 'w', 'ca'],
    ['forged', 'a', 'other'],
  ] as const) {
    openssl('req', '-newkey', 'ed25519', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${cn}`);
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      `${ca}.crt`,
      '-CAkey',
      `${ca}.key`,
      '-CAcreateserial',
      '-out',
      `${name}.crt`,
      '-days',
      '2',
    );
    identities[name] = {
      key: readFileSync(join(dir, `${name}.key`)),
      cert: readFileSync(join(dir, `${name}.crt`)),
      ca: readFileSync(join(dir, 'ca.crt')),
    };
  }
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
const until = async (holds: () => boolean, deadlineMs = 60_000) => {
  const end = performance.now() + deadlineMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error('not within the deadline');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
/** b listens; whoever dials claims to be a. */
const listen = async (onChannel: (channel: PeerChannel) => void = () => undefined, port = 0) => {
  const refused: string[] = [];
  const server = await listenPeer({
    identity: () => identities['b']!,
    address: '127.0.0.1',
    port,
    expected: 'a',
    peerAddress: '127.0.0.1',
    onChannel,
    onRefused: (why) => refused.push(why),
  });
  closers.push(() => server.close());
  return { ...server, refused };
};
const dialer = (who: string, port: number, expected = 'b') =>
  peerDialer({ identity: () => identities[who]!, address: '127.0.0.1', port, expected });

describe('the link between two receivers', () => {
  it('opens for the peer and carries frames whole and in order, however large', async () => {
    const got: number[] = [];
    const server = await listen((channel) => channel.onFrame((frame) => got.push(frame.length)));
    const channel = await dialer('a', server.port).dial(30_000);
    closers.push(() => channel.close('done'));
    expect(channel.peer).toBe('b');
    const sizes = [0, 1, 5_000_000, 3];
    for (const size of sizes) channel.send(new Uint8Array(size));
    await until(() => got.length === sizes.length);
    expect(got).toEqual(sizes);
  });
  it('refuses a member that is not the peer', async () => {
    const server = await listen(() => expect.fail('accepted'));
    const channel = await dialer('w', server.port)
      .dial(30_000)
      .catch(() => null);
    await until(() => server.refused.length === 1);
    channel?.close('done');
    expect(server.refused[0]).toContain('certificate of "w"');
  });
  it("refuses the peer's name under another authority", async () => {
    const server = await listen(() => expect.fail('accepted'));
    const channel = await dialer('forged', server.port)
      .dial(30_000)
      .catch(() => null);
    await until(() => server.refused.length === 1);
    channel?.close('done');
  });
  it('is not dialled through to somebody else', async () => {
    const server = await listen();
    await expect(dialer('a', server.port, 'c').dial(30_000)).rejects.toMatchObject({
      code: 'PEER_LINK',
      message: expect.stringContaining('"b"'),
    });
  });
});

describe('the link after its certificates were renewed', () => {
  const authorities = [new TestAuthority('old'), new TestAuthority('new')] as const;
  afterAll(() => {
    for (const authority of authorities) authority.remove();
  });
  /** The three files of a node, as an operator renews them: one after the other. */
  const node = (name: string) => {
    const at = (file: string) => join(dir, `renewed-${name}.${file}`);
    const install = (authority: TestAuthority, { keyFile, certFile }: TestCertificate) => {
      copyFileSync(keyFile, at('key'));
      copyFileSync(certFile, at('crt'));
      copyFileSync(authority.caFile, at('ca'));
    };
    const certificate = authorities.map((authority) => authority.issue(name));
    const renew = () => install(authorities[1], certificate[1]!);
    install(authorities[0], certificate[0]!);
    const files = new TlsFiles({ keyFile: at('key'), certFile: at('crt'), caFile: at('ca') }, SILENT_LOG, 0);
    return { identity: () => files.current(), old: { ...certificate[0]!, ca: authorities[0].ca }, renew, ca: at('ca') };
  };
  const shownAt = async (port: number, { key, cert }: PeerIdentity): Promise<string> => {
    const socket = connect({ host: '127.0.0.1', port, key, cert, rejectUnauthorized: false });
    try {
      return await new Promise<string>((resolve, reject) => {
        socket.once('error', reject);
        socket.once('secureConnect', () => resolve(String(socket.getPeerCertificate().issuer.CN)));
      });
    } finally {
      socket.on('error', () => undefined);
      socket.destroy();
    }
  };

  it('shows and believes the new ones, without a restart; a connection that is open stays, and the old ones are refused', async () => {
    const [a, b] = [node('a'), node('b')];
    const channels: PeerChannel[] = [];
    const refused: string[] = [];
    const server = await listenPeer({
      ...{ identity: b.identity, address: '127.0.0.1', port: 0, expected: 'a', peerAddress: '127.0.0.1' },
      onChannel: (channel) => channels.push(channel),
      onRefused: (why) => refused.push(why),
    });
    closers.push(() => server.close());
    const dial = async (identity: () => PeerIdentity) => {
      const channel = await peerDialer({ identity, address: '127.0.0.1', port: server.port, expected: 'b' }).dial(30_000);
      closers.push(() => channel.close('done'));
      return channel;
    };
    const before = await dial(a.identity);
    await until(() => channels.length === 1);
    expect(await shownAt(server.port, a.old)).toBe('old');

    b.renew();
    // a does not have the new authority yet: each side refuses the other.
    await expect(dial(a.identity)).rejects.toMatchObject({ code: 'PEER_LINK' });
    a.renew();
    await dial(a.identity);
    await until(() => channels.length === 2);
    expect(await shownAt(server.port, a.identity())).toBe('new');
    // Whoever believes the new authority and still shows the old certificate.
    refused.length = 0;
    await dial(() => ({ ...a.old, ca: readFileSync(a.ca) })).catch(() => null);
    await until(() => refused.length > 0);
    expect(channels).toHaveLength(2);

    const got: string[] = [];
    channels[0]!.onFrame((frame) => got.push(Buffer.from(frame).toString()));
    before.send(Buffer.from('still open'));
    await until(() => got.length === 1);
    expect(got).toEqual(['still open']);
  });
});

describe('the link when the other node is revoked', () => {
  const peerId = 'peer-a';
  const members = [
    { id: 'a', peerId },
    { id: 'b', peerId: 'peer-b' },
  ];
  const revokedPeer = (path: string) =>
    new RevokedPeer({ path, members: () => members, peer: 'a', log: SILENT_LOG, lookEveryMs: 0 });
  const revoke = (path: string, of = peerId) =>
    writeFileSync(path, JSON.stringify([{ node: 'a', peerId: of, at: '2026-01-01T00:00:00.000Z', by: 'spec' }]));
  /** b with its file of those that are revoked. */
  const guarded = async (name: string) => {
    const path = join(dir, name);
    const revoked = revokedPeer(path);
    const identity = () => ({ ...identities['b']!, peerIsRevoked: revoked.now() });
    const channels: PeerChannel[] = [];
    const refused: string[] = [];
    const server = await listenPeer({
      ...{ identity, address: '127.0.0.1', port: 0, expected: 'a', peerAddress: '127.0.0.1' },
      onChannel: (channel) => channels.push(channel),
      onRefused: (why) => refused.push(why),
    });
    closers.push(() => server.close());
    return { path, identity, channels, refused, port: server.port };
  };

  it('is cut while it is open, and refused in both directions from then on', async () => {
    const b = await guarded('revoked.json');
    const open = await dialer('a', b.port).dial(30_000);
    let ended = '';
    open.onClose((why) => (ended = why));
    await until(() => b.channels.length === 1);
    revoke(b.path);
    await until(() => ended !== '');
    const again = await dialer('a', b.port)
      .dial(30_000)
      .catch(() => null);
    await until(() => b.refused.some((why) => why.includes('revoked')));
    again?.close('done');
    expect(b.channels).toHaveLength(1);
    const towards = peerDialer({ identity: b.identity, address: '127.0.0.1', port: b.port, expected: 'a' });
    await expect(towards.dial(30_000)).rejects.toMatchObject({ code: 'PEER_LINK', message: expect.stringContaining('revoked') });
  });

  it('opens for whoever has the name with another identity, and for nobody while the file cannot be understood', async () => {
    const b = await guarded('revoked-other.json');
    revoke(b.path, 'the identity that it had before');
    expect(b.identity().peerIsRevoked).toBe(false);
    const path = join(dir, 'revoked-broken.json');
    writeFileSync(path, '{');
    expect(revokedPeer(path).now()).toBe(true);
  });
});

/** A journal in memory: what copying needs of one. */
class Records implements OwnJournal, PeerJournalCopy {
  readonly journalId = 'a-1-1';
  readonly records = new Map<string, Uint8Array[]>([['a-1-1', []]]);
  full = false;
  appends = 0;
  #listeners = new Set<(seq: number) => void>();
  get durableSeq() {
    return this.records.get(this.journalId)?.length ?? 0;
  }
  add(count: number, bytes = 100): void {
    for (let index = 0; index < count; index++)
      this.records.get(this.journalId)!.push(new Uint8Array(bytes).fill(this.durableSeq & 255));
    for (const listener of this.#listeners) listener(this.durableSeq);
  }
  journals = (): JournalRange[] =>
    [...this.records].map(([journalId, records]) => ({ journalId, firstSeq: 1, lastDurableSeq: records.length }));
  held = () => this.journals().map(({ journalId, lastDurableSeq }) => ({ journalId, durableSeq: lastDurableSeq }));
  readEncoded = async (journalId: string, fromSeq: number, maxBytes: number) =>
    (this.records.get(journalId) ?? []).slice(fromSeq - 1, fromSeq - 1 + Math.max(1, Math.floor(maxBytes / 100)));
  onDurable(listener: (seq: number) => void) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
  async append(journalId: string, records: readonly Uint8Array[]): Promise<CopyOutcome> {
    this.appends++;
    const held = this.records.get(journalId) ?? [];
    if (this.full) return { kind: 'full', durableSeq: held.length };
    this.records.set(journalId, [...held, ...records.map((record) => new Uint8Array(record))]);
    return { kind: 'stored', durableSeq: held.length + records.length };
  }
  begin = async () => null;
  mend = async () => 0;
  dropThrough = async () => undefined;
}

describe('copying the journal to the peer', () => {
  const copying = (own: Records, port: number, silenceMs = 10_000) => {
    const sender = new CopySender({
      node: 'a',
      peer: 'b',
      journal: own,
      dialer: dialer('a', port),
      wallUs,
      log: SILENT_LOG,
      onChange: () => undefined,
      pingMs: 50,
      silenceMs,
      stallMs: 500,
    });
    closers.push(() => sender.stop());
    sender.start();
    return sender;
  };
  const holding =
    (copy: Records, channels: PeerChannel[] = []) =>
    (channel: PeerChannel) => {
      channels.push(channel);
      holdCopy({ channel, copy, wallUs, log: SILENT_LOG, onChange: () => undefined });
    };

  it('sends what the peer lacks, then what becomes durable, and knows what the peer has', async () => {
    const [own, copy] = [new Records(), new Records()];
    own.add(10_000);
    copy.records.set('a-1-1', own.records.get('a-1-1')!.slice(0, 4_000));
    const sender = copying(own, (await listen(holding(copy))).port);
    await until(() => sender.peerHas('a-1-1') === 10_000);
    own.add(5);
    await until(() => sender.peerHas('a-1-1') === 10_005);
    expect(copy.records.get('a-1-1')).toEqual(own.records.get('a-1-1'));
  });
  it('goes on where the peer ends after the link broke', async () => {
    const [own, copy, channels] = [new Records(), new Records(), [] as PeerChannel[]];
    const sender = copying(own, (await listen(holding(copy, channels))).port);
    await until(() => sender.link === 'up');
    own.add(100);
    await until(() => sender.peerHas('a-1-1') > 0);
    channels[0]!.close('broken by the test');
    own.add(100);
    await until(() => sender.link === 'up' && channels.length >= 2 && sender.peerHas('a-1-1') === 200);
    expect(copy.records.get('a-1-1')).toEqual(own.records.get('a-1-1'));
  });
  it('measures the clock of the peer', async () => {
    const server = await listen((channel) =>
      holdCopy({ channel, copy: new Records(), wallUs: () => wallUs() + 7_000_000, log: SILENT_LOG, onChange: () => undefined }),
    );
    const sender = copying(new Records(), server.port);
    await until(() => Math.abs((sender.clockOffsetUs ?? 0) - 7_000_000) < 100_000);
  });
  it('takes a peer that says nothing any more for down within its silence', async () => {
    let frozen = false;
    const server = await listen((channel) => {
      const answer = channel.send;
      holdCopy({
        channel: { ...channel, bufferedBytes: 0, send: (frame) => void (frozen || answer(frame)) },
        copy: new Records(),
        wallUs,
        log: SILENT_LOG,
        onChange: () => undefined,
      });
    });
    const sender = copying(new Records(), server.port, 400);
    await until(() => sender.link === 'up');
    frozen = true;
    await until(() => sender.link === 'down');
  });
  it('is down while records wait and the peer acknowledges none, though it answers', async () => {
    const [own, copy] = [new Records(), new Records()];
    let deaf = true;
    const server = await listen((channel) => {
      const answer = channel.send;
      const send = (frame: Uint8Array) => void ((deaf && decodeFrame(frame).type === 'ack') || answer(frame));
      holdCopy({ channel: { ...channel, bufferedBytes: 0, send }, copy, wallUs, log: SILENT_LOG, onChange: () => undefined });
    });
    const sender = copying(own, server.port);
    await until(() => sender.link === 'up');
    own.add(10);
    await until(() => sender.linkWhy === 'stalled');
    deaf = false;
    own.add(10);
    await until(() => sender.link === 'up' && sender.peerHas('a-1-1') === 20);
  });
  it('waits while the peer is full, and goes on afterwards', async () => {
    const [own, copy] = [new Records(), new Records()];
    copy.full = true;
    own.add(10);
    const sender = copying(own, (await listen(holding(copy))).port);
    await until(() => copy.appends > 0 && sender.linkWhy === 'peer_full');
    expect(sender.link).toBe('down');
    copy.full = false;
    await until(() => sender.peerHas('a-1-1') === 10);
    expect(sender.link).toBe('up');
    expect(copy.appends).toBeLessThan(5);
  });
});
