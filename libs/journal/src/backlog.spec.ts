import { expect, it, vi } from 'vitest';
import { message, numbered, openings, texts } from './testing/records.js';
import { slowDisk } from './testing/slow-disk.js';
import { tempDirs } from './testing/temp-dir.js';

const tempDir = tempDirs();
const { journal } = openings();
const MOST = 20_000;
/** More than is written around a record. */
const AROUND = 600;

const fill = (own: Awaited<ReturnType<typeof journal>>, from: number): number => {
  let taken = from;
  while (own.roomBytes > AROUND) if (own.append(message(`message ${taken + 1}`))) taken++;
  return taken;
};

it('a journal takes for certain what it says it has room for, and tells once when half of what may wait for the disk is free', async () => {
  const disk = slowDisk();
  const own = await journal(await tempDir(), { maxPendingBytes: MOST }, disk.fs);
  expect(own.roomBytes).toBe(MOST);
  disk.hold();
  const taken = fill(own, 0);
  expect(own.stats().refusedBacklog).toBe(0);
  const told: string[] = [];
  own.whenRoom(() => told.push('one'));
  own.whenRoom(() => told.push('taken back'))();
  disk.go();
  await vi.waitFor(() => expect(told).toEqual(['one']), 60_000);
  expect(own.roomBytes).toBeGreaterThanOrEqual(MOST / 2);
  await own.flush();
  own.append(message('one more'));
  await own.flush();
  expect(told).toEqual(['one']);
  expect(texts(await own.read(own.journalId, 1, 1e6))).toEqual([...numbered(1, taken), 'one more']);
});

it('who asks while there is room is told without anything being written, but not at once', async () => {
  const own = await journal(await tempDir(), { maxPendingBytes: MOST });
  const told: string[] = [];
  own.whenRoom(() => told.push('now'));
  expect(told).toEqual([]);
  await vi.waitFor(() => expect(told).toEqual(['now']), 60_000);
});

it('a disk without space is not waited for: what it refuses is read, and counted', async () => {
  const disk = slowDisk();
  const own = await journal(await tempDir(), { maxPendingBytes: MOST }, disk.fs);
  disk.hold();
  const taken = fill(own, 0);
  disk.withoutSpace(true);
  const told: string[] = [];
  own.whenRoom(() => told.push('now'));
  disk.go();
  await vi.waitFor(() => expect(told).toEqual(['now']), 60_000);
  expect(own.roomBytes).toBe(Number.POSITIVE_INFINITY);
  while (own.append(message('more')));
  expect(own.stats().refusedBacklog).toBe(1);
  disk.withoutSpace(false);
  await own.flush();
  expect(own.roomBytes).toBe(MOST);
  expect(texts(await own.read(own.journalId, 1, 1e6)).slice(0, taken)).toEqual(numbered(1, taken));
});

it('who was refused and waits is told when much less waits for the disk, and when the journal lets go of what filled it; once, and not when taken back', async () => {
  const disk = slowDisk();
  const own = await journal(await tempDir(), { maxPendingBytes: MOST, maxBytes: 3 * MOST, segmentBytes: 2_000 }, disk.fs);
  const told: string[] = [];
  disk.hold();
  while (own.append(message('of a stream'), true));
  own.whenTaking(() => told.push('room'));
  own.whenTaking(() => told.push('taken back'))();
  expect(told).toEqual([]);
  disk.go();
  await own.flush();
  expect(told).toEqual(['room']);
  while (own.append(message('of a stream'), true) || own.stats().heldBackFull === 0) await own.flush();
  await own.flush();
  own.whenTaking(() => told.push('let go'));
  await own.flush();
  expect(told).toEqual(['room']);
  await own.dropThrough(own.journalId, own.durableSeq);
  expect(told).toEqual(['room', 'let go']);
  expect(own.append(message('of a stream'), true)).toBe(true);
});
