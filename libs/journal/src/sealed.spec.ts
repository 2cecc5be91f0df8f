import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FRAME_HEAD_BYTES } from './frame.js';
import { openJournalReader, openReceiverJournal, surveyJournals } from './index.js';
import { locateRecord } from './journal-trace.js';
import { readSegmentHead, segmentPath } from './segment.js';
import { encryptAll, encryptedBy, framesIn, keysOf } from './testing/mode.js';
import { message, numbered, openings, texts } from './testing/records.js';
import { tempDirs } from './testing/temp-dir.js';

// What journals promise they promise encrypted, too: the same sentences once more.
encryptAll();
await import('./receiver-journal.spec.js');
await import('./peer-copy.spec.js');
await import('./journal-reader.spec.js');
await import('./mend.spec.js');

const tempDir = tempDirs();
const { journal, filled, keep } = openings();
const segmentsOf = (dir: string, id: string) => readdirSync(join(dir, id)).map((name) => join(dir, id, name));
const contentOf = (dir: string, id: string) => Buffer.concat(segmentsOf(dir, id).map((file) => readFileSync(file)));
const one = keysOf('one');

/** As somebody does it who knows the format and not the key. */
function changedWithGoodCrc(file: string, nth: number): void {
  const content = readFileSync(file);
  const { at, end } = framesIn(content)[nth]!;
  content[end - 1]! ^= 1;
  content.writeUInt32LE(crc32(content.subarray(at + 8, end), readSegmentHead(content, 1)!.salt), at + 4);
  writeFileSync(file, content);
}

