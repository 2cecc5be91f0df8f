import { closeSync, constants, fsyncSync, openSync, readlinkSync, statfsSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Ballast } from './ballast.js';
import type { BadLook, GoodLook, Level, Space, VolumeSetup } from './protocol.js';

const PROBE = '.yosugara.probe';
const BLOCK = Buffer.alloc(4_096, 0x79);
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT']);

/** One look at a volume with plain blocking calls, by a process that may hang in any of them. */
export class Trial {
  readonly #setup: VolumeSetup;
  readonly #ballast: Ballast;
  #call = 'statfs';

  constructor(setup: VolumeSetup) {
    this.#setup = setup;
    this.#ballast = new Ballast(setup.folder, setup.ballastBytes);
  }

  look(id: number): GoodLook | BadLook {
    let space: Space | null = null;
    try {
      space = this.#space();
      let released = this.#writeOrRelease();
      if (space.level === 'full' || space.freeBytes < this.#setup.roomBytes) released = this.#ballast.release() || released;
      else if (!released) this.#growInto(space);
      space = this.#space();
      return { id, space, ballastBytes: this.#ballast.bytes(), released, ...this.#place() };
    } catch (error) {
      return { id, code: (error as NodeJS.ErrnoException).code ?? 'UNKNOWN', call: this.#call, space };
    }
  }

  /** As df(1) counts: what root keeps for itself is neither free nor used. */
  #space(): Space {
    this.#call = 'statfs';
    const { bsize, blocks, bfree, bavail, files, ffree } = statfsSync(this.#setup.folder);
    const used = blocks - bfree;
    const kept = this.#ballast.missingBytes() / bsize;
    const share = Math.max(percentOf(used + kept, used + bavail), percentOf(files - ffree, files));
    const freeInodes = files === 0 ? null : ffree;
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, freeInodes, level: this.#levelAt(share) };
  }

  #levelAt(share: number): Level {
    const { warn, high, full } = this.#setup.percent;
    return share >= full ? 'full' : share >= high ? 'high' : share >= warn ? 'warn' : 'ok';
  }

  /** @returns was the ballast given back for want of room? */
  #writeOrRelease(): boolean {
    try {
      this.#write();
      return false;
    } catch (error) {
      if (!NO_ROOM.has((error as NodeJS.ErrnoException).code ?? '') || !this.#ballast.release()) throw error;
      this.#write();
      return true;
    }
  }

  #write(): void {
    const path = join(this.#setup.folder, PROBE);
    this.#call = 'open';
    const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600);
    try {
      this.#call = 'write';
      writeSync(file, BLOCK);
      this.#call = 'fsync';
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    this.#call = 'unlink';
    unlinkSync(path);
  }

  /** Only well below `high`: kept room must not be what fills the volume. */
  #growInto(space: Space): void {
    const missing = this.#ballast.missingBytes();
    if (missing === 0 || space.level === 'high' || space.freeBytes - missing < 2 * this.#setup.roomBytes) return;
    this.#call = 'write';
    this.#ballast.grow();
  }

  #place(): { device: number; hasData: boolean; wal: string | null } {
    this.#call = 'stat';
    const { folder, pgdata } = this.#setup;
    const device = statSync(folder).dev;
    if (pgdata === null) return { device, hasData: false, wal: null };
    const hasData = statSync(join(pgdata, 'PG_VERSION'), { throwIfNoEntry: false }) !== undefined;
    return { device, hasData, wal: walElsewhere(pgdata, device) };
  }
}

/** Beside the directory where that is possible: PostgreSQL's own tools look into pg_wal itself. */
function walElsewhere(pgdata: string, device: number): string | null {
  let target: string;
  try {
    target = resolve(pgdata, readlinkSync(join(pgdata, 'pg_wal')));
  } catch {
    return null;
  }
  const found = statSync(target, { throwIfNoEntry: false });
  if (found === undefined || found.dev === device) return null;
  const parent = statSync(dirname(target));
  return parent.dev === found.dev && parent.uid === found.uid ? dirname(target) : target;
}

const percentOf = (part: number, whole: number): number => (whole <= 0 ? 0 : (100 * part) / whole);
