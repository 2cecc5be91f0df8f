import { createServer } from 'node:net';
import { type NodeId, nodeId } from '@yosugara/kernel';
import type { Mailbox } from '@yosugara/runtime';
import { freePort, soonest } from '@yosugara/testkit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createMailbox, generateIdentity, type MailboxOptions, PortBusyError } from './index.js';

const CLUSTER = 'spec';
/** For whatever comes by itself: many times what it takes, for a machine that others share. */
const SOON = { timeout: 60_000, interval: 50 };
const IDS = ['a', 'b', 'w'].map(nodeId) as [NodeId, NodeId, NodeId];
const [A, B, W] = IDS;

interface Member {
  readonly options: MailboxOptions;
  mailbox: Mailbox;
  readonly got: { from: NodeId; text: string; bytes: number }[];
}

const running: Mailbox[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((mailbox) => mailbox.stop()));
});

async function membership(): Promise<Map<NodeId, MailboxOptions>> {
  const made = await Promise.all(
    IDS.map(async (id, at) => {
      const identity = generateIdentity();
      const address = `127.0.0.${10 + at}`;
      return {
        id,
        address,
        port: await freePort(),
        peerId: identity.peerId,
        privateKey: Buffer.from(identity.seedBase64, 'base64'),
      };
    }),
  );
  const peers = made.map(({ privateKey: _, ...peer }) => peer);
  return new Map(
    made.map(({ id, address, port, privateKey }) => [
      id,
      { self: id, clusterId: CLUSTER, listen: { address, port }, privateKey, peers },
    ]),
  );
}

async function started(options: MailboxOptions): Promise<Member> {
  const member: Member = { options, mailbox: createMailbox(options), got: [] };
  await open(member);
  return member;
}

async function open(member: Member): Promise<void> {
  running.push(member.mailbox);
  member.mailbox.onMessage((from, body) =>
    member.got.push({ from, text: Buffer.from(body.subarray(0, 100)).toString('utf8'), bytes: body.length }),
  );
  await member.mailbox.start();
}

async function trio(
  change: Partial<MailboxOptions> | ((id: NodeId) => Partial<MailboxOptions>) = {},
): Promise<Record<'a' | 'b' | 'w', Member>> {
  const options = await membership();
  const [a, b, w] = await Promise.all(
    IDS.map((id) => started({ ...options.get(id)!, ...(typeof change === 'function' ? change(id) : change) })),
  );
  return { a: a!, b: b!, w: w! };
}

/** Sends a new text until one arrives, as Raft does; returns what arrived. */
async function talk(from: Member, to: Member): Promise<string> {
  const [sender, receiver] = [from.options.self, to.options.self];
  let sent = 0;
  const tag = `${sender}>${receiver} ${Math.random()}`;
  await vi.waitFor(() => {
    from.mailbox.send(receiver, Buffer.from(`${tag} ${++sent}`));
    expect(to.got.some((at) => at.from === sender && at.text.startsWith(tag))).toBe(true);
  }, SOON);
  return tag;
}

async function allTalk({ a, b, w }: Record<'a' | 'b' | 'w', Member>): Promise<void> {
  const pairs: [Member, Member][] = [
    [a, b],
    [b, a],
    [a, w],
    [w, a],
    [b, w],
    [w, b],
  ];
  await Promise.all(pairs.map(([from, to]) => talk(from, to)));
}

const link = (member: Member, peer: NodeId) => member.mailbox.links().find((at) => at.peer === peer);

/** What comes by the stream is told of a link with each message: until its stream is open they come by gossip alone. */
const streaming = async (from: Member, to: Member) =>
  await vi.waitFor(async () => {
    await talk(from, to);
    expect(link(to, from.options.self)).toMatchObject({ direct: true, lastVia: 'stream', relayedBy: null });
  }, SOON);

