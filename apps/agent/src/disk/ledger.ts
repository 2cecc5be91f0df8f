import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '@yosugara/host-control/files';
import { invariant } from '@yosugara/kernel';
import { type AgentState, applyChange, type Change, type Kept, keptOf, NEW_AGENT, stateOf } from '@yosugara/operations/agent';
import type { AgentNews } from '@yosugara/protocol';
import { AgentDiskError, codeOf } from '../errors.js';
import { frameAt, frameOf } from './frames.js';

const NAME = /^(\d{12})\.log$/;
const ROLL_BYTES = 4 * 1_048_576;
/** Of the newest news: they are said as soon as they are on disk, and reading them from there costs more than all else of it. */
const RECENT_BYTES = 262_144;

/** First frame of a file: all that files before it made. */
interface Beginning {
  readonly version: 1;
  readonly spool: string;
  readonly kept: Kept;
}
/** What one step changed: all of it or nothing. `first`: number of the first news in it. */
interface Entry {
  readonly first: number;
  readonly keep: readonly Change[];
}
interface Segment {
  readonly path: string;
  readonly number: number;
  /** Of the first news in it. */
  readonly firstNews: number;
  bytes: number;
}

/**
 * The agent's memory: an append-only file of checksummed frames, one for each step, with one fdatasync for all that came together. A new
 * file begins with the whole state, so those before it go as soon as their news are committed. A frame that was being written when the
 * power went is cut off: nobody had been told of it.
 */
export class Ledger {
  readonly #dir: string;
  readonly #segments: Segment[] = [];
  readonly #rollBytes: number;
  #file: FileHandle | null = null;
  #state: AgentState;
  #beginningBytes = 0;
  readonly #recent = new Map<number, { readonly news: AgentNews; readonly bytes: number }>();
  #recentBytes = 0;
  #cursor: { number: number; segment: Segment; at: number } | null = null;
  readonly spool: string;

  private constructor(dir: string, spool: string, state: AgentState, rollBytes: number) {
    this.#dir = dir;
    this.spool = spool;
    this.#state = state;
    this.#rollBytes = rollBytes;
  }

  /** @throws AgentDiskError — what is there cannot be understood: an agent that forgot what it ran must not run anything. */
  static async open(dir: string, rollBytes = ROLL_BYTES): Promise<Ledger> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const numbers = (await readdir(dir))
      .flatMap((name) => NAME.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
    const last = numbers.at(-1);
    if (last === undefined) {
      const made = new Ledger(dir, randomBytes(16).toString('hex'), NEW_AGENT, rollBytes);
      await made.#begin(1);
      return made;
    }
    const path = pathOf(dir, last);
    const content = await readFile(path);
    const beginning = frameAt(content, 0);
    if (beginning === null)
      throw new AgentDiskError(
        `${path} is damaged at its beginning: what this agent ran is not known any more. Join again with an empty folder`,
      );
    const { spool, kept } = beginning.value as Beginning;
    const ledger = new Ledger(dir, spool, stateOf(kept), rollBytes);
    for (const number of numbers) await ledger.#know(number);
    let at = beginning.end;
    for (let found = frameAt(content, at); found !== null; found = frameAt(content, at)) {
      ledger.#apply((found.value as Entry).keep);
      at = found.end;
    }
    ledger.#beginningBytes = beginning.end;
    ledger.#file = await open(path, 'r+');
    if (at < content.length) await ledger.#file.truncate(at);
    // A process that was killed may have left the end in the page cache only.
    await ledger.#file.sync();
    ledger.#segments.at(-1)!.bytes = at;
    return ledger;
  }

  /** What is on disk. */
  get state(): AgentState {
    return this.#state;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0) - this.#beginningBytes;
  }

