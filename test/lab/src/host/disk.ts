import { open, rename } from 'node:fs/promises';
import { asset } from './assets.js';
import { run, until } from './shell.js';

/** Sparse: takes only what is written. */
const DISK_BYTES = 4 * 1024 ** 3;

/** The power is gone: nothing more reaches these disks (see assets/power-cut.pl). Mount points as seen from here. */
export async function cutPowerOf(...mountpoints: readonly string[]): Promise<void> {
  await run('perl', [asset('power-cut.pl'), ...mountpoints]);
}

/** A host's disk: an ext4 file system in a file, mounted through a loop device in the host's own mount namespace. */
export class Disk {
  readonly image: string;
  readonly #bytes: number;

  constructor(image: string, bytes = DISK_BYTES) {
    this.image = image;
    this.#bytes = bytes;
  }

  async format(): Promise<void> {
    const file = await open(this.image, 'w', 0o600);
    await file.truncate(this.#bytes).finally(() => file.close());
    await run('mkfs.ext4', ['-q', '-F', '-E', 'lazy_itable_init=1,lazy_journal_init=1,nodiscard', this.image]);
  }

  /** Resolves when no mount namespace holds the disk any more, so that it can be mounted again. */
  async waitUntilReleased(): Promise<void> {
    await until(
      `release of ${this.image}`,
      15_000,
      async () => ((await run('losetup', ['-j', this.image])).trim() === '' ? true : undefined),
      20,
    );
  }

  /** The disk becomes another one: a snapshot is restored. */
  async replaceBy(image: string): Promise<void> {
    await rename(image, this.image);
  }

  /** The raw disk as it is now; holes stay holes. */
  async copyTo(path: string): Promise<void> {
    await run('cp', ['--sparse=always', this.image, path], 60_000);
  }
}