describe('three mailboxes', () => {
  it('reach each other, and every message comes once though it travels by two ways', async () => {
    const members = await trio();
    await allTalk(members);
    const { a, b } = members;
    await streaming(a, b);
    const before = b.got.length;
    for (let n = 0; n < 50; n++) a.mailbox.send(B, Buffer.from(`burst ${n}`));
    await vi.waitFor(() => expect(b.got.some(({ text }) => text === 'burst 49')).toBe(true), SOON);
    // A message by stream alone follows all the gossip of the burst's sender only loosely: wait until gossip was surely through.
    await talk(a, b);
    const texts = b.got
      .slice(before)
      .map(({ text }) => text)
      .filter((text) => text.startsWith('burst'));
    expect(texts).toEqual(Array.from({ length: 50 }, (_, n) => `burst ${n}`));
    expect(members.w.got.some(({ text }) => text.startsWith('burst'))).toBe(false);
  });

  it.each([
    ['stream', { gossip: true, stream: false }, 'gossip'],
    ['gossip', { gossip: false, stream: true }, 'stream'],
  ] as const)('reach each other with %s off', async (_off, paths, lastVia) => {
    const members = await trio({ paths });
    await allTalk(members);
    for (const member of Object.values(members)) for (const at of member.mailbox.links()) expect(at.lastVia).toBe(lastVia);
  });

  it('go through the third while the link between two is cut, and say so; directly again when it heals', async () => {
    let cut = true;
    const members = await trio((id) => ({ isReachable: (peer) => !cut || id === W || peer === W }));
    const { a, b } = members;
    await talk(a, b);
    await talk(b, a);
    expect(link(a, B)).toEqual({ peer: B, direct: false, lastVia: 'gossip', relayedBy: W });
    expect(link(b, A)).toEqual({ peer: A, direct: false, lastVia: 'gossip', relayedBy: W });
    expect(link(a, W)).toMatchObject({ direct: true });
    cut = false;
    await streaming(a, b);
    // Cut under traffic: the connection that is there goes, and the way through the third takes over.
    cut = true;
    await vi.waitFor(async () => {
      await talk(b, a);
      expect(link(a, B)).toMatchObject({ direct: false, relayedBy: W });
    }, SOON);
  });

  it.each([
    ['both paths', { gossip: true, stream: true }],
    ['stream off', { gossip: true, stream: false }],
  ])('deliver again within 2 s of the restart of one (%s)', async (_name, paths) => {
    const members = await trio({ paths });
    await allTalk(members);
    for (const member of [members.b, members.a])
      await soonest(2_000, async () => {
        await member.mailbox.stop();
        member.mailbox = createMailbox(member.options);
        await open(member);
        const since = performance.now();
        await Promise.all([
          talk(member, members.w),
          talk(members.w, member),
          talk(members.a, members.b),
          talk(members.b, members.a),
        ]);
        return performance.now() - since;
      });
  });

  it('carry 1 MiB by the stream, and drop what is over 8 MiB without a fuss', async () => {
    const { a, b } = await trio();
    await streaming(a, b);
    a.mailbox.send(B, Buffer.alloc(9 * 1024 * 1024));
    a.mailbox.send(B, Buffer.alloc(1024 * 1024, 'x'));
    await vi.waitFor(
      () => expect(b.got.filter(({ bytes }) => bytes >= 1024 * 1024).map(({ bytes }) => bytes)).toEqual([1024 * 1024]),
      SOON,
    );
    await talk(a, b);
  });

  it('let no outsider in, though it knows the addresses and the cluster', async () => {
    const { a, b, w } = await trio();
    await talk(a, b);
    const address = '127.0.0.19';
    const identity = generateIdentity();
    const outsider = await started({
      ...a.options,
      self: nodeId('aa'),
      listen: { address, port: await freePort() },
      privateKey: Buffer.from(identity.seedBase64, 'base64'),
    });
    const refusals = vi.waitFor(() => expect(outsider.mailbox.links().every(({ direct }) => !direct)).toBe(true), SOON);
    for (let round = 0; round < 10; round++) {
      for (const to of IDS) outsider.mailbox.send(to, Buffer.from('let me in'));
      await talk(a, w);
      await talk(w, a);
    }
    await refusals;
    expect(outsider.got).toEqual([]);
    for (const member of [a, b, w]) expect(member.got.some(({ text }) => text === 'let me in')).toBe(false);
    for (const member of [a, b, w]) expect(member.mailbox.links().map(({ peer }) => peer)).not.toContain('aa');
  });

  it('do not hear another cluster that shares their keys', async () => {
    const options = await membership();
    const a = await started({ ...options.get(A)!, clusterId: 'other' });
    const b = await started(options.get(B)!);
    const w = await started(options.get(W)!);
    for (let round = 0; round < 5; round++) {
      a.mailbox.send(B, Buffer.from('wrong house'));
      await talk(b, w);
    }
    expect(b.got.some(({ from }) => from === A)).toBe(false);
  });
});

it('names address and port when the port is in use', async () => {
  const options = (await membership()).get(A)!;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(options.listen.port, options.listen.address, resolve));
  try {
    const mailbox = createMailbox(options);
    const error = await mailbox.start().catch((reason: unknown) => reason);
    await mailbox.stop();
    expect(error).toBeInstanceOf(PortBusyError);
    expect((error as Error).message).toBe(
      `cannot listen on ${options.listen.address} port ${options.listen.port}: the port is in use`,
    );
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