describe('an encrypted journal', () => {
  it('holds nothing of what was received in the clear, nor who sent it', async () => {
    const dir = await tempDir();
    const own = await filled(dir, 20, { segmentBytes: 1_000 });
    const bytes = contentOf(dir, own.journalId);
    for (const word of ['message', '192.0.2.7', '127.0.1.1']) expect(bytes.includes(word), word).toBe(false);
    const plain = await tempDir();
    const other = await filled(plain, 20, { segmentBytes: 1_000, encryption: undefined });
    expect(contentOf(plain, other.journalId).includes('192.0.2.7')).toBe(true);
  });

  it('says of what was changed by somebody without the key that it was changed, at the end too, where a torn tail would be cut', async () => {
    const dir = await tempDir();
    const own = await filled(dir, 6, { segmentBytes: 1e6 });
    await own.flush();
    await own.close();
    const [file] = segmentsOf(dir, own.journalId);
    changedWithGoodCrc(file!, 5);
    const again = await journal(dir);
    const found = again.journals().find(({ journalId }) => journalId === own.journalId);
    expect(found?.corrupt).toMatchObject({
      lost: { from: 6, through: 6 },
      message: expect.stringContaining('changed by somebody'),
    });
    expect(texts(await again.read(own.journalId, 1, 1e6))).toEqual(numbered(1, 5));
    await expect(again.read(own.journalId, 6, 1e6)).rejects.toThrow('changed by somebody');
    const [survey] = await surveyJournals(dir, { keys: encryptedBy('the key of all').keys });
    expect(survey?.damage).toHaveLength(1);
  });

  it('says that a group was taken out, or put in another place', async () => {
    const dir = await tempDir();
    const own = await filled(dir, 6, { segmentBytes: 1e6 });
    await own.close();
    const [file] = segmentsOf(dir, own.journalId);
    const content = readFileSync(file!);
    const found = framesIn(content);
    const part = (nth: number) => content.subarray(found[nth]!.at, found[nth]!.end);
    const head = content.subarray(0, found[0]!.at);
    const surveyOf = async (groups: readonly number[]) => {
      writeFileSync(file!, Buffer.concat([head, ...groups.map(part)]));
      return (await surveyJournals(dir, { keys: encryptedBy('the key of all').keys }))[0]!.damage.map(({ lost }) => lost);
    };
    expect(await surveyOf([0, 1, 2, 3, 4, 5])).toEqual([]);
    expect(await surveyOf([0, 1, 3, 4, 5])).toEqual([{ from: 3, through: 3 }]);
    expect(await surveyOf([0, 2, 1, 3, 4, 5])).toEqual([{ from: 2, through: 2 }, null]);
  });

  it('is one with segments in the clear and of other keys in it: what is set counts from the next segment on', async () => {
    const dir = await tempDir();
    let by: string | null = null;
    const keys = keysOf('one', 'two');
    const own = await journal(dir, { segmentBytes: 200, encryption: { keys, newest: () => by } });
    for (const [at, id] of [null, keys.ids[0]!, keys.ids[1]!, null].entries()) {
      by = id;
      for (const line of numbered(at * 3 + 1, at * 3 + 3)) {
        own.append(message(line));
        await own.flush();
      }
    }
    const [survey] = await surveyJournals(dir, { keys });
    expect([...new Set(survey!.segments.map(({ keyId }) => keyId))]).toEqual([null, ...keys.ids]);
    expect(survey).toMatchObject({ records: 12, damage: [], missing: [], keysMissing: [] });
    const reader = keep(openJournalReader(dir, keys));
    const found = [];
    for (let next = 1; next <= 12; ) {
      const records = await reader.read(own.journalId, next, 12, 1);
      found.push(...texts(records));
      next += records.length;
    }
    expect(found).toEqual(numbered(1, 12));
    expect((await locateRecord(dir, own.journalId, 5, keys))?.record.seq).toBe(5);
  });

  it('is not read without its key, and says which key that is; with it nothing is lost', async () => {
    const dir = await tempDir();
    const own = await filled(dir, 5, { encryption: encryptedBy('one') });
    await own.close();
    const locked = keep(openJournalReader(dir, keysOf('two')));
    await expect(locked.read(own.journalId, 1, 5, 1e6)).rejects.toMatchObject({
      ...{ code: 'JOURNAL_KEY_MISSING', keyId: one.ids[0] },
      message: expect.stringContaining('looked in a spec'),
    });
    await expect(locateRecord(dir, own.journalId, 1)).rejects.toThrow('no keys were given');
    expect((await surveyJournals(dir))[0]).toMatchObject({ records: 5, damage: [], keysMissing: one.ids });
    // A receiver goes on beside it, with a key of its own.
    const next = await openReceiverJournal({
      ...{ dir, node: 'a', maxBytes: 1e9, onFatal: () => undefined },
      encryption: encryptedBy('two'),
    });
    next.append(message('goes on'));
    await next.flush();
    await next.close();
    const both = keep(openJournalReader(dir, keysOf('one', 'two')));
    expect(texts(await both.read(own.journalId, 1, 5, 1e6))).toEqual(numbered(1, 5));
  });

  it('takes no more into a segment whose key is gone: another one is begun', async () => {
    const dir = await tempDir();
    const { openPeerCopy } = await import('./index.js');
    const own = await filled(await tempDir(), 6);
    const records = await own.readEncoded(own.journalId, 1, 1e6);
    const copyBy = async (...names: readonly string[]) =>
      await openPeerCopy({ dir, maxBytes: 1e9, encryption: encryptedBy(...names) });
    const first = await copyBy('one');
    await first.append(own.journalId, records.slice(0, 3));
    await first.close();
    const second = await copyBy('two');
    expect(await second.append(own.journalId, records.slice(3))).toMatchObject({ kind: 'stored', durableSeq: 6 });
    await second.close();
    expect(readdirSync(join(dir, own.journalId)).map((name) => join(dir, own.journalId, name))).toEqual([
      segmentPath(join(dir, own.journalId), 1),
      segmentPath(join(dir, own.journalId), 4),
    ]);
    const reader = keep(openJournalReader(dir, keysOf('one', 'two')));
    expect(texts(await reader.read(own.journalId, 1, 6, 1e6))).toEqual(numbered(1, 6));
  });

  it('costs a head of 64 bytes a group, whatever is in it', async () => {
    const dir = await tempDir();
    const own = await journal(dir);
    for (const line of numbered(1, 100)) own.append(message(line));
    await own.flush();
    const found = framesIn(contentOf(dir, own.journalId));
    const inner = (await own.readEncoded(own.journalId, 1, 1e6)).reduce((sum, { length }) => sum + FRAME_HEAD_BYTES + length, 0);
    expect(found.reduce((sum, { at, end }) => sum + end - at, 0)).toBe(inner + 64 * found.length);
  });
});
