import { expect, it } from 'vitest';
import { message, numbered, openings, texts } from './testing/records.js';
import { slowDisk } from './testing/slow-disk.js';
import { tempDirs } from './testing/temp-dir.js';

const tempDir = tempDirs();
const { journal } = openings();
/** Of some ten records. */
const GROUP = 1_500;
const NEVER_MS = 1e9;

it('a receiver that is behind writes one bounded group after the other, in order, and calls nothing durable before it is written', async () => {
  const disk = slowDisk();
  const own = await journal(await tempDir(), { groupBytes: GROUP }, disk.fs);
  disk.hold();
  for (const line of numbered(1, 100)) expect(own.append(message(line))).toBe(true);
  const told: { readonly durable: number; readonly writes: number }[] = [];
  own.onDurable((durable) => told.push({ durable, writes: disk.writes.length }));
  expect(own.durableSeq).toBe(0);
  disk.go();
  await own.flush();
  expect(own.durableSeq).toBe(100);
  expect(disk.writes.length).toBeGreaterThan(5);
  // What encryption adds is in them too.
  expect(Math.max(...disk.writes)).toBeLessThan(GROUP + 200);
  expect(told.map(({ writes }) => writes)).toEqual(disk.writes.map((_, at) => at + 1));
  expect(told.map(({ durable }) => durable)).toEqual(told.map(({ durable }) => durable).toSorted((one, other) => one - other));
  expect(own.stats().pendingBytes).toBe(0);
  expect(texts(await own.read(own.journalId, 1, 1e6))).toEqual(numbered(1, 100));
});

it('a record longer than a group is written whole, between the others', async () => {
  const own = await journal(await tempDir(), { groupBytes: GROUP });
  const lines = ['before', 'x'.repeat(5 * GROUP), 'behind', 'y'.repeat(5 * GROUP), 'last'];
  for (let round = 0; round < 2; round++) for (const line of lines) own.append(message(line));
  await own.flush();
  expect(texts(await own.read(own.journalId, 1, 1e6))).toEqual([...lines, ...lines]);
});

it('who waits for an answer does not wait longer because its record is not in the first group', async () => {
  const own = await journal(await tempDir(), { groupBytes: GROUP, syncBytes: 1e9, syncMs: NEVER_MS });
  // The first flush of a journal does not wait.
  own.append(message('first'));
  await own.flush();
  const lines = numbered(1, 15);
  for (const line of lines) own.append(message(line));
  const isDurable = new Promise<void>((resolve) => own.onDurable((durable) => void (durable === 17 && resolve())));
  own.append(message('awaited', { transport: 'relp' }));
  await isDurable;
  expect(texts(await own.read(own.journalId, 1, 1e6))).toEqual(['first', ...lines, 'awaited']);
});

it('what waits without space on the disk is written when there is some, all groups of it; a close does not wait for that', async () => {
  const disk = slowDisk();
  const dir = await tempDir();
  const own = await journal(dir, { groupBytes: GROUP }, disk.fs);
  disk.withoutSpace(true);
  for (const line of numbered(1, 50)) own.append(message(line));
  disk.withoutSpace(false);
  await own.flush();
  disk.withoutSpace(true);
  for (const line of numbered(51, 100)) own.append(message(line));
  await own.close();
  const after = await journal(dir);
  expect(texts(await after.read(own.journalId, 1, 1e6))).toEqual(numbered(1, 50));
});
