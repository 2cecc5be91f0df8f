import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  decodeRecord,
  encodeRecord,
  type JournalFatalError,
  type JournalRecord,
  type NewRecord,
  openJournalReader,
  openPeerCopy,
  openReceiverJournal,
  type ReceiverJournal,
  type ReceiverJournalOptions,
  RecordFormatError,
} from './index.js';
import { faultyFs, PowerCutFs } from './testing/fault-fs.js';
import { tempDirs } from './testing/temp-dir.js';

const tempDir = tempDirs();
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const part of opened.splice(0)) await part.close();
});

function message(text: string, change: Partial<NewRecord> = {}): NewRecord {
  return {
    receivedAtUs: 1_790_000_000_000_000,
    monotonicMs: 12.5,
    kind: 'syslog',
    transport: 'udp',
    source: { address: '192.0.2.7', port: 40514 },
    listener: { kind: 'own', address: '127.0.1.1' },
    flags: 0,
    raw: Buffer.from(text),
    ...change,
  };
}

const text = ({ raw }: JournalRecord) => Buffer.from(raw).toString();
const texts = (records: readonly JournalRecord[]) => records.map(text);
const numbered = (from: number, through: number) => Array.from({ length: through - from + 1 }, (_, at) => `message ${from + at}`);

async function journal(
  dir: string,
  change: Partial<ReceiverJournalOptions> = {},
  fs?: Parameters<typeof openReceiverJournal>[1],
): Promise<ReceiverJournal> {
  const made = await openReceiverJournal({ dir, node: 'a', maxBytes: 1e9, onFatal: () => undefined, ...change }, fs);
  opened.push(made);
  return made;
}

async function filled(dir: string, count: number, change: Partial<ReceiverJournalOptions> = {}): Promise<ReceiverJournal> {
  const made = await journal(dir, change);
  for (const line of numbered(1, count)) {
    expect(made.append(message(line))).toBe(true);
    // A group of its own for each, so that small segments fill.
    if (change.segmentBytes !== undefined) await made.flush();
  }
  await made.flush();
  return made;
}

async function segmentsOf(dir: string, journalId: string): Promise<string[]> {
  return (await readdir(join(dir, journalId))).sort().map((name) => join(dir, journalId, name));
}

describe('a record', () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant(''));
  const record = fc.record({
    seq: fc.maxSafeNat(),
    receivedAtUs: fc.maxSafeNat(),
    monotonicMs: fc.double({ noNaN: true }),
    kind: fc.constantFrom('syslog' as const, 'trap' as const),
    transport: fc.constantFrom('udp' as const, 'tcp' as const),
    source: fc.record({ address, port: fc.integer({ min: 0, max: 65535 }) }),
    listener: fc.record({ kind: fc.constantFrom('own' as const, 'vip' as const), address }),
    flags: fc.nat(0xffffffff),
    raw: fc.uint8Array({ maxLength: 500 }),
  });

  it('reads back as it was written', () =>
    fc.assert(
      fc.property(record, (written) => {
        const read = decodeRecord(encodeRecord(written));
        expect({ ...read, raw: Buffer.from(read.raw) }).toEqual({ ...written, raw: Buffer.from(written.raw) });
      }),
    ));

  it('is refused with any bit flipped, and cut at any length', () =>
    fc.assert(
      fc.property(record, fc.nat(), fc.nat(7), (written, at, bit) => {
        const bytes = encodeRecord(written);
        expect(() => decodeRecord(bytes.subarray(0, at % bytes.length))).toThrow(RecordFormatError);
        bytes[at % bytes.length]! ^= 1 << bit;
        expect(() => decodeRecord(bytes)).toThrow(RecordFormatError);
      }),
    ));
});

