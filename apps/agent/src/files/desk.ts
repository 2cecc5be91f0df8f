import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { chmod, chown, type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { re2Patterns } from '@yosugara/connectors/patterns';
import { syncFolder } from '@yosugara/host-control/files';
import { explain, YosugaraError } from '@yosugara/kernel';
import { compileOne, isProblem } from '@yosugara/operations/patterns';
import type { FromAgent, ToAgent } from '@yosugara/protocol/agents';
import { codeOf } from '../errors.js';
import { accountOf } from '../runs/accounts.js';

type Asked = Extract<ToAgent, { say: 'file-list' | 'file-read' | 'file-write' }>;
type Of<Say extends Asked['say']> = Extract<Asked, { say: Say }>;
type Answer = Extract<FromAgent, { say: 'file-answer' }>;

/** As many as an answer may name. */
const MOST_FILES = 10_000;
/** Of a part: as base64 it has to fit into a line of the protocol. */
const MOST_BYTES = 1_000_000;
/** What is there of a copy that is not whole. */
const PART = '.yosugara-part';
const VERSIONED = /^\.[0-9a-f]{16}\.yosugara-part$/;
/** Longer ones leave no room for what a part is called. */
const LONG_NAME_BYTES = 200;
const STALE_MS = 24 * 3_600_000;

class FileError extends YosugaraError {
  override readonly name = 'FileError';
  constructor(message: string) {
    super('AGENT_FILE', message);
  }
}

/** Files of this host, for transfers: one question after the other, so that parts of one file do not mix. */
export class FileDesk {
  readonly #patterns = re2Patterns();
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  /** Never throws: `why` is a sentence for people. */
  async answer(asked: Asked): Promise<Answer> {
    const turn = this.#last.then(async (): Promise<Answer> => {
      try {
        if (this.#isClosed) throw new FileError('the agent stops');
        return { say: 'file-answer', id: asked.id, ok: true, why: '', data: await this.#data(asked) };
      } catch (error) {
        return { say: 'file-answer', id: asked.id, ok: false, why: explain(error).slice(0, 4_096), data: null };
      }
    });
    this.#last = turn;
    return await turn;
  }

  close(): void {
    this.#isClosed = true;
  }

  async #data(asked: Asked): Promise<object> {
    if (asked.say === 'file-list') return await this.#list(asked);
    if (asked.say === 'file-read') return await read(asked);
    return await write(asked);
  }

  async #list({ directory, name }: Of<'file-list'>): Promise<object> {
    const pattern = compileOne(this.#patterns, { pattern: name, mode: 'whole', caseSensitive: true });
    if (isProblem(pattern)) throw new FileError(`${JSON.stringify(name)} is no pattern for names: ${pattern.says}`);
    const files: { name: string; sizeBytes: number; mode: number }[] = [];
    for (const each of (await readdir(absolute(directory))).sort()) {
      if (each.endsWith(PART) || !pattern.test(each)) continue;
      const found = await stat(join(directory, each)).catch(() => null);
      if (found?.isFile() !== true) continue;
      if (files.length === MOST_FILES) throw new FileError(`more than ${MOST_FILES} files of ${directory} have such a name`);
      files.push({ name: each, sizeBytes: found.size, mode: found.mode & 0o7777 });
    }
    return { files };
  }
}

function absolute(path: string): string {
  if (!isAbsolute(path) || path.includes('\0')) throw new FileError(`${JSON.stringify(path)} is no absolute path`);
  return path;
}

