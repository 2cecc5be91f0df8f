import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import type { DiskStamp } from '@yosugara/consensus';
import { explain, type Log } from '@yosugara/kernel';
import { z } from 'zod';

const FileSchema = z.object({
  version: z.literal(1),
  branch: z.string(),
  stamps: z.record(z.string().max(200), z.object({ life: z.string().max(200), boots: z.int(), written: z.int() })),
});
const EVERY_MS = 5_000;

/**
 * `<stateDir>/peers.json`: how far each other member's consensus directory had come. With it a machine that was set back to an old snapshot
 * is known for what it is though everybody restarted. It lags by some seconds and needs no fsync: an older word, or none, only tells less.
 */
export class PeerStamps {
  readonly #path: string;
  readonly #branch: string;
  readonly #log: Log;
  #written = '';
  #dueMs = 0;
  #writing = false;

  /** @param branch of the log: the directories of another one count anew. */
  constructor(path: string, branch: string, log: Log) {
    this.#path = path;
    this.#branch = branch;
    this.#log = log;
  }

  /** A file that is not there or cannot be read: nothing is remembered. */
  load(): Readonly<Record<string, DiskStamp>> {
    try {
      const file = FileSchema.parse(JSON.parse(readFileSync(this.#path, 'utf8')));
      return file.branch === this.#branch ? file.stamps : {};
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') this.#log.warn('peers.unread', { why: explain(cause) });
      return {};
    }
  }

  /** Called often: at most one write in some seconds, one at a time, and only of what has changed. */
  save(stamps: Readonly<Record<string, DiskStamp>>): void {
    if (this.#writing || performance.now() < this.#dueMs) return;
    const text = JSON.stringify({ version: 1, branch: this.#branch, stamps });
    if (text === this.#written || Object.keys(stamps).length === 0) return;
    this.#writing = true;
    this.#dueMs = performance.now() + EVERY_MS;
    this.#write(text)
      .then(
        () => {
          this.#written = text;
        },
        (cause: unknown) => this.#log.warn('peers.unsaved', { why: explain(cause) }),
      )
      .finally(() => {
        this.#writing = false;
      });
  }

  async #write(text: string): Promise<void> {
    await writeFile(`${this.#path}.next`, `${text}\n`, { mode: 0o600 });
    await rename(`${this.#path}.next`, this.#path);
  }
}