  /**
   * One frame for each step. @param durably false: what is lost with the power is made again.
   * @throws AgentDiskError — the disk is full, nothing was written: may be tried again. What else the system says passes: it is over.
   */
  async append(steps: readonly (readonly Change[])[], durably = true): Promise<void> {
    invariant(this.#file !== null, 'a ledger is open');
    const segment = this.#segments.at(-1)!;
    const frames: Buffer[] = [];
    let next = this.#state.nextNews;
    for (const keep of steps) {
      frames.push(frameOf({ first: next, keep } satisfies Entry));
      next += keep.reduce((count, { kind }) => count + (kind === 'news' ? 1 : 0), 0);
    }
    const all = Buffer.concat(frames);
    try {
      // Into the kernel's memory: it takes less time than others would need to be asked for it.
      for (let done = 0; done < all.length; )
        done += writeSync(this.#file.fd, all, done, all.length - done, segment.bytes + done);
      if (durably) await this.#file.datasync();
    } catch (error) {
      if (codeOf(error) !== 'ENOSPC' && codeOf(error) !== 'EDQUOT') throw error;
      await this.#file.truncate(segment.bytes);
      throw new AgentDiskError(`the disk of ${this.#dir} is full`, error);
    }
    segment.bytes += all.length;
    for (const [at, keep] of steps.entries()) {
      this.#remember(keep, frames[at]!.length);
      this.#apply(keep);
    }
    if (segment.bytes - this.#beginningBytes > Math.max(this.#rollBytes, 2 * this.#beginningBytes)) await this.#roll(segment);
  }

  /** News from a number on, as many as fit; the first one always does. Empty: there is none yet. */
  async news(from: number, maxCount: number, maxBytes: number): Promise<readonly AgentNews[]> {
    const found: AgentNews[] = [];
    let bytes = 0;
    while (from + found.length < this.#state.nextNews && found.length < maxCount) {
      const entry = await this.#entryOf(from + found.length);
      for (const each of entry.slice(0, maxCount - found.length)) {
        bytes += JSON.stringify(each).length;
        if (found.length > 0 && bytes > maxBytes) return found;
        found.push(each);
      }
    }
    return found;
  }

  /** Files go whose news are all committed. */
  async drop(acked: number): Promise<void> {
    let dropped = false;
    while (this.#segments.length > 1 && this.#segments[1]!.firstNews <= acked + 1) {
      const oldest = this.#segments.shift()!;
      if (this.#cursor?.segment === oldest) this.#cursor = null;
      await rm(oldest.path, { force: true });
      dropped = true;
    }
    if (dropped) await syncFolder(this.#dir);
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.datasync().catch(() => undefined);
    await file?.close();
  }

  #remember(keep: readonly Change[], bytes: number): void {
    let number = this.#state.nextNews;
    for (const change of keep) {
      if (change.kind !== 'news') continue;
      this.#recent.set(number++, { news: change.news, bytes });
      this.#recentBytes += bytes;
    }
    for (const [number, oldest] of this.#recent) {
      if (this.#recentBytes <= RECENT_BYTES) break;
      this.#recent.delete(number);
      this.#recentBytes -= oldest.bytes;
    }
  }

  #apply(keep: readonly Change[]): void {
    this.#state = keep.reduce(applyChange, this.#state);
  }

  async #know(number: number): Promise<void> {
    const path = pathOf(this.#dir, number);
    const content = await readFile(path);
    const firstNews = (frameAt(content, 0)?.value as Beginning | undefined)?.kept.nextNews ?? 0;
    this.#segments.push({ path, number, firstNews, bytes: content.length });
  }

  /** All news of the frame that has the one of this number, from it on. */
  async #entryOf(number: number): Promise<readonly AgentNews[]> {
    const recent = this.#recent.get(number);
    if (recent !== undefined) return [recent.news];
    const index = this.#segments.findLastIndex(({ firstNews }) => firstNews <= number);
    const segment = this.#segments[Math.max(0, index)]!;
    const known = this.#cursor?.segment === segment && this.#cursor.number === number ? this.#cursor.at : null;
    const content = await readPart(segment, known ?? 0);
    const base = known ?? 0;
    let at = known === null ? (frameAt(content, 0)?.end ?? content.length) : 0;
    for (let found = frameAt(content, at); found !== null; found = frameAt(content, at)) {
      at = found.end;
      const { first, keep } = found.value as Entry;
      const news = keep.flatMap((change) => (change.kind === 'news' ? [change.news] : []));
      if (number >= first + news.length || news.length === 0) continue;
      if (first > number) break;
      this.#cursor = { number: first + news.length, segment, at: base + at };
      return news.slice(number - first);
    }
    return [
      {
        kind: 'trouble',
        atMs: 0,
        code: 'NEWS_DAMAGED',
        message: `news ${number} of this agent cannot be read from its disk any more`,
      },
    ];
  }

  async #roll(segment: Segment): Promise<void> {
    // It is followed by another one: then it counts as whole.
    await this.#file!.sync();
    const before = this.#file!;
    await this.#begin(segment.number + 1);
    await before.close();
    await this.drop(this.#state.acked);
  }

  async #begin(number: number): Promise<void> {
    const path = pathOf(this.#dir, number);
    const beginning = frameOf({ version: 1, spool: this.spool, kept: keptOf(this.#state) } satisfies Beginning);
    const file = await open(`${path}.new`, 'w+', 0o600);
    try {
      await file.writeFile(beginning);
      await file.sync();
      await rename(`${path}.new`, path);
      await syncFolder(this.#dir);
    } catch (error) {
      await file.close();
      throw error;
    }
    this.#file = file;
    this.#beginningBytes = beginning.length;
    this.#segments.push({ path, number, firstNews: this.#state.nextNews, bytes: beginning.length });
  }
}

const pathOf = (dir: string, number: number): string => join(dir, `${String(number).padStart(12, '0')}.log`);
const READ_BYTES = 4 * 1_048_576;

/** From an offset on, at least the frame that is there. */
async function readPart(segment: Segment, at: number): Promise<Buffer> {
  const file = await open(segment.path, 'r');
  try {
    for (let size = at === 0 ? segment.bytes : READ_BYTES; ; size *= 2) {
      const length = Math.min(size, segment.bytes - at);
      const buffer = Buffer.allocUnsafe(Math.max(0, length));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      const part = buffer.subarray(0, bytesRead);
      if (length === segment.bytes - at || frameAt(part, 0) !== null) return part;
    }
  } finally {
    await file.close();
  }
}