async function read({ path, offset, length }: Of<'file-read'>): Promise<object> {
  const file = await open(absolute(path), 'r');
  try {
    const buffer = Buffer.alloc(Math.min(length, MOST_BYTES));
    let done = 0;
    while (done < buffer.length) {
      const { bytesRead } = await file.read(buffer, done, buffer.length - done, offset + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    // Asked after it was read: what is written meanwhile shows in this version or in the next one.
    return { data: buffer.subarray(0, done).toString('base64'), version: versionOf(await file.stat({ bigint: true })) };
  } finally {
    await file.close();
  }
}

/** Another one when it is written or replaced. */
const versionOf = ({ dev, ino, size, mtimeNs }: BigIntStats): string =>
  createHash('sha256').update(`${dev} ${ino} ${size} ${mtimeNs}`).digest('hex').slice(0, 16);

/** Into a file beside it, which gets the name when all of it is there, durable and what it should be. */
async function write({ path, offset, data, version, end }: Of<'file-write'>): Promise<object> {
  const part = join(dirname(absolute(path)), `${partsOf(path)}${version === null ? '' : `.${version}`}${PART}`);
  const bytes = Buffer.from(data, 'base64');
  // An answer that was lost: the last part is said again, and everything is done.
  if (end !== null && (await sizeOf(part)) === null && (await isWhole(path, end))) return { haveBytes: end.sizeBytes };
  const file = await openPart(part);
  try {
    let have = (await file.stat()).size;
    // From the beginning is anew: what is there is of another file, or of one that changed.
    if (offset === 0 && bytes.length > 0 && have > 0) {
      await file.truncate(0);
      have = 0;
    }
    // What lay there for so long may be of anything; asked for it, it is nothing.
    const isStale = bytes.length === 0 && end === null && Date.now() - (await file.stat()).mtimeMs > STALE_MS;
    const isTooLong = end !== null && have > end.sizeBytes;
    if (isStale || isTooLong) await file.truncate(0);
    if (isTooLong) throw new FileError(`what was there of an earlier copy of ${path} is longer than its source: copy it anew`);
    if (isStale) return { haveBytes: 0 };
    if (offset !== have) return { haveBytes: have };
    for (let done = 0; done < bytes.length; )
      done += (await file.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
    have += bytes.length;
    if (end === null) return { haveBytes: have };
    if (have !== end.sizeBytes)
      throw new FileError(`${path} has ${have} bytes here and ${end.sizeBytes} there: it is not put in place`);
    await file.sync();
  } finally {
    await file.close();
  }
  await place(part, path, end);
  return { haveBytes: end.sizeBytes };
}

/** How the names of all parts of that file begin. */
function partsOf(path: string): string {
  const name = basename(path);
  return `.${Buffer.byteLength(name) > LONG_NAME_BYTES ? createHash('sha256').update(name).digest('hex') : name}`;
}

async function openPart(part: string): Promise<FileHandle> {
  try {
    return await open(part, 'r+');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return await open(part, 'wx+', 0o600);
  }
}

async function place(part: string, path: string, end: NonNullable<Of<'file-write'>['end']>): Promise<void> {
  const { sha256, mode, user } = end;
  if (sha256 !== null && (await sha256Of(part)) !== sha256.toLowerCase()) {
    // What is wrong somewhere in it is not mended by going on.
    await rm(part, { force: true });
    throw new FileError(`the checksum of ${path} is another than that of its source: it is not put in place`);
  }
  if (user !== null) {
    const account = accountOf(user);
    if (account === null) throw new FileError(`there is no account ${JSON.stringify(user)} on this host`);
    await chown(part, account.uid, account.gid);
  }
  await chmod(part, mode & 0o7777);
  await rename(part, path);
  await dropOthers(path);
  await syncFolder(dirname(path));
}

/** Parts of versions that nobody goes on with. */
async function dropOthers(path: string): Promise<void> {
  const begin = partsOf(path);
  const isPart = (name: string) =>
    name === `${begin}${PART}` || (name.startsWith(begin) && VERSIONED.test(name.slice(begin.length)));
  for (const name of await readdir(dirname(path))) if (isPart(name)) await rm(join(dirname(path), name), { force: true });
}

const sizeOf = async (path: string): Promise<number | null> => (await stat(path).catch(() => null))?.size ?? null;

async function isWhole(path: string, { sizeBytes, sha256 }: NonNullable<Of<'file-write'>['end']>): Promise<boolean> {
  return sha256 !== null && (await sizeOf(path)) === sizeBytes && (await sha256Of(path)) === sha256.toLowerCase();
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, 'r');
  try {
    for await (const chunk of file.createReadStream({ autoClose: false })) hash.update(chunk as Buffer);
  } finally {
    await file.close().catch(() => undefined);
  }
  return hash.digest('hex');
}
