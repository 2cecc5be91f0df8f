import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeRecord, openPeerCopy, openReceiverJournal, type PeerCopy, type ReceiverJournal } from '@yosugara/journal';
import { type Log, SILENT_LOG } from '@yosugara/kernel';
import { wallUs } from '@yosugara/receivers';
import { type CopyHolderOptions, CopySender, type HeldJournal, holdCopy, type PeerChannel } from '@yosugara/runtime';
import { afterEach, expect, it } from 'vitest';

const dir = mkdtempSync(join(tmpdir(), 'yosugara-gap-'));
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(dir, { recursive: true, force: true });
});
const soon = { timeout: 60_000, interval: 10 };
const fatal = (error: Error) => expect.fail(error.message);

/** Two ends of a connection without a network. */
function channels(): [PeerChannel, PeerChannel] {
  const frames: ((frame: Uint8Array) => void)[] = [];
  const closed: ((why: string) => void)[] = [];
  const end = (self: number): PeerChannel => ({
    peer: self === 0 ? 'b' : 'a',
    bufferedBytes: 0,
    send: (frame) => void setImmediate(() => frames[1 - self]?.(frame)),
    onFrame: (handler) => void (frames[self] = handler),
    onClose: (handler) => void closed.push(handler),
    pause: () => undefined,
    resume: () => undefined,
    close: (why) => {
      for (const handler of closed.splice(0)) handler(why);
    },
  });
  return [end(0), end(1)];
}
const recordLike = (text: string) => ({
  ...{
    receivedAtUs: wallUs(),
    monotonicMs: 1,
    kind: 'syslog' as const,
    transport: 'udp' as const,
    flags: 0,
    raw: Buffer.from(text),
  },
  ...{ source: { address: '10.0.0.1', port: 1 }, listener: { kind: 'own' as const, address: '127.0.0.1' } },
});
const receive = async (journal: ReceiverJournal, from: number, through: number) => {
  for (let at = from; at <= through; at++) {
    journal.append(recordLike(`m${at}`));
    // A segment each.
    await journal.flush();
  }
};
/** Each once: on a machine that stalls for 1.5 s the link is made anew, and what was said before the peer had the rest is said again. */
const told = (said: readonly [string, unknown][], event: string) => [
  ...new Map(said.filter(([name]) => name === event).map(([, fields]) => [JSON.stringify(fields), fields])).values(),
];
function copying(
  journal: ReceiverJournal,
  copy: PeerCopy,
  log: Log,
  heard: Pick<CopyHolderOptions, 'onLost' | 'onKept'>,
  onFatal: (error: Error) => void = fatal,
): CopySender {
  const dialer = {
    dial: async () => {
      const [mine, theirs] = channels();
      holdCopy({ channel: theirs, copy, wallUs, log, onChange: () => undefined, ...heard });
      return mine;
    },
  };
  const sender = new CopySender({ node: 'a', peer: 'b', journal, dialer, wallUs, log, onChange: () => undefined, onFatal });
  sender.start();
  closers.push(() => sender.stop());
  return sender;
}

it('a peer whose disk was set back behind what was let go gets the rest, and both sides name what is gone', async () => {
  const said: [string, unknown][] = [];
  const note = (event: string, fields?: unknown) => void said.push([event, fields]);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const lost: number[] = [];
  const onLost = (records: number) => void lost.push(records);
  const journal = await openReceiverJournal({
    dir: join(dir, 'own'),
    node: 'a',
    maxBytes: 1e9,
    segmentBytes: 100,
    onFatal: fatal,
  });
  closers.push(() => journal.close());
  const { journalId } = journal;
  const copy = await openPeerCopy({ dir: join(dir, 'peer'), maxBytes: 1e9, onFatal: fatal });
  const sender = copying(journal, copy, log, { onLost });
  await receive(journal, 1, 10);
  await expect.poll(() => sender.peerHas(journalId), soon).toBe(10);
  cpSync(join(dir, 'peer'), join(dir, 'snapshot'), { recursive: true });
  for (const name of readdirSync(join(dir, 'snapshot'))) if (name.startsWith('lock')) rmSync(join(dir, 'snapshot', name));
  await receive(journal, 11, 30);
  await expect.poll(() => sender.peerHas(journalId), soon).toBe(30);
  await journal.dropThrough(journalId, 20);
  await sender.stop();
  await copy.close();
  expect(lost).toEqual([]);

  const setBack = await openPeerCopy({ dir: join(dir, 'snapshot'), maxBytes: 1e9, onFatal: fatal });
  closers.push(() => setBack.close());
  expect(setBack.held()).toEqual([{ journalId, durableSeq: 10 }]);
  const again = copying(journal, setBack, log, { onLost });
  await expect.poll(() => again.peerHas(journalId), soon).toBe(30);
  await receive(journal, 31, 35);
  await expect.poll(() => again.peerHas(journalId), soon).toBe(35);
  await expect.poll(() => again.link, soon).toBe('up');
  const gone = { journalId, from: 11, through: 20 };
  expect(lost).toEqual([10]);
  expect(told(said, 'copy.gap')).toEqual([{ ...gone, peerHad: 10 }]);
  expect(said.filter(([event]) => event === 'copy.lost')).toEqual([['copy.lost', { peer: 'a', ...gone }]]);
  const texts = (await setBack.read(journalId, 21, 1e6)).map(({ raw }) => Buffer.from(raw).toString());
  expect(texts).toEqual(Array.from({ length: 15 }, (_, at) => `m${at + 21}`));
});

