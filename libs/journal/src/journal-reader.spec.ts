import { describe, expect, it, vi } from 'vitest';
import { openJournalReader } from './index.js';
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
});
