import { type NodeId, nodeId } from '@yosugara/kernel';
import { freePort } from '@yosugara/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMailbox, generateIdentity, type MailboxPeer, type MemberMailbox } from './index.js';

const SOON = { timeout: 60_000, interval: 50 };
const [A, B, W] = ['a', 'b', 'w'].map(nodeId) as [NodeId, NodeId, NodeId];
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');

let members: Map<NodeId, MemberMailbox>;
let places: readonly MailboxPeer[];
const heard: { at: NodeId; from: NodeId; text: string }[] = [];

function mailboxOf(id: NodeId, seedBase64: string): MemberMailbox {
  const { address, port } = places.find((place) => place.id === id)!;
  const privateKey = Buffer.from(seedBase64, 'base64');
  const mailbox = createMailbox({ self: id, clusterId: 'spec', listen: { address, port }, privateKey, peers: places });
  mailbox.onMessage((from, body) => heard.push({ at: id, from, text: text(body) }));
  mailbox.onAsk(async (from, question) => Buffer.from(`${id} heard ${from}: ${text(question)}`));
  return mailbox;
}

beforeEach(async () => {
  heard.length = 0;
  const made = await Promise.all(
    [A, B, W].map(async (id, at) => {
      const { peerId, seedBase64 } = generateIdentity();
      return { id, address: `127.0.0.${20 + at}`, port: await freePort(), peerId, seedBase64 };
    }),
  );
  places = made.map(({ seedBase64: _, ...peer }) => peer);
  members = new Map(made.map(({ id, seedBase64 }) => [id, mailboxOf(id, seedBase64)]));
  await Promise.all([...members.values()].map((mailbox) => mailbox.start()));
  await vi.waitFor(() => {
    for (const mailbox of members.values()) expect(mailbox.links().every(({ direct }) => direct)).toBe(true);
  }, SOON);
});

afterEach(async () => {
  await Promise.all([...members.values()].map((mailbox) => mailbox.stop()));
});

const ask = async (from: NodeId, to: NodeId, question = 'how are you') =>
  text(await members.get(from)!.ask(to, Buffer.from(question), 5_000));
const isLinked = (from: NodeId, to: NodeId) =>
  members
    .get(from)!
    .links()
    .some(({ peer, direct }) => peer === to && direct);

describe('members that ask each other', () => {
  it('are answered by who was asked, whichever of the two had dialled, and say by their identity who they are', async () => {
    // Again, when this process stood still for the five seconds of a question.
    const isAnswered = async (answer: string, ...asked: Parameters<typeof ask>) =>
      await vi.waitFor(async () => expect(await ask(...asked)).toBe(answer), SOON);
    await isAnswered('b heard a: how are you', A, B);
    await isAnswered('a heard w: how are you', W, A);
    const long = 'x'.repeat(100_000);
    await isAnswered(`w heard b: ${long}`, B, W, long);
  });

  it('hear in time that nobody answers, and that a question is too large', async () => {
    members.get(B)!.onAsk(() => new Promise(() => undefined));
    await expect(members.get(A)!.ask(B, Buffer.from('?'), 300)).rejects.toMatchObject({ code: 'MEMBER_SILENT' });
    await expect(members.get(A)!.ask(W, Buffer.alloc(300_000), 5_000)).rejects.toMatchObject({ code: 'MEMBER_SILENT' });
    await vi.waitFor(async () => expect(await ask(A, W)).toBe('w heard a: how are you'), SOON);
  });
});

describe('a member that is banished', () => {
  it('loses its live connections at once, gets no new one, and is not read through a third that did not hear of it', async () => {
    members.get(A)!.banish(new Set([B]));
    await vi.waitFor(() => expect(isLinked(A, B)).toBe(false), SOON);
    await expect(ask(A, B)).rejects.toMatchObject({ code: 'MEMBER_SILENT' });
    // W still relays what B says to everybody; B dials A again and again. What A hears of W shows that time passed and the relay works.
    for (let said = 0; !heard.some(({ at, from }) => at === A && from === W) || said < 60; said++) {
      members.get(B)!.send(A, Buffer.from(`b ${said}`));
      members.get(W)!.send(A, Buffer.from(`w ${said}`));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(heard.filter(({ at, from }) => at === A && from === B)).toEqual([]);
    expect(isLinked(B, A)).toBe(false);
    await vi.waitFor(() => expect(isLinked(B, W)).toBe(true), SOON);
  });

  it('is let in again when it is none any more', async () => {
    members.get(A)!.banish(new Set([B]));
    await vi.waitFor(() => expect(isLinked(B, A)).toBe(false), SOON);
    members.get(A)!.banish(new Set());
    await vi.waitFor(() => expect(isLinked(A, B)).toBe(true), SOON);
    await vi.waitFor(async () => expect(await ask(B, A)).toBe('a heard b: how are you'), SOON);
  });
});

describe('a name that has another identity now', () => {
  it('is nobody to the members for whoever has the old one, and another member for its successor, while they run', async () => {
    const { peerId, seedBase64 } = generateIdentity();
    const old = members.get(B)!;
    const renamed = [{ id: B, peerId }];
    members.get(W)!.know(renamed);
    await vi.waitFor(() => expect(isLinked(W, B)).toBe(false), SOON);
    await expect(ask(W, B)).rejects.toMatchObject({ code: 'MEMBER_SILENT' });
    heard.length = 0;
    for (let said = 0; said < 20; said++) {
      old.send(W, Buffer.from(`the old b ${said}`));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    // The old one dials again and again, and is cut each time.
    expect(isLinked(W, B)).toBe(false);

    await old.stop();
    places = places.map((place) => (place.id === B ? { ...place, peerId } : place));
    const successor = mailboxOf(B, seedBase64);
    members.set(B, successor);
    await successor.start();
    await vi.waitFor(
      async () => expect([await ask(W, B, '?'), await ask(B, W, '?')]).toEqual(['b heard w: ?', 'w heard b: ?']),
      SOON,
    );
    // By gossip, too: it goes to whom it knows.
    await vi.waitFor(() => {
      successor.send(W, Buffer.from('the successor'));
      members.get(W)!.send(B, Buffer.from('to the successor'));
      expect(heard.map((each) => each.text)).toEqual(expect.arrayContaining(['the successor', 'to the successor']));
    }, SOON);
    expect(heard.filter((each) => each.text.startsWith('the old b'))).toEqual([]);
  });
});
