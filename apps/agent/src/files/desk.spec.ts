import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FilePartSchema, FilesListedSchema, FileWrittenSchema } from '@yosugara/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileDesk } from './desk.js';

let dir = '';
const desk = new FileDesk();
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'yosugara-files-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const path = (name: string) => join(dir, name);
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
async function ok<Data>(
  asked: Promise<{ ok: boolean; why: string; data: unknown }>,
  schema: { parse(data: unknown): Data },
): Promise<Data> {
  const { ok: isOk, why, data } = await asked;
  if (!isOk) throw new Error(why);
  return schema.parse(data);
}
const list = (name: string, directory = dir) => desk.answer({ say: 'file-list', id: 1, epoch: 1, directory, name });
const read = (name: string, offset: number, length: number) =>
  desk.answer({ say: 'file-read', id: 1, epoch: 1, path: path(name), offset, length });
const write = (name: string, offset: number, data: Buffer, whole: Buffer | null = null, over = {}) => {
  const end = whole === null ? null : { sizeBytes: whole.length, sha256: sha256(whole), mode: 0o640, user: null, ...over };
  return desk.answer({
    ...{ say: 'file-write', id: 1, epoch: 1, path: path(name), offset, data: data.toString('base64') },
    ...{ version: VERSION, end },
  });
};
const VERSION = 'a'.repeat(16);
const written = async (...args: Parameters<typeof write>) => (await ok(write(...args), FileWrittenSchema)).haveBytes;

describe('a list', () => {
  it('has regular files whose whole name matches, also behind a link', async () => {
    writeFileSync(path('a.csv'), 'abc');
    chmodSync(path('a.csv'), 0o600);
    writeFileSync(path('a.csv.bak'), '');
    mkdirSync(path('b.csv'));
    symlinkSync(path('a.csv'), path('c.csv'));
    expect((await ok(list('.*\\.csv'), FilesListedSchema)).files).toEqual([
      { name: 'a.csv', sizeBytes: 3, mode: 0o600 },
      { name: 'c.csv', sizeBytes: 3, mode: 0o600 },
    ]);
  });
  it.each([
    ['(', undefined, 'no pattern'],
    ['.*', '/nowhere/at/all', 'no such file'],
    ['.*', 'relative', 'no absolute path'],
  ])('%s of %s is refused: %s', async (name, directory, why) => {
    const answer = await list(name, directory ?? dir);
    expect(answer).toMatchObject({ ok: false, data: null });
    expect(answer.why).toContain(why);
  });
});

it('a file is read in parts, the last of which is short', async () => {
  const content = randomBytes(2_500);
  writeFileSync(path('a'), content);
  const parts: Buffer[] = [];
  for (let offset = 0; ; ) {
    const part = Buffer.from((await ok(read('a', offset, 1_000), FilePartSchema)).data, 'base64');
    parts.push(part);
    offset += part.length;
    if (part.length < 1_000) break;
  }
  expect(Buffer.concat(parts).equals(content)).toBe(true);
});

it('each part says which version it is of: another one when the file was written or replaced', async () => {
  const version = async () => (await ok(read('a', 0, 10), FilePartSchema)).version;
  writeFileSync(path('a'), 'one');
  const first = await version();
  expect(await version()).toBe(first);
  appendFileSync(path('a'), 'x');
  const second = await version();
  writeFileSync(path('b'), 'onex');
  renameSync(path('b'), path('a'));
  expect(new Set([first, second, await version()]).size).toBe(3);
});

describe('a file that is written', () => {
  const content = randomBytes(3_000);
  it('gets its name when it is whole, with mode and checksum', async () => {
    expect(await written('a', 0, content.subarray(0, 1_000))).toBe(1_000);
    expect(existsSync(path('a'))).toBe(false);
    expect(await written('a', 1_000, content.subarray(1_000), content)).toBe(3_000);
    expect(readFileSync(path('a')).equals(content)).toBe(true);
    expect(statSync(path('a')).mode & 0o777).toBe(0o640);
    expect(readdirSync(dir)).toEqual(['a']);
  });
  it('goes on where a copy was broken off', async () => {
    await written('a', 0, content.subarray(0, 1_000));
    expect(await written('a', 0, Buffer.alloc(0))).toBe(1_000);
    expect(await written('a', 2_000, content.subarray(2_000))).toBe(1_000);
    expect(await written('a', 1_000, content.subarray(1_000), content)).toBe(3_000);
  });
  it('is one when its last part is said twice, because the answer was lost', async () => {
    await written('a', 0, content, content);
    expect(await written('a', 0, content, content)).toBe(3_000);
    expect(readdirSync(dir)).toEqual(['a']);
  });
  it('leaves the one that is there as it is while the checksum is another, and begins anew', async () => {
    writeFileSync(path('a'), 'before');
    const wrong = await write('a', 0, content, content, { sha256: '0'.repeat(64) });
    expect(wrong).toMatchObject({ ok: false, why: expect.stringContaining('checksum') });
    expect(readFileSync(path('a'), 'utf8')).toBe('before');
    expect(await written('a', 0, Buffer.alloc(0))).toBe(0);
  });
  it('is copied anew when an earlier copy was longer', async () => {
    await written('a', 0, content);
    expect(await write('a', 1_000, Buffer.alloc(0), content.subarray(0, 1_000))).toMatchObject({
      ok: false,
      why: expect.stringContaining('anew'),
    });
    expect(await written('a', 0, Buffer.alloc(0))).toBe(0);
  });
  it('goes on only with what is of the same version of its source, and leaves nothing of others', async () => {
    await written('a', 0, content.subarray(0, 1_000));
    const other = async (offset: number, data: Buffer, end: object | null) =>
      await ok(
        desk.answer({
          ...{ say: 'file-write', id: 1, epoch: 1, path: path('a'), offset, data: data.toString('base64') },
          ...{ version: 'b'.repeat(16), end: end as never },
        }),
        FileWrittenSchema,
      );
    expect(await other(0, Buffer.alloc(0), null)).toEqual({ haveBytes: 0 });
    await other(0, content, { sizeBytes: content.length, sha256: null, mode: 0o640, user: null });
    expect(readFileSync(path('a')).equals(content)).toBe(true);
    expect(readdirSync(dir)).toEqual(['a']);
  });
  it('may have a name that leaves no room for another one', async () => {
    const long = 'n'.repeat(250);
    await written(long, 0, content.subarray(0, 1_000));
    expect(await written(long, 1_000, content.subarray(1_000), content)).toBe(3_000);
    expect(readdirSync(dir)).toEqual([long]);
  });
  it('of nothing is an empty file', async () => {
    expect(await written('a', 0, Buffer.alloc(0), Buffer.alloc(0))).toBe(0);
    expect(statSync(path('a')).size).toBe(0);
  });
  it.runIf(process.getuid?.() === 0)('is its user’s', async () => {
    await written('a', 0, content, content, { user: 'nobody' });
    expect(statSync(path('a')).uid).toBe(65_534);
    expect(await write('b', 0, content, content, { user: 'nobody-here' })).toMatchObject({
      ok: false,
      why: expect.stringContaining('no account'),
    });
  });
});
