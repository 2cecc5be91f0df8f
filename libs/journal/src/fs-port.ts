import { constants, write as writeTo } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';

/** An open file. Positions and lengths are bytes. Every method rejects with what the system said. */
export interface JournalFile {
  /** All of `data`, or rejects. */
  write(data: Uint8Array, position: number): Promise<void>;
  /**
   * `write`, and then `sync` of these bytes: what was written before and not synced may stay behind. One trip to the system's threads
   * instead of two (O_DSYNC, open(2)).
   */
  writeDurably(data: Uint8Array, position: number): Promise<void>;
  /** Fewer than asked only at the end of the file. */
  read(target: Uint8Array, position: number): Promise<number>;
  /** fdatasync: the data and the size, which is all that reading back needs. */
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** The little of a file system that the journal needs, so that tests can let it fail. */
export interface JournalFs {
  /** With parents. */
  makeDir(dir: string): Promise<void>;
  /** Names, unsorted; empty when the directory does not exist. */
  list(dir: string): Promise<readonly string[]>;
  /** `create` fails when the file exists; `write` and `read` when it does not. */
  open(path: string, mode: 'create' | 'write' | 'read'): Promise<JournalFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  removeDir(dir: string): Promise<void>;
  /** Makes creations, renames and removals in `dir` durable. */
  syncDir(dir: string): Promise<void>;
  /** `null` when it does not exist. */
  readAll(path: string): Promise<Buffer | null>;
}

export function errorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

const FLAGS = {
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  write: constants.O_RDWR,
  read: constants.O_RDONLY,
} as const;

export const NODE_FS: JournalFs = {
  async makeDir(dir) {
    await mkdir(dir, { recursive: true, mode: 0o700 });
  },
  async list(dir) {
    return (await orNull(readdir(dir))) ?? [];
  },
  async open(path, mode) {
    return wrap(await open(path, FLAGS[mode], 0o600), path);
  },
  rename,
  async remove(path) {
    await rm(path, { force: true });
  },
  async removeDir(dir) {
    await orNull(rmdir(dir));
  },
  async syncDir(dir) {
    const handle = await open(dir, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  readAll: (path) => orNull(readFile(path)),
};

/** `null` when it does not exist. */
export async function fileSize(fs: JournalFs, path: string): Promise<number | null> {
  const file = await orNull(fs.open(path, 'read'));
  if (file === null) return null;
  try {
    return await file.size();
  } finally {
    await file.close();
  }
}

async function orNull<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function wrap(handle: FileHandle, path: string): JournalFile {
  /** The same file, opened so that a write returns when it is durable. Most files never need it. */
  let durable: FileHandle | null = null;
  return {
    async write(data, position) {
      for (let done = 0; done < data.length; ) {
        const { bytesWritten } = await handle.write(data, done, data.length - done, position + done);
        done += bytesWritten;
      }
    },
    async writeDurably(data, position) {
      durable ??= await open(path, constants.O_WRONLY | constants.O_DSYNC);
      for (let done = 0; done < data.length; ) done += await writeAt(durable.fd, data, done, position + done);
    },
    async read(target, position) {
      let done = 0;
      while (done < target.length) {
        const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    },
    sync: () => handle.datasync(),
    truncate: (length) => handle.truncate(length),
    size: async () => (await handle.stat()).size,
    async close() {
      await durable?.close();
      await handle.close();
    },
  };
}

/** Cheaper than the same of a FileHandle, for what is done for every batch. @returns bytes written. */
function writeAt(fd: number, data: Uint8Array, from: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    writeTo(fd, data, from, data.length - from, position, (error, bytesWritten) =>
      error === null ? resolve(bytesWritten) : reject(error),
    );
  });
}