it('what is damaged before it was copied is said, and what lies behind it is copied all the same', async () => {
  const said: [string, unknown][] = [];
  const note = (event: string, fields?: unknown) => void said.push([event, fields]);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  mkdirSync(dir, { recursive: true });
  const own = join(dir, 'damaged');
  const options = { dir: own, node: 'a', maxBytes: 1e9, segmentBytes: 100, onFatal: fatal };
  const before = await openReceiverJournal(options);
  const { journalId } = before;
  await receive(before, 1, 10);
  await before.close();
  const fifth = join(own, journalId, readdirSync(join(own, journalId)).sort()[4]!);
  const bytes = readFileSync(fifth);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(fifth, bytes);
  // A receiver that was started anew: nothing of it is in memory.
  const journal = await openReceiverJournal(options);
  closers.push(() => journal.close());
  const copy = await openPeerCopy({ dir: join(dir, 'of-damaged'), maxBytes: 1e9, onFatal: fatal });
  closers.push(() => copy.close());
  const sender = copying(journal, copy, log, {});
  await expect.poll(() => sender.peerHas(journalId), soon).toBe(10);
  await expect.poll(() => sender.link, soon).toBe('up');
  expect(told(said, 'copy.damaged')).toMatchObject([{ journalId, from: 5, through: 5 }]);
  const texts = (await copy.read(journalId, 6, 1e6)).map(({ raw }) => Buffer.from(raw).toString());
  expect(texts).toEqual(['m6', 'm7', 'm8', 'm9', 'm10']);
});

it('a peer is told which journals of ours that it once had are still here, so that it can ask for them when it has let them go', async () => {
  mkdirSync(dir, { recursive: true });
  const options = { dir: join(dir, 'kept'), node: 'a', maxBytes: 1e9, segmentBytes: 100, onFatal: fatal };
  const before = await openReceiverJournal(options);
  await receive(before, 1, 10);
  await before.close();
  const journal = await openReceiverJournal(options);
  closers.push(() => journal.close());
  const copy = await openPeerCopy({ dir: join(dir, 'of-kept'), maxBytes: 1e9, onFatal: fatal });
  closers.push(() => copy.close());
  const heard: (readonly HeldJournal[])[] = [];
  const sender = copying(journal, copy, SILENT_LOG, { onKept: (journals) => heard.push(journals) });
  const kept = { journalId: before.journalId, durableSeq: 10 };
  await expect.poll(() => heard.at(-1), soon).toEqual([kept]);
  await receive(journal, 1, 3);
  await expect.poll(() => sender.peerHas(journal.journalId), soon).toBe(3);

  await copy.dropThrough(before.journalId, 10);
  expect(copy.journals().map(({ journalId }) => journalId)).toEqual([journal.journalId]);
  expect(heard.at(-1)).toEqual([kept]);
  await journal.dropThrough(before.journalId, 10);
  await expect.poll(() => heard.at(-1), soon).toEqual([]);
});

it('a journal of which the peer holds more than was ever written here is over: this machine was set back, and nothing is acknowledged by what the peer holds', async () => {
  const said: [string, unknown][] = [];
  const log: Log = { ...SILENT_LOG, error: (event: string, fields?: unknown) => void said.push([event, fields]) };
  const journal = await openReceiverJournal({ dir: join(dir, 'reverted'), node: 'a', maxBytes: 1e9, onFatal: fatal });
  closers.push(() => journal.close());
  const copy = await openPeerCopy({ dir: join(dir, 'ahead'), maxBytes: 1e9, onFatal: fatal });
  closers.push(() => copy.close());
  const { journalId } = journal;
  await receive(journal, 1, 5);
  // The life that was taken back had said these.
  const said1to9 = Array.from({ length: 9 }, (_, at) => encodeRecord({ ...recordLike(`of before ${at}`), seq: at + 1 }));
  await copy.append(journalId, said1to9);
  const ends: Error[] = [];
  const sender = copying(journal, copy, log, {}, (error) => void ends.push(error));
  await expect.poll(() => ends.length, soon).toBeGreaterThan(0);
  expect(ends[0]).toMatchObject({ code: 'JOURNAL_NUMBERS_REUSED', journalId, sameThrough: 0, durableSeq: 5, peerHolds: 9 });
  expect([sender.peerHas(journalId), sender.link]).toEqual([0, 'down']);
  expect(said[0]).toEqual(['copy.numbers_reused', { journalId, sameThrough: 0, durableSeq: 5, peerHolds: 9 }]);
  await sender.stop();
  // The next one of this node is another journal, and is copied.
  await journal.close();
  const next = await openReceiverJournal({ dir: join(dir, 'reverted'), node: 'a', maxBytes: 1e9, onFatal: fatal });
  closers.push(() => next.close());
  const again = copying(next, copy, log, {}, fatal);
  await receive(next, 1, 3);
  await expect.poll(() => again.peerHas(next.journalId), soon).toBe(3);
});
