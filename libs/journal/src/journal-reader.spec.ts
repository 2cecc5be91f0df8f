import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { NODE_FS } from './fs-port.js';
import { JournalCorruptError } from './index.js';
import { listSegments } from './segment.js';
import { framesIn, openJournalReader } from './testing/mode.js';
import { message, numbered, openings, texts } from './testing/records.js';
import { tempDirs } from './testing/temp-dir.js';

const tempDir = tempDirs();
const { journal, filled } = openings();

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
        { timeout: 60_000, interval: 0 },
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
    expect(texts(await reader.read(own.journalId, 1, 5, 1e6))).toEqual(numbered(1, 5));
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

  it('steps over a record of whose frame a bit is flipped, any of its length too, and reads what lies behind', async () => {
    const dir = await tempDir();
    const own = await filled(dir, 5, { segmentBytes: 1e6 });
    const [name] = await readdir(join(dir, own.journalId));
    const file = join(dir, own.journalId, name!);
    const whole = await readFile(file);
    const frame = framesIn(whole)[2]!.at;
    const wrong: string[] = [];
    const lengthBits = Array.from({ length: 32 }, (_, at) => 64 + at);
    for (const bit of [0, 40, ...lengthBits, 100]) {
      const damaged = Buffer.from(whole);
      damaged[frame + (bit >> 3)]! ^= 1 << (bit & 7);
      await writeFile(file, damaged);
      for (const source of [openJournalReader(dir), own]) {
        const read = (from: number) =>
          source === own ? own.read(own.journalId, from, 1e6) : openJournalReader(dir).read(own.journalId, from, 5, 1e6);
        const before = texts(await read(1)).join();
        const error: unknown = await read(3).catch((error: unknown) => error);
        const lost = error instanceof JournalCorruptError ? `${error.lost?.from}..${error.lost?.through}` : String(error);
        const behind = await read(4).then(
          (records) => texts(records).join(),
          (error: unknown) => String(error),
        );
        const said = `bit ${bit}: ${before}; ${lost}; ${behind}`;
        if (said !== `bit ${bit}: ${numbered(1, 2)}; 3..3; ${numbered(4, 5)}`) wrong.push(said);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('goes on behind a segment whose head cannot be read, and says which records those are', async () => {
    const dir = await tempDir();
    const own = await filled(dir, 30, { segmentBytes: 1000 });
    const folder = join(dir, own.journalId);
    const firsts = (await listSegments(NODE_FS, folder)).map(({ first }) => first);
    const damaged = (await listSegments(NODE_FS, folder))[1]!;
    const bytes = await readFile(damaged.path);
    bytes[20]! ^= 1;
    await writeFile(damaged.path, bytes);
    const reader = openJournalReader(dir);
    expect(texts(await reader.read(own.journalId, 1, 30, 1e6))).toEqual(numbered(1, damaged.first - 1));
    await expect(reader.read(own.journalId, damaged.first, 30, 1e6)).rejects.toMatchObject({
      code: 'JOURNAL_CORRUPT',
      lost: { from: damaged.first, through: firsts[2]! - 1 },
    });
    expect(texts(await reader.read(own.journalId, firsts[2]!, 30, 1e6))).toEqual(numbered(firsts[2]!, 30));
  });
});