describe("a receiver's journal", () => {
  it('numbers densely from 1, tells when records are durable, and reads them back', async () => {
    const own = await journal(await tempDir());
    const told: number[] = [];
    own.onDurable((seq) => told.push(seq));
    for (const line of numbered(1, 3)) own.append(message(line));
    expect([own.nextSeq, own.durableSeq]).toEqual([4, 0]);
    expect(await own.read(own.journalId, 1, 1e6)).toEqual([]);
    await vi.waitFor(() => expect(own.durableSeq).toBe(3));
    expect(told.at(-1)).toBe(3);
    const records = await own.read(own.journalId, 1, 1e6);
    expect(records.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(texts(records)).toEqual(numbered(1, 3));
    expect(records[0]).toEqual({ ...message('message 1'), seq: 1 });
    expect(texts(await own.read(own.journalId, 2, 1))).toEqual(['message 2']);
    expect(own.stats()).toMatchObject({ appended: 3, synced: 3, refusedFull: 0, pendingBytes: 0 });
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
    const [{ firstSeq }] = own.journals() as [{ firstSeq: number }];
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
    expect(own.stats()).toMatchObject({ appended: taken, refusedFull: 2 });
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
    bytes[bytes.indexOf('message 3')]! ^= 1;
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
        try {
          const own = await journal(dir, { segmentBytes: 2_000 }, fs);
          journalId = own.journalId;
          own.onDurable((seq) => (durable = seq));
          for (const size of groups) {
            for (let n = 0; n < size; n++) own.append(message(`message ${++appended}`));
            await own.flush();
          }
          await own.close();
        } catch (error) {
          expect(error).toMatchObject({ code: 'JOURNAL_FATAL' });
          await opened.pop()?.close();
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

describe('a journal read from another process', () => {
  it('is read to the watermark and never beyond, while it is being written over segments', async () => {
    const dir = await tempDir();
    const own = await journal(dir, { segmentBytes: 20_000 });
    const reader = openJournalReader(dir);
    const total = 5_000;
    const seen: string[] = [];
    let appended = 0;
    const writing = setInterval(() => {
      for (let n = 0; n < 100 && appended < total; n++) own.append(message(`message ${++appended}`));
    }, 1);
    try {
      await vi.waitFor(
        async () => {
          const watermark = own.durableSeq;
          const records = await reader.read(own.journalId, seen.length + 1, watermark, 50_000);
          expect(records.at(-1)?.seq ?? 0).toBeLessThanOrEqual(watermark);
          seen.push(...texts(records));
          expect(seen.length).toBe(total);
        },
        { timeout: 10_000, interval: 0 },
      );
    } finally {
      clearInterval(writing);
    }
    expect(seen).toEqual(numbered(1, total));
    expect(await reader.journals()).toEqual([{ journalId: own.journalId, firstSeq: 1 }]);
  });

  it('says which records are not there any more, or not although they were called durable', async () => {
    const dir = await tempDir();
    const own = await filled(dir, 30, { segmentBytes: 1000 });
    const reader = openJournalReader(dir);
    expect(await reader.read(own.journalId, 31, 30, 1e6)).toEqual([]);
    await expect(reader.read(own.journalId, 31, 35, 1e6)).rejects.toMatchObject({ missing: { from: 31, through: 35 } });
    await own.dropThrough(own.journalId, 20);
    const firstSeq = own.journals()[0]!.firstSeq;
    await expect(reader.read(own.journalId, 1, 30, 1e6)).rejects.toMatchObject({
      code: 'JOURNAL_GAP',
      missing: { from: 1, through: firstSeq - 1 },
    });
    expect(texts(await reader.read(own.journalId, firstSeq, 30, 1e6))).toEqual(numbered(firstSeq, 30));
    await expect(reader.read('a-00000000-00000000', 1, 5, 1e6)).rejects.toMatchObject({ missing: { from: 1, through: 5 } });
    await expect(reader.read('../../etc', 1, 5, 1e6)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});

describe("the copy of the peer's journal", () => {
  const ID = 'b-mfx00000-0123456789ab';
  const encoded = (from: number, through: number) =>
    numbered(from, through).map((line, at) => encodeRecord({ ...message(line), seq: from + at }));

  async function copy(dir: string, maxBytes = 1e9) {
    const made = await openPeerCopy({ dir, maxBytes });
    opened.push(made);
    return made;
  }

  it("stores under the peer's own numbers, ignores what it holds, and goes on after a restart", async () => {
    const dir = await tempDir();
    const first = await copy(dir);
    expect(await first.append(ID, encoded(1, 3))).toEqual({ kind: 'stored', durableSeq: 3, alreadyHeld: 0 });
    expect(await first.append(ID, encoded(2, 5))).toEqual({ kind: 'stored', durableSeq: 5, alreadyHeld: 2 });
    await first.close();
    const second = await copy(dir);
    expect(second.held()).toEqual([{ journalId: ID, durableSeq: 5 }]);
    expect(await second.append(ID, encoded(5, 6))).toEqual({ kind: 'stored', durableSeq: 6, alreadyHeld: 1 });
    expect(texts(await second.read(ID, 1, 1e6))).toEqual(numbered(1, 6));
    expect((await second.readEncoded(ID, 4, 1e6)).map((bytes) => Buffer.from(bytes))).toEqual(
      encoded(4, 6).map((bytes) => Buffer.from(bytes)),
    );
  });

  it('refuses a gap and says what it expects; begins in the middle only when told', async () => {
    const peer = await copy(await tempDir());
    await peer.append(ID, encoded(1, 2));
    expect(await peer.append(ID, encoded(4, 5))).toEqual({ kind: 'gap', expectedSeq: 3, gotSeq: 4 });
    const other = 'b-mfx00001-0123456789ab';
    expect(await peer.append(other, encoded(7, 8))).toEqual({ kind: 'gap', expectedSeq: 1, gotSeq: 7 });
    await peer.begin(other, 7);
    expect(await peer.append(other, encoded(7, 8))).toEqual({ kind: 'stored', durableSeq: 8, alreadyHeld: 0 });
    expect(await peer.append(ID, encoded(3, 3))).toMatchObject({ kind: 'stored', durableSeq: 3 });
    expect(peer.held()).toEqual([
      { journalId: ID, durableSeq: 3 },
      { journalId: other, durableSeq: 8 },
    ]);
  });

  it('refuses other bytes for a number that it holds, and keeps the first', async () => {
    const peer = await copy(await tempDir());
    await peer.append(ID, encoded(1, 3));
    const forged = encodeRecord({ ...message('another life'), seq: 2 });
    await expect(peer.append(ID, [forged])).rejects.toMatchObject({ code: 'JOURNAL_CONFLICT', journalId: ID, seq: 2 });
    expect(texts(await peer.read(ID, 1, 1e6))).toEqual(numbered(1, 3));
  });

  it('refuses damaged records, numbers out of order and names that leave its directory', async () => {
    const peer = await copy(await tempDir());
    const [one, two] = encoded(1, 2) as [Uint8Array, Uint8Array];
    await expect(peer.append(ID, [two, one])).rejects.toBeInstanceOf(RecordFormatError);
    one[40]! ^= 1;
    await expect(peer.append(ID, [one])).rejects.toThrow(/wrong CRC/);
    await expect(peer.append('../elsewhere', [two])).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(peer.held()).toEqual([]);
  });

  it('keeps the oldest when it is full', async () => {
    const peer = await copy(await tempDir(), 1_000);
    let last = 0;
    for (let outcome = 'stored'; outcome === 'stored'; last++)
      outcome = (await peer.append(ID, encoded(last + 1, last + 1))).kind;
    expect(last).toBeGreaterThan(3);
    expect(peer.held()).toEqual([{ journalId: ID, durableSeq: last - 1 }]);
    expect(peer.bytes).toBeLessThanOrEqual(1_000);
  });

  it('drops what both databases hold, but remembers how far the newest journal came', async () => {
    const peer = await copy(await tempDir());
    const newer = 'b-mfx00001-0123456789ab';
    await peer.append(ID, encoded(1, 3));
    await peer.append(newer, encoded(1, 4));
    await peer.dropThrough(ID, 3);
    await peer.dropThrough(newer, 4);
    expect(peer.held()).toEqual([{ journalId: newer, durableSeq: 4 }]);
    expect(await peer.append(newer, encoded(5, 5))).toMatchObject({ kind: 'stored', durableSeq: 5 });
  });
});

describe('the lock of a directory', () => {
  it('is named with directory and pid to a second opener', async () => {
    const dir = await tempDir();
    await journal(dir);
    await expect(journal(dir)).rejects.toThrow(`${dir} is in use by process ${process.pid}`);
  });

  it('of a killed process is taken over; of a living one it is not', async () => {
    const dir = await tempDir();
    const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
    try {
      await mkdir(dir, { recursive: true });
      const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8');
      const startTicks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
      const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
      await writeFile(join(dir, 'lock.4'), JSON.stringify({ pid: child.pid, startTicks, bootId }));
      await expect(journal(dir)).rejects.toThrow(`in use by process ${child.pid}`);
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
      await (await journal(dir)).close();
      expect((await readdir(dir)).filter((name) => name.startsWith('lock.'))).toEqual([]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('is not held by another process that was given the same pid, nor by one of an earlier boot, nor by an empty file', async () => {
    const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    const stale = [
      { pid: process.pid, startTicks: '1', bootId },
      { pid: 1, startTicks: '1', bootId: 'earlier' },
    ].map((at) => JSON.stringify(at));
    for (const content of [...stale, '']) {
      const dir = await tempDir();
      await writeFile(join(dir, 'lock.1'), content);
      await (await journal(dir)).close();
    }
  });

  it('goes to one of many who find it stale at once', async () => {
    const dir = await tempDir();
    await writeFile(join(dir, 'lock.1'), JSON.stringify({ pid: 1, startTicks: '1', bootId: 'earlier' }));
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => journal(dir)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'JOURNAL_LOCKED' });
  });
});
