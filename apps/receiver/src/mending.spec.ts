import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPeerCopy, openReceiverJournal, type PeerCopy, type ReceiverJournal, surveyJournals } from '@yosugara/journal';
import type { Log } from '@yosugara/kernel';
import { wallUs } from '@yosugara/receivers';
import { CopySender, type DamagedRange, type HeldCopy, holdCopy, type PeerChannel } from '@yosugara/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Scrub } from './scrub.js';

const closers: (() => unknown)[] = [];
let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'yosugara-mending-'));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(dir, { recursive: true, force: true });
});
const soon = { timeout: 60_000, interval: 10 };
const fatal = (error: Error) => expect.fail(error.message);
const COUNT = 40;
const SEGMENTS = { maxBytes: 1e9, segmentBytes: 1_000, onFatal: fatal };

/** Two ends of a connection without a network. @param change what becomes of a frame on its way. */
function channels(change: (frame: Uint8Array) => Uint8Array): [PeerChannel, PeerChannel] {
  const frames: ((frame: Uint8Array) => void)[] = [];
  const closed: ((why: string) => void)[] = [];
  const end = (self: number): PeerChannel => ({
    ...{ peer: self === 0 ? 'b' : 'a', bufferedBytes: 0, pause: () => undefined, resume: () => undefined },
    send: (frame) => void setImmediate(() => frames[1 - self]?.(change(frame))),
    onFrame: (handler) => void (frames[self] = handler),
    onClose: (handler) => void closed.push(handler),
    close: (why) => {
      for (const handler of closed.splice(0)) handler(why);
    },
  });
  return [end(0), end(1)];
}

/** A journal of `a`, its copy at `b`, and the connection between them. */
async function pair(change: (frame: Uint8Array) => Uint8Array = (frame) => frame) {
  const said: [string, Record<string, unknown>][] = [];
  const note = (event: string, fields?: object) => void said.push([event, { ...fields }]);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const journal = await openReceiverJournal({ dir: join(dir, 'own'), node: 'a', ...SEGMENTS });
  closers.push(() => journal.close());
  const copy = await openPeerCopy({ dir: join(dir, 'peer'), ...SEGMENTS });
  closers.push(() => copy.close());
  let held: HeldCopy | null = null;
  const dialer = {
    dial: async () => {
      const [mine, theirs] = channels(change);
      held = holdCopy({ channel: theirs, copy, wallUs, log, onChange: () => undefined });
      return mine;
    },
  };
  const sender = new CopySender({ node: 'a', peer: 'b', journal, dialer, wallUs, log, onChange: () => undefined });
  sender.start();
  closers.push(() => sender.stop());
  for (let at = 1; at <= COUNT; at++) {
    journal.append({
      ...{
        receivedAtUs: wallUs(),
        monotonicMs: 1,
        kind: 'syslog',
        transport: 'udp',
        flags: 0,
        raw: Buffer.from(`message ${at}`),
      },
      ...{ source: { address: '10.0.0.1', port: 1 }, listener: { kind: 'own', address: '127.0.0.1' } },
    });
    await journal.flush();
    await expect.poll(() => sender.peerHas(journal.journalId), soon).toBe(at);
  }
  const mend = { own: (range: DamagedRange) => sender.mend(range), peer: (range: DamagedRange) => held?.mend(range) };
  return { journal, copy, log, said, mend };
}

function flip(side: 'own' | 'peer', journalId: string): void {
  const folder = join(dir, side, journalId);
  const file = join(folder, readdirSync(folder).sort()[1] ?? '');
  const content = readFileSync(file);
  content[150] = (content[150] ?? 0) ^ 1;
  writeFileSync(file, content);
}
const damageIn = async (side: 'own' | 'peer') => (await surveyJournals(join(dir, side))).flatMap(({ damage }) => damage);
function scrub(journals: ReceiverJournal | PeerCopy, log: Log, onDamage: (range: DamagedRange) => void): void {
  const scrubbing = new Scrub({ journals, log, onDamage, everyMs: 1, pauseMs: 20 });
  scrubbing.start();
  closers.push(() => scrubbing.stop());
}

describe('a bit that flips on a disk', () => {
  it.each(['own', 'peer'] as const)(
    'of %s is found by reading again and again, named, and mended from the other node',
    async (side) => {
      const { journal, copy, log, said, mend } = await pair();
      flip(side, journal.journalId);
      expect(await damageIn(side)).toHaveLength(1);
      scrub(side === 'own' ? journal : copy, log, mend[side]);
      await expect.poll(() => said.filter(([event]) => event === 'journal.mended').length, soon).toBe(1);
      expect(await damageIn(side)).toEqual([]);
      const damaged = said.filter(([event]) => event === 'journal.damaged');
      expect(damaged).toMatchObject([
        ['journal.damaged', { journalId: journal.journalId, why: expect.stringContaining('.seg') }],
      ]);
    },
  );

  it('at both nodes is said to be beyond mending, and the connection stays', async () => {
    const { journal, log, said, mend } = await pair();
    flip('own', journal.journalId);
    flip('peer', journal.journalId);
    scrub(journal, log, mend.own);
    await expect.poll(() => said.filter(([event]) => event === 'journal.not_mended').length, soon).toBeGreaterThan(1);
    expect(said.filter(([event]) => event === 'journal.damaged')).toHaveLength(1);
    // On a machine that stalls for 1.5 s the link is made anew.
    const isStall = ({ why }: Record<string, unknown>) => String(why).startsWith('silent for ');
    expect(said.filter(([event, fields]) => event === 'copy.link_down' && !isStall(fields))).toEqual([]);
    expect(await damageIn('own')).toHaveLength(1);
  });

  it('is not asked of a peer of an older version, which would close the connection', async () => {
    const without = (frame: Uint8Array) => {
      if (frame[0] !== 1) return frame;
      const { lends, ...rest } = JSON.parse(new TextDecoder().decode(frame.subarray(1))) as { lends?: boolean; type: string };
      expect(rest.type).not.toBe('want');
      return Uint8Array.from([1, ...new TextEncoder().encode(JSON.stringify(rest))]);
    };
    const { journal, log, said, mend } = await pair(without);
    flip('own', journal.journalId);
    scrub(journal, log, mend.own);
    await expect.poll(() => said.filter(([event]) => event === 'journal.damaged').length, soon).toBe(1);
    expect(await damageIn('own')).toHaveLength(1);
  });
});
