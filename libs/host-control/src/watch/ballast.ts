import { randomBytes } from 'node:crypto';
import { closeSync, constants, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const NAME = 'yosugara.ballast';
/** Grown in steps: a look must not take long because 64 MiB are being written to a slow disk. */
const STEP_BYTES = 4 * 1024 * 1024;

/** A file of real blocks that is given back when the volume is full, so that recovery and an operator have room to work. */
export class Ballast {
  readonly #path: string;
  readonly #wantedBytes: number;

  constructor(folder: string, wantedBytes: number) {
    this.#path = join(folder, NAME);
    this.#wantedBytes = wantedBytes;
  }

  bytes(): number {
    return statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
  }

  missingBytes(): number {
    return Math.max(0, this.#wantedBytes - this.bytes());
  }

  /** Random bytes: a compressing file system would keep zeros for nothing. @throws the system call's error. */
  grow(): void {
    const missing = this.missingBytes();
    if (missing === 0) return;
    const file = openSync(this.#path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND, 0o600);
    try {
      writeSync(file, randomBytes(Math.min(STEP_BYTES, missing)));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  /** @returns was there anything to give back? */
  release(): boolean {
    if (this.bytes() === 0) return false;
    rmSync(this.#path, { force: true });
    return true;
  }
}
