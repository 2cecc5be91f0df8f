import { dirname } from 'node:path';
import { type JournalFile, type JournalFs, NODE_FS } from '../fs-port.js';

type Operation = 'write' | 'sync' | 'truncate' | 'open' | 'rename' | 'remove' | 'syncDir';

/** The real file system, but `fail` may answer an error code for any changing operation. */
export function faultyFs(fail: (operation: Operation, path: string) => string | null): JournalFs {
  const check = (operation: Operation, path: string) => {
    const code = fail(operation, path);
    if (code !== null) throw Object.assign(new Error(`${code}: planted in ${operation}`), { code });
  };
  const file = (inner: JournalFile, path: string): JournalFile => ({
    ...inner,
    async write(data, position) {
      check('write', path);
      await inner.write(data, position);
    },
    async writeDurably(data, position) {
      check('write', path);
      await inner.write(data, position);
      check('sync', path);
      await inner.sync();
    },
    async sync() {
      check('sync', path);
      await inner.sync();
    },
    async truncate(length) {
      check('truncate', path);
      await inner.truncate(length);
    },
  });
  return {
    ...NODE_FS,
    async open(path, mode) {
      if (mode === 'create') check('open', path);
      return file(await NODE_FS.open(path, mode), path);
    },
    async rename(from, to) {
      check('rename', from);
      await NODE_FS.rename(from, to);
    },
    async remove(path) {
      check('remove', path);
      await NODE_FS.remove(path);
    },
    async syncDir(dir) {
      check('syncDir', dir);
      await NODE_FS.syncDir(dir);
    },
  };
}

class PowerOff extends Error {
  readonly code = 'EIO';
}

const SECTOR_BYTES = 512;

/** A file's bytes as every process sees them, and as they would be after a power cut. */
class Inode {
  live: Buffer = Buffer.alloc(0);
  durable: Buffer = Buffer.alloc(0);

  /** A write through O_DSYNC: these bytes and the length they need. */
  syncRange(from: number, length: number): void {
    const synced = Buffer.alloc(Math.max(this.durable.length, from + length));
    this.durable.copy(synced);
    this.live.copy(synced, from, from, from + length);
    this.durable = synced;
  }

  /** Each sector that was not synced is there or not, and so is the new length. */
  afterPowerOff(chance: () => number): Buffer {
    const length = chance() < 0.5 ? this.live.length : this.durable.length;
    const left = Buffer.alloc(length);
    this.durable.copy(left, 0, 0, length);
    for (let at = 0; at < length; at += SECTOR_BYTES)
      if (at < this.live.length && chance() < 0.5) this.live.copy(left, at, at, Math.min(at + SECTOR_BYTES, length));
    return left;
  }
}

/** A disk in memory that dies at the n-th changing operation and then shows what a real one might: unsynced sectors lost at will. */
export class PowerCutFs implements JournalFs {
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #operationsLeft: number;

  constructor(operationsLeft: number) {
    this.#operationsLeft = operationsLeft;
  }

  get alive(): boolean {
    return this.#operationsLeft > 0;
  }

  reboot(operationsLeft: number, chance: () => number): PowerCutFs {
    const next = new PowerCutFs(operationsLeft);
    const kept = new Map<string, Inode>();
    for (const dir of new Set([...this.#names.keys(), ...this.#durableNames.keys()].map(dirname))) {
      const from = chance() < 0.5 ? this.#names : this.#durableNames;
      for (const [path, inode] of from) if (dirname(path) === dir) kept.set(path, inode);
    }
    for (const [path, inode] of kept) {
      const after = new Inode();
      after.live = after.durable = inode.afterPowerOff(chance);
      next.#names.set(path, after);
      next.#durableNames.set(path, after);
    }
    return next;
  }

  #spend(): void {
    if (this.#operationsLeft <= 0) throw new PowerOff('power is off');
    this.#operationsLeft--;
    if (this.#operationsLeft === 0) throw new PowerOff('power goes off');
  }

  async makeDir() {}
  async removeDir() {}

  async list(dir: string) {
    const under = [...this.#names.keys()].filter((path) => path.startsWith(`${dir}/`));
    return [...new Set(under.map((path) => path.slice(dir.length + 1).split('/')[0]!))];
  }

  async readAll(path: string) {
    const inode = this.#names.get(path);
    return inode === undefined ? null : Buffer.from(inode.live);
  }

  async open(path: string, mode: 'create' | 'write' | 'read'): Promise<JournalFile> {
    if (mode === 'create') {
      this.#spend();
      if (this.#names.has(path)) throw Object.assign(new Error(`EEXIST ${path}`), { code: 'EEXIST' });
      this.#names.set(path, new Inode());
    }
    const inode = this.#names.get(path);
    if (inode === undefined) throw Object.assign(new Error(`ENOENT ${path}`), { code: 'ENOENT' });
    return this.#file(inode);
  }

  #file(inode: Inode): JournalFile {
    const spend = () => this.#spend();
    return {
      write: async (data, position) => {
        const live = Buffer.alloc(Math.max(inode.live.length, position + data.length));
        inode.live.copy(live);
        live.set(data, position);
        inode.live = live;
        this.#spend();
      },
      async writeDurably(data, position) {
        await this.write(data, position);
        // Not more than it promises: what was written before is not synced with it.
        spend();
        inode.syncRange(position, data.length);
      },
      read: async (target, position) => inode.live.copy(target, 0, position),
      sync: async () => {
        this.#spend();
        inode.durable = Buffer.from(inode.live);
      },
      truncate: async (length) => {
        inode.live = Buffer.from(inode.live.subarray(0, length));
        this.#spend();
      },
      size: async () => inode.live.length,
      close: async () => {},
    };
  }

  async rename(from: string, to: string) {
    const inode = this.#names.get(from);
    if (inode === undefined) throw Object.assign(new Error(`ENOENT ${from}`), { code: 'ENOENT' });
    this.#names.delete(from);
    this.#names.set(to, inode);
    this.#spend();
  }

  async remove(path: string) {
    this.#names.delete(path);
    this.#spend();
  }

  async syncDir(dir: string) {
    this.#spend();
    for (const path of this.#durableNames.keys()) if (dirname(path) === dir) this.#durableNames.delete(path);
    for (const [path, inode] of this.#names) if (dirname(path) === dir) this.#durableNames.set(path, inode);
  }
}
