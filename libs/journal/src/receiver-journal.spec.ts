import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MessageFlag } from '@yosugara/protocol';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { JournalFs } from './fs-port.js';
import { type JournalFatalError, type ReceiverJournal, type UnwrittenRecords } from './index.js';
import { faultyFs, PowerCutFs } from './testing/fault-fs.js';
import { framesIn, openJournalReader } from './testing/mode.js';
import { message, numbered, openings, texts } from './testing/records.js';
import { tempDirs } from './testing/temp-dir.js';

const tempDir = tempDirs();
const { journal, filled } = openings();

async function segmentsOf(dir: string, journalId: string): Promise<string[]> {
  return (await readdir(join(dir, journalId))).sort().map((name) => join(dir, journalId, name));
}

describe("a receiver's journal", () => {
  it('numbers densely from 1, tells when records are durable, and reads them back', async () => {
    const own = await journal(await tempDir());
    const told: number[] = [];
    own.onDurable((seq) => told.push(seq));
    for (const line of numbered(1, 3)) own.append(message(line));
    expect([own.nextSeq, own.durableSeq]).toEqual([4, 0]);
    expect(await own.read(own.journalId, 1, 1e6)).toEqual([]);
    await vi.waitFor(() => expect(own.durableSeq).toBe(3), 60_000);
    expect(told.at(-1)).toBe(3);
    const records = await own.read(own.journalId, 1, 1e6);
    expect(records.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(texts(records)).toEqual(numbered(1, 3));
    expect(records[0]).toEqual({ ...message('message 1'), seq: 1 });
    expect(texts(await own.read(own.journalId, 2, 1))).toEqual(['message 2']);
    expect(own.stats()).toMatchObject({ appended: 3, synced: 3, refusedFull: 0, pendingBytes: 0 });
  });

  it('has what became durable last in memory too: the same bytes, and none before they are durable', async () => {
    const own = await journal(await tempDir());
    for (const line of numbered(1, 3)) own.append(message(line));
    expect(own.recent(own.journalId, 1, 1e6)).toBeNull();
    await own.flush();
    for (const line of numbered(4, 5)) own.append(message(line));
    await own.flush();
    for (const [from, maxBytes] of [
      [1, 1e6],
      [2, 1e6],
      [2, 1],
      [5, 1e6],
    ] as const)
      expect(own.recent(own.journalId, from, maxBytes)?.map((bytes) => Buffer.from(bytes))).toEqual(
        await own.readEncoded(own.journalId, from, maxBytes),
      );
    expect(own.recent(own.journalId, 6, 1e6)).toBeNull();
    expect(own.recent('a-00000000-00000000', 1, 1e6)).toBeNull();
    for (let at = 0; at < 6; at++) {
      own.append({ ...message('a large one'), raw: Buffer.alloc(1e6, at) });
      await own.flush();
    }
    expect(own.recent(own.journalId, 1, 1e6)).toBeNull();
    expect(own.recent(own.journalId, 11, 1e6)).toHaveLength(1);
  });

  it('keeps records for a few milliseconds to write them together, unless a sender waits for its answer', async () => {
    const own = await journal(await tempDir(), { syncMs: 600_000, floorMs: 0 });
    own.append(message('finds the disk idle'));
    await vi.waitFor(() => expect(own.durableSeq).toBe(1), 60_000);
    own.append(message('nobody waits'));
    own.append(message('nobody waits for this one either'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(own.durableSeq).toBe(1);
    own.append({ ...message('waits'), transport: 'relp' });
    await vi.waitFor(() => expect(own.durableSeq).toBe(4), 60_000);
    own.append({ ...message('waits'), kind: 'trap', flags: MessageFlag.inform });
    await vi.waitFor(() => expect(own.durableSeq).toBe(5), 60_000);
    expect(own.stats().flushes).toBe(3);
  });

  it('begins a new journal at each opening and keeps the older ones readable', async () => {
    const dir = await tempDir();
    const first = await filled(dir, 3);
    await first.close();
    const second = await filled(dir, 2);
    expect(second.journalId).not.toBe(first.journalId);
    expect(second.journalId).toMatch(/^a-[0-9a-z]{8}-[0-9a-f]{12}$/);
    expect(second.journals()).toEqual([
      { journalId: first.journalId, firstSeq: 1, lastDurableSeq: 3, corrupt: null },
      { journalId: second.journalId, firstSeq: 1, lastDurableSeq: 2, corrupt: null },
    ]);
    expect(texts(await second.read(first.journalId, 2, 1e6))).toEqual(numbered(2, 3));
    await expect(second.read('a-00000000-00000000', 1, 1e6)).rejects.toMatchObject({ code: 'JOURNAL_GAP' });
  });

  it('goes over many segments, and drops them whole from the oldest', async () => {
    const dir = await tempDir();
    const own = await filled(dir, 100, { segmentBytes: 1000 });
    expect((await segmentsOf(dir, own.journalId)).length).toBeGreaterThan(5);
    expect(texts(await own.read(own.journalId, 1, 1e6))).toEqual(numbered(1, 100));
    await own.dropThrough(own.journalId, 50);
    const { firstSeq } = own.journals()[0]!;
    expect(firstSeq).toBeGreaterThan(35);
    expect(firstSeq).toBeLessThanOrEqual(51);
    expect(texts(await own.read(own.journalId, 51, 1e6))).toEqual(numbered(51, 100));
    await expect(own.read(own.journalId, 1, 1e6)).rejects.toMatchObject({
      code: 'JOURNAL_GAP',
      missing: { from: 1, through: firstSeq - 1 },
    });
    await own.dropThrough(own.journalId, 100);
    await own.close();
    const next = await filled(dir, 1);
    expect(next.journals().map(({ journalId }) => journalId)).toEqual([own.journalId, next.journalId]);
    await next.dropThrough(own.journalId, 100);
    expect((await readdir(dir)).filter((name) => name.startsWith('a-'))).toEqual([next.journalId]);
  });

  it('keeps the oldest when it is full: refuses, counts, and takes again when there is room', async () => {
    const own = await journal(await tempDir(), { maxBytes: 5_000, segmentBytes: 1_000 });
    let taken = 0;
    while (own.append(message(`message ${taken + 1}`))) {
      taken++;
      await own.flush();
    }
    expect(own.append(message('one too many'))).toBe(false);
    expect(own.append(message('offered again'), true)).toBe(false);
    expect(own.stats()).toMatchObject({ appended: taken, refusedFull: 2, heldBackFull: 1 });
    expect(own.stats().bytes).toBeLessThanOrEqual(5_000);
    expect(texts(await own.read(own.journalId, 1, 1e6))).toEqual(numbered(1, taken));
    await own.dropThrough(own.journalId, taken);
    expect(own.append(message(`message ${taken + 1}`))).toBe(true);
    await own.flush();
    expect(texts(await own.read(own.journalId, taken + 1, 1e6))).toEqual([`message ${taken + 1}`]);
  });

  it('cuts a torn tail at every byte of the last record', async () => {
    const dir = await tempDir();
    const own = await filled(dir, 2);
    const file = (await segmentsOf(dir, own.journalId))[0]!;
    const two = await readFile(file);
    own.append(message('message 3'));
    await own.flush();
    const three = await readFile(file);
    await own.close();
    for (let length = two.length; length <= three.length; length += 1) {
      await writeFile(file, three.subarray(0, length));
      const next = await journal(dir);
      const whole = length === three.length;
      expect(next.journals()[0], `${length} bytes`).toMatchObject({ lastDurableSeq: whole ? 3 : 2, corrupt: null });
      expect(texts(await next.read(own.journalId, 1, 1e6))).toEqual(numbered(1, whole ? 3 : 2));
      await next.close();
    }
  });

  it('finds a flipped bit in the middle, names the lost record, and still reads what lies around it', async () => {
    const dir = await tempDir();
    const own = await journal(dir);
    for (const line of numbered(1, 5)) {
      own.append(message(line));
      await own.flush();
    }
    await own.close();
    const file = (await segmentsOf(dir, own.journalId))[0]!;
    const bytes = await readFile(file);
    bytes[framesIn(bytes)[2]!.end - 9]! ^= 1;
    await writeFile(file, bytes);
    const next = await journal(dir);
    const info = next.journals().find(({ journalId }) => journalId === own.journalId);
    expect(info).toMatchObject({ lastDurableSeq: 5, corrupt: { code: 'JOURNAL_CORRUPT', file, lost: { from: 3, through: 3 } } });
    expect(texts(await next.read(own.journalId, 1, 1e6))).toEqual(numbered(1, 2));
    await expect(next.read(own.journalId, 3, 1e6)).rejects.toMatchObject({
      code: 'JOURNAL_CORRUPT',
      lost: { from: 3, through: 3 },
    });
    expect(texts(await next.read(own.journalId, 4, 1e6))).toEqual(numbered(4, 5));
    const reader = openJournalReader(dir);
    await expect(reader.read(own.journalId, 3, 5, 1e6)).rejects.toMatchObject({
      code: 'JOURNAL_CORRUPT',
      lost: { from: 3, through: 3 },
    });
  });

  it.each(['write', 'sync'] as const)(
    'is over for good after one failed %s: says so once, refuses, never acknowledges',
    async (operation) => {
      let failing = false;
      const fatal: JournalFatalError[] = [];
      const fs = faultyFs((at) => (failing && at === operation ? 'EIO' : null));
      const own = await journal(await tempDir(), { onFatal: (error) => fatal.push(error) }, fs);
      own.append(message('message 1'));
      await own.flush();
      failing = true;
      own.append(message('message 2'));
      await expect(own.flush()).rejects.toMatchObject({ code: 'JOURNAL_FATAL' });
      failing = false;
      expect(own.append(message('message 3'))).toBe(false);
      await expect(own.flush()).rejects.toMatchObject({ code: 'JOURNAL_FATAL' });
      expect(own.durableSeq).toBe(1);
      expect(fatal.length).toBe(1);
    },
  );

  it('leaves no file open when the disk fails while it is being opened', async () => {
    const dir = await tempDir();
    await (await filled(dir, 3)).close();
    const failing = faultyFs((at) => (at === 'sync' ? 'EIO' : null));
    let open = 0;
    const counting: JournalFs = {
      ...failing,
      open: async (path, mode) => {
        const file = await failing.open(path, mode);
        open++;
        return { ...file, close: () => file.close().finally(() => open--) };
      },
    };
    await expect(journal(dir, {}, counting)).rejects.toMatchObject({ code: 'JOURNAL_FATAL' });
    expect(open).toBe(0);
    // And nobody holds the directory.
    await (await journal(dir)).close();
  });

  it('waits while the file system is full, holds what it took, and goes on when there is room', async () => {
    let full = false;
    const own = await journal(
      await tempDir(),
      { maxPendingBytes: 500 },
      faultyFs((at) => (full && at === 'write' ? 'ENOSPC' : null)),
    );
    own.append(message('message 1'));
    await own.flush();
    full = true;
    let taken = 1;
    while (own.append(message(`message ${taken + 1}`))) taken++;
    expect(taken).toBeGreaterThan(2);
    expect(own.stats().refusedBacklog).toBe(1);
    expect(own.durableSeq).toBe(1);
    full = false;
    await own.flush();
    expect(texts(await own.read(own.journalId, 1, 1e6))).toEqual(numbered(1, taken));
  });

  it('closed while the file system is full tells what it took and could not write, by source, and what its senders say again', async () => {
    let full = false;
    const told: UnwrittenRecords[] = [];
    const dir = await tempDir();
    const own = await journal(
      dir,
      { onUnwritten: (lost) => void told.push(lost), groupBytes: 300 },
      faultyFs((at) => (full && at === 'write' ? 'ENOSPC' : null)),
    );
    own.append(message('message 1'));
    await own.flush();
    full = true;
    for (const line of numbered(2, 9)) own.append(message(line));
    own.append(message('x', { source: { address: '192.0.2.8', port: 9 } }));
    own.append(message('waits', { transport: 'relp' }));
    await own.close();
    expect(told).toEqual([
      {
        ...{ records: 9, awaited: 1, why: expect.objectContaining({ code: 'JOURNAL_DISK_FULL' }) },
        bySource: new Map([
          ['192.0.2.7', 8],
          ['192.0.2.8', 1],
        ]),
      },
    ]);
    expect(own.stats()).toMatchObject({ appended: 11, synced: 1, unwritten: 9 });
    const next = await journal(dir);
    expect(texts(await next.read(own.journalId, 1, 1e6))).toEqual(['message 1']);
  });

  it('closed with room tells of nothing: all of it is written', async () => {
    const told: UnwrittenRecords[] = [];
    const own = await journal(await tempDir(), { onUnwritten: (lost) => void told.push(lost) });
    for (const line of numbered(1, 9)) own.append(message(line));
    await own.close();
    expect([told, own.stats().synced]).toEqual([[], 9]);
  });

  it('tells what goes with a disk that fails', async () => {
    const told: UnwrittenRecords[] = [];
    const own = await journal(
      await tempDir(),
      { onUnwritten: (lost) => void told.push(lost) },
      faultyFs((at) => (at === 'write' ? 'EIO' : null)),
    );
    own.append(message('message 1'));
    await expect(own.flush()).rejects.toMatchObject({ code: 'JOURNAL_FATAL' });
    expect(told).toMatchObject([{ records: 1, awaited: 0 }]);
  });

  it('holds streams back while datagrams still have room: a flood over TCP loses nobody’s datagrams', async () => {
    let full = true;
    const own = await journal(
      await tempDir(),
      { maxPendingBytes: 20_000 },
      faultyFs((at) => (full && at === 'write' ? 'ENOSPC' : null)),
    );
    let taken = 0;
    while (own.append(message(`message ${taken + 1}`), true)) taken++;
    const ofStreams = taken;
    while (own.append(message(`message ${taken + 1}`))) taken++;
    expect(taken / ofStreams).toBeGreaterThan(1.8);
    expect(own.stats()).toMatchObject({ refusedBacklog: 1, appended: taken });
    expect(ofStreams).toBeGreaterThan(2);
    full = false;
    await own.flush();
    expect(texts(await own.read(own.journalId, 1, 1e6))).toEqual(numbered(1, taken));
  });

  it('loses in a power cut nothing that it called durable, and shows no hole', async () => {
    const cut = fc.record({
      cut: fc.integer({ min: 4, max: 40 }),
      groups: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 15 }),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(cut, async ({ cut, groups, seed }) => {
        const dir = await tempDir();
        let state = seed + 1;
        const chance = () => (state = (state * 48271) % 2147483647) / 2147483647;
        const fs = new PowerCutFs(cut);
        let durable = 0;
        let appended = 0;
        let journalId = '';
        let own: ReceiverJournal | null = null;
        try {
          own = await journal(dir, { segmentBytes: 2_000 }, fs);
          journalId = own.journalId;
          own.onDurable((seq) => (durable = seq));
          for (const size of groups) {
            for (let n = 0; n < size; n++) own.append(message(`message ${++appended}`));
            await own.flush();
          }
        } catch (error) {
          expect(error).toMatchObject({ code: 'JOURNAL_FATAL' });
        } finally {
          await own?.close();
        }
        const after = fs.reboot(Number.POSITIVE_INFINITY, chance);
        const next = await journal(dir, {}, after);
        const info = next.journals().find((at) => at.journalId === journalId);
        if (durable > 0) expect(info).toMatchObject({ firstSeq: 1, corrupt: null });
        const kept = info?.lastDurableSeq ?? 0;
        expect(kept).toBeGreaterThanOrEqual(durable);
        if (kept > 0) expect(texts(await next.read(journalId, 1, 1e6))).toEqual(numbered(1, kept));
        await next.close();
      }),
      { numRuns: 150 },
    );
  });
});
