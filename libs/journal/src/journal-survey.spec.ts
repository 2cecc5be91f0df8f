import { open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportJournal, surveyJournals } from './journal-survey.js';
import { message, numbered, openings, texts } from './testing/records.js';
import { tempDirs } from './testing/temp-dir.js';

const tempDir = tempDirs();
const { filled, journal } = openings();

const segmentsOf = async (dir: string, journalId: string) =>
  (await readdir(join(dir, journalId)))
    .filter((name) => name.endsWith('.seg'))
    .sort()
    .map((name) => join(dir, journalId, name));

async function flipBit(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  byte[0] = byte[0]! ^ 1;
  await file.write(byte, 0, 1, at);
  await file.close();
}

async function exported(dir: string, journalId: string, range?: { from: number; through: number }): Promise<string[]> {
  const found = [];
  for await (const record of exportJournal(dir, journalId, range)) found.push(record);
  return [...texts(found)];
}

describe('a survey of a receiver’s journals', () => {
  it('reads all of it beside the receiver that writes, and finds nothing wrong', async () => {
    const dir = await tempDir();
    const { journalId } = await filled(dir, 30, { segmentBytes: 400 });
    const seen: number[] = [];
    const [survey] = await surveyJournals(dir, { onProgress: (done, all) => seen.push(done / all) });
    expect(survey).toMatchObject({
      ...{ journalId, records: 30, firstSeq: 1, lastSeq: 30, kinds: { 'syslog/udp': 30 } },
      ...{ damage: [], missing: [], unreadable: [] },
      receivedUs: { first: 1_790_000_000_000_000, last: 1_790_000_000_000_000 },
    });
    expect(survey!.segments.length).toBeGreaterThan(3);
    expect(seen.at(-1)).toBe(1);
  });

  it('names each flipped bit with file, offset and record, and counts what can still be read', async () => {
    const dir = await tempDir();
    const { journalId } = await filled(dir, 30, { segmentBytes: 400 });
    const [first, second] = await segmentsOf(dir, journalId);
    // In the raw bytes of a record, and in another's.
    for (const path of [first!, second!]) await flipBit(path, (await stat(path)).size - 8);
    const [survey] = await surveyJournals(dir);
    expect(survey!.damage.map(({ file }) => file)).toEqual([first, second]);
    expect(survey!.records).toBe(28);
    // The last record of a segment: what is lost shows where the next one begins.
    const lastOf = survey!.segments.slice(0, 2).map(({ lastSeq }) => lastSeq + 1);
    expect(survey!.missing).toEqual(lastOf.map((seq) => ({ from: seq, through: seq })));
  });

  it('names a segment whose head cannot be read once, and the records that were in it', async () => {
    const dir = await tempDir();
    const { journalId } = await filled(dir, 30, { segmentBytes: 400 });
    const [first, second] = await segmentsOf(dir, journalId);
    await flipBit(first!, 20);
    const seen: number[] = [];
    const [survey] = await surveyJournals(dir, { onProgress: (done, all) => seen.push(done / all) });
    expect(survey!.damage).toMatchObject([{ file: first, offset: 0, length: null }]);
    expect(survey!.missing).toEqual([{ from: 1, through: Number(/(\d{16})\.seg$/.exec(second!)?.[1]) - 1 }]);
    expect(seen.at(-1)).toBe(1);
  });

  it('names the records of a segment that is gone', async () => {
    const dir = await tempDir();
    const { journalId } = await filled(dir, 30, { segmentBytes: 400 });
    const paths = await segmentsOf(dir, journalId);
    const firstOf = (path: string) => Number(/(\d{16})\.seg$/.exec(path)?.[1]);
    await rm(paths[1]!);
    const [survey] = await surveyJournals(dir);
    expect(survey!.missing).toEqual([{ from: firstOf(paths[1]!), through: firstOf(paths[2]!) - 1 }]);
  });

  it('takes a half-written end for what it is: no damage', async () => {
    const dir = await tempDir();
    const { journalId } = await filled(dir, 3);
    const [only] = await segmentsOf(dir, journalId);
    const file = await open(only!, 'a');
    await file.write('half a record');
    await file.close();
    const [survey] = await surveyJournals(dir);
    expect(survey).toMatchObject({ records: 3, damage: [], missing: [] });
    expect(survey!.segments[0]!.tornBytes).toBe(13);
  });

  it('is stopped by its signal', async () => {
    const dir = await tempDir();
    await filled(dir, 3);
    await expect(surveyJournals(dir, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});

describe('an export of a journal', () => {
  it('gives the records of the range in order, with their bytes', async () => {
    const dir = await tempDir();
    const { journalId } = await filled(dir, 30, { segmentBytes: 400 });
    expect(await exported(dir, journalId)).toEqual(numbered(1, 30));
    expect(await exported(dir, journalId, { from: 7, through: 19 })).toEqual(numbered(7, 19));
  });

  it('leaves out what cannot be read', async () => {
    const dir = await tempDir();
    const made = await journal(dir);
    for (const text of ['one', 'two', 'three']) made.append(message(text));
    await made.flush();
    made.append(message('four'));
    await made.flush();
    const [only] = await segmentsOf(dir, made.journalId);
    await flipBit(only!, (await readFile(only!)).indexOf('two'));
    expect(await exported(dir, made.journalId)).toEqual(['one', 'three', 'four']);
  });

  it('refuses what is no journal’s name, and one that is not here', async () => {
    const dir = await tempDir();
    await expect(exported(dir, '../../etc')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(exported(dir, 'a-abc12345-0123456789abcdef')).rejects.toMatchObject({ code: 'JOURNAL_GAP' });
  });
});
