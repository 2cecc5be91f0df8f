import { open } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { exportJournal } from './journal-survey.js';
import { journalsOf, locateRecord, recordsBetween } from './journal-trace.js';
import { message, openings, texts } from './testing/records.js';
import { tempDirs } from './testing/temp-dir.js';

const tempDir = tempDirs();
const { filled, journal } = openings();

describe('one record of a journal', () => {
  it('is found by its number, with its file and the place in it', async () => {
    const dir = await tempDir();
    const { journalId } = await filled(dir, 30, { segmentBytes: 400 });
    for (const seq of [1, 17, 30]) {
      const found = await locateRecord(dir, journalId, seq);
      expect(texts([found!.record])).toEqual([`message ${seq}`]);
      const file = await open(found!.segment);
      const bytes = Buffer.alloc(found!.bytes);
      await file.read(bytes, 0, found!.bytes, found!.offset);
      await file.close();
      expect([bytes.subarray(0, 4).toString('latin1'), bytes.includes(`message ${seq}`)]).toEqual(['YSG1', true]);
    }
  });
  it('is not there when it was let go, never written, or of another journal', async () => {
    const dir = await tempDir();
    const made = await filled(dir, 30, { segmentBytes: 400 });
    await made.dropThrough(made.journalId, 20);
    const [kept] = await journalsOf(dir, 'a');
    expect(kept!.firstSeq).toBeGreaterThan(10);
    expect(await locateRecord(dir, made.journalId, 1)).toBeNull();
    expect(await locateRecord(dir, made.journalId, 31)).toBeNull();
    expect(await locateRecord(dir, 'a-0000-0000', 1)).toBeNull();
    await expect(locateRecord(dir, '../a', 1)).rejects.toThrow('journal id');
    expect(await journalsOf(dir, 'b')).toEqual([]);
  });
});

describe('records of a stretch of time', () => {
  it('are those that every record’s own time says, over segments and journals', async () => {
    const dir = await tempDir();
    const at = (second: number) => 1_790_000_000_000_000 + second * 1_000_000;
    for (const from of [0, 50]) {
      const made = await journal(dir, { segmentBytes: 700 });
      for (let second = from; second < from + 50; second++) {
        made.append(message(`second ${second}`, { receivedAtUs: at(second) }));
        await made.flush();
      }
      await made.close();
    }
    const found = [];
    for await (const { record } of recordsBetween(dir, 'a', { fromUs: at(45), throughUs: at(54) })) found.push(record);
    expect(texts(found).sort()).toEqual([45, 46, 47, 48, 49, 50, 51, 52, 53, 54].map((second) => `second ${second}`));
    for await (const each of recordsBetween(dir, 'b', { fromUs: 0, throughUs: at(99) })) expect.fail(String(each.offset));
    const [newest] = await journalsOf(dir, 'a');
    const all = [];
    for await (const record of exportJournal(dir, newest!.journalId)) all.push(record);
    expect(texts(all)[0]).toBe('second 50');
  });
});
