import { readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeRecord, RecordFormatError } from './index.js';
import { openPeerCopy } from './testing/mode.js';
import { message, numbered, openings, texts } from './testing/records.js';
import { tempDirs } from './testing/temp-dir.js';

const tempDir = tempDirs();
const { keep } = openings();

describe("the copy of the peer's journal", () => {
  const ID = 'b-mfx00000-0123456789ab';
  const encoded = (from: number, through: number) =>
    numbered(from, through).map((line, at) => encodeRecord({ ...message(line), seq: from + at }));

  async function copy(dir: string, maxBytes = 1e9) {
    return keep(await openPeerCopy({ dir, maxBytes }));
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

  it('says what it does not hold when its file was cut from outside, rather than look for it for ever', async () => {
    const dir = await tempDir();
    const peer = await copy(dir);
    await peer.append(ID, encoded(1, 3));
    const [name] = await readdir(join(dir, ID));
    const file = join(dir, ID, name!);
    await truncate(file, (await readFile(file)).lastIndexOf('YSG1', (await readFile(file)).indexOf('message 2')));
    await expect(peer.read(ID, 2, 1e6)).rejects.toMatchObject({ code: 'JOURNAL_GAP', missing: { from: 2, through: 3 } });
    await expect(peer.append(ID, encoded(2, 4))).rejects.toMatchObject({ code: 'JOURNAL_GAP' });
  });

  it('begins anew behind what the peer has let go, says which range is missing, and keeps the order of journals', async () => {
    const dir = await tempDir();
    const peer = await copy(dir);
    const newer = 'b-mfx00001-0123456789ab';
    await peer.append(ID, encoded(1, 3));
    await peer.append(newer, encoded(1, 2));
    expect(await peer.begin(ID, 4)).toBeNull();
    expect(await peer.begin(ID, 8)).toEqual({ from: 4, through: 7 });
    expect(await peer.begin(ID, 8)).toBeNull();
    expect(await peer.append(ID, encoded(8, 9))).toMatchObject({ kind: 'stored', durableSeq: 9 });
    expect(peer.journals()).toMatchObject([
      { journalId: ID, firstSeq: 8, lastDurableSeq: 9 },
      { journalId: newer, firstSeq: 1, lastDurableSeq: 2 },
    ]);
    await expect(peer.begin(ID, 1.5)).rejects.toBeInstanceOf(RecordFormatError);
    await peer.close();
    const again = await copy(dir);
    expect(texts(await again.read(ID, 8, 1e6))).toEqual(numbered(8, 9));
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

  it('remembers how far the newest journal came, also when an older one is sent again after it', async () => {
    const peer = await copy(await tempDir());
    const newer = 'b-mfx00001-0123456789ab';
    await peer.append(newer, encoded(1, 4));
    await peer.append(ID, encoded(1, 3));
    await peer.append(newer, encoded(5, 5));
    await peer.dropThrough(ID, 3);
    await peer.dropThrough(newer, 5);
    expect(await peer.append(newer, encoded(6, 6))).toMatchObject({ kind: 'stored', durableSeq: 6 });
  });
});
