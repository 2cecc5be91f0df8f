import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ReceiverJournal } from './index.js';
import { framesIn, openJournalReader, openPeerCopy } from './testing/mode.js';
import { numbered, openings, texts } from './testing/records.js';
import { tempDirs } from './testing/temp-dir.js';

const tempDir = tempDirs();
const { filled, keep } = openings();
const COUNT = 30;
const SMALL = { segmentBytes: 1_000 };

/** A journal over several segments, and a copy of it that is sound. */
async function twoNodes() {
  const dir = await tempDir();
  const own = await filled(dir, COUNT, SMALL);
  const copyDir = await tempDir();
  const copy = keep(await openPeerCopy({ dir: copyDir, maxBytes: 1e9, ...SMALL }));
  for (let seq = 1; seq <= COUNT; seq++)
    await copy.append(own.journalId, (await own.readEncoded(own.journalId, seq, 1)).slice(0, 1));
  return { own, copy, ownFiles: join(dir, own.journalId), copyFiles: join(copyDir, own.journalId) };
}

const segmentsIn = (dir: string) =>
  readdirSync(dir)
    .sort()
    .map((name) => join(dir, name));
function damage(file: string, at: number, bytes = 1): void {
  const content = readFileSync(file);
  for (let each = at; each < at + bytes; each++) content[each] = (content[each] ?? 0) ^ 4;
  writeFileSync(file, content);
}
const readAll = async (journal: Pick<ReceiverJournal, 'read'>, id: string) => {
  const found = [];
  for (let next = 1; next <= COUNT; ) {
    const records = await journal.read(id, next, 1e6);
    found.push(...records);
    next += records.length;
  }
  return texts(found);
};
/** What another process would be told is lost. */
const lostIn = async (dir: string, id: string) => {
  const reader = openJournalReader(join(dir, '..'));
  const error: unknown = await reader.read(id, 1, COUNT, 1e6).then(
    async (records) => await reader.read(id, records.length + 1, COUNT, 1e6).catch((cause: unknown) => cause),
    (cause: unknown) => cause,
  );
  return (error as { lost: { from: number; through: number } }).lost;
};
const lent = async (from: Pick<ReceiverJournal, 'readEncoded'>, id: string, first: number, through: number) =>
  (await from.readEncoded(id, first, 1e6)).slice(0, through - first + 1);

describe('a damaged stretch of a journal', () => {
  it.each([
    ['one bit of a record', () => 100, 1],
    ['the length in a frame’s head', (content: Buffer) => framesIn(content)[0]!.at + 8, 1],
    ['several records', () => 100, 300],
    ['the end of the segment', () => 700, 290],
  ])('is whole again with the records of the copy: %s', async (_, placeIn, bytes) => {
    const { own, copy, ownFiles } = await twoNodes();
    const file = segmentsIn(ownFiles)[0]!;
    const before = readFileSync(file);
    const at = placeIn(before);
    damage(file, at, Math.min(bytes, before.length - at));
    const lost = await lostIn(ownFiles, own.journalId);
    expect(lost.through).toBeGreaterThanOrEqual(lost.from);
    const records = await lent(copy, own.journalId, lost.from, lost.through);
    expect(await own.mend(own.journalId, records)).toBe(lost.through - lost.from + 1);
    expect(await readAll(own, own.journalId)).toEqual(numbered(1, COUNT));
    expect(readFileSync(file).length).toBe(before.length);
  });

  it('of a copy is whole again with the records of its owner', async () => {
    const { own, copy, copyFiles } = await twoNodes();
    damage(segmentsIn(copyFiles)[1]!, 120);
    const lost = await lostIn(copyFiles, own.journalId);
    expect(await copy.mend(own.journalId, await lent(own, own.journalId, lost.from, lost.through))).toBe(1);
    expect(await readAll(copy, own.journalId)).toEqual(numbered(1, COUNT));
  });

  it('stays as it is without all of its records, and with others', async () => {
    const { own, copy, ownFiles } = await twoNodes();
    const file = segmentsIn(ownFiles)[0]!;
    damage(file, 100, 300);
    const damaged = readFileSync(file);
    const lost = await lostIn(ownFiles, own.journalId);
    expect(await own.mend(own.journalId, (await lent(copy, own.journalId, lost.from, lost.through)).slice(1))).toBe(0);
    expect(await own.mend(own.journalId, [])).toBe(0);
    expect(await own.mend('a-00000000-00000000', await lent(copy, own.journalId, 1, 3))).toBe(0);
    expect(readFileSync(file).equals(damaged)).toBe(true);
  });

  it('is the only thing that changes: what is sound is not written again', async () => {
    const { own, copy, ownFiles } = await twoNodes();
    const before = segmentsIn(ownFiles).map((file) => readFileSync(file));
    expect(await own.mend(own.journalId, await lent(copy, own.journalId, 1, 5))).toBe(0);
    expect(segmentsIn(ownFiles).map((file, at) => readFileSync(file).equals(before[at]!))).not.toContain(false);
  });
});

it('a segment whose head is unreadable says which records are lost with it', async () => {
  const { own, ownFiles } = await twoNodes();
  const [first = '', second = ''] = segmentsIn(ownFiles);
  damage(first, 20);
  const next = Number(/(\d+)\.seg$/.exec(second)?.[1]);
  expect(await lostIn(ownFiles, own.journalId)).toEqual({ from: 1, through: next - 1 });
});
