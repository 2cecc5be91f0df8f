import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { explain, type Log, YosugaraError } from '@yosugara/kernel';

export class TlsFilesError extends YosugaraError {
  override readonly name = 'TlsFilesError';
  constructor(why: string, cause: unknown) {
    super('RECEIVER_TLS', `receiver.tls: ${why}`, { cause });
  }
}

/** PEM. */
export interface TlsMaterial {
  readonly key: Buffer;
  readonly cert: Buffer;
  readonly ca: Buffer;
}

export interface TlsPaths {
  readonly keyFile: string;
  readonly certFile: string;
  readonly caFile: string;
}

const LOOK_EVERY_MS = 10_000;

/** Key, certificate and authority, read again when a file changes: certificates are renewed, and a receiver does not stop for that. */
export class TlsFiles {
  readonly #paths: TlsPaths;
  readonly #log: Log;
  readonly #lookEveryMs: number;
  #material: TlsMaterial;
  #seen: string;
  #lookedAtMs = performance.now();

  /** @throws TlsFilesError — names the file. */
  constructor(paths: TlsPaths, log: Log, lookEveryMs = LOOK_EVERY_MS) {
    this.#paths = paths;
    this.#log = log;
    this.#lookEveryMs = lookEveryMs;
    this.#seen = stampOf(paths);
    this.#material = read(paths);
  }

  /** The same object for as long as nothing changed. Files that do not go together (the second is not there yet) change nothing. */
  current(): TlsMaterial {
    const now = performance.now();
    if (now - this.#lookedAtMs < this.#lookEveryMs) return this.#material;
    this.#lookedAtMs = now;
    const stamp = stampOf(this.#paths);
    if (stamp === this.#seen) return this.#material;
    this.#seen = stamp;
    try {
      this.#material = read(this.#paths);
      this.#log.info('tls.files_read', { ...this.#paths });
    } catch (error) {
      this.#log.warn('tls.files_kept', { why: explain(error) });
    }
    return this.#material;
  }
}

function stampOf(paths: TlsPaths): string {
  return Object.values(paths)
    .map((path) => {
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat === undefined ? 'none' : `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
    })
    .join(', ');
}

function read({ keyFile, certFile, caFile }: TlsPaths): TlsMaterial {
  const [key, cert, ca] = [readOne('keyFile', keyFile), readOne('certFile', certFile), readOne('caFile', caFile)];
  try {
    createSecureContext({ key, cert, ca, minVersion: 'TLSv1.2' });
  } catch (error) {
    throw new TlsFilesError(`${keyFile}, ${certFile}, ${caFile}: no TLS can be spoken with these`, error);
  }
  return { key, cert, ca };
}

function readOne(name: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new TlsFilesError(`${name}: cannot read ${path}`, error);
  }
}
