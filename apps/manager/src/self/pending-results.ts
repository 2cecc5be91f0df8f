import { readFile } from 'node:fs/promises';
import { explain, type Log } from '@yosugara/kernel';
import type { Result } from '@yosugara/operations';
import { PRIORITIES } from '@yosugara/protocol';
import { AppendQueue, replaceFile } from './append-queue.js';

/** Beyond, the mildest of the oldest go; each of them was written and sent all the same. */
const MOST_PENDING = 1_000;
/** Its lines that count no more are left out by then. */
const MOST_BYTES = 4 * 1_048_576;

type Line = { readonly add: Result } | { readonly done: string };

/**
 * Results of ourselves that are no events yet, since the database is away or not ours to write. They outlive this process: each is a line of a file
 * that says so, and one that it is done.
 */
export class PendingResults {
  readonly #pending = new Map<string, Result>();
  readonly #log: Log;
  readonly #file: AppendQueue;
  #lost = 0;

  private constructor(path: string, log: Log) {
    this.#log = log;
    this.#file = new AppendQueue({ path, maxBytes: MOST_BYTES, keep: 0, anew: () => this.#lines() });
  }

  /** With what was left by the process before. Never throws: what cannot be read is told in the log. */
  static async open(path: string, log: Log): Promise<PendingResults> {
    const pending = new PendingResults(path, log);
    try {
      pending.#take(await readFile(path, 'utf8'));
      await replaceFile(
        path,
        pending
          .#lines()
          .map((line) => `${line}\n`)
          .join(''),
      );
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') log.warn('internal.pendingUnread', { path, why: explain(error) });
    }
    return pending;
  }

  /** The oldest first. */
  get all(): readonly Result[] {
    return [...this.#pending.values()];
  }

  get stats(): { readonly waiting: number; readonly lost: number; readonly oldestAtMs: number | null } {
    const [oldest] = this.#pending.values();
    return { waiting: this.#pending.size, lost: this.#lost, oldestAtMs: oldest?.atMs ?? null };
  }

  add(result: Result): void {
    if (this.#pending.has(result.id)) return;
    if (this.#pending.size >= MOST_PENDING) this.#makeRoom();
    this.#pending.set(result.id, result);
    this.#write({ add: result });
  }

  done(id: string): void {
    if (this.#pending.delete(id)) this.#write({ done: id });
  }

  async close(withinMs: number): Promise<void> {
    await this.#file.close(withinMs);
  }

  #makeRoom(): void {
    const mildest = PRIORITIES.findLast((priority) => this.all.some((each) => each.priority === priority));
    const victim = this.all.find(({ priority }) => priority === mildest);
    if (victim === undefined) return;
    this.#lost++;
    this.#pending.delete(victim.id);
    this.#write({ done: victim.id });
    this.#log.error('internal.forgotten', { id: victim.id, message: victim.message });
  }

  #write(line: Line): void {
    this.#file.write(JSON.stringify(line));
  }

  #take(text: string): void {
    for (const each of text.split('\n').filter((line) => line !== '')) {
      try {
        const line = JSON.parse(each) as Line;
        if ('add' in line) this.#pending.set(line.add.id, line.add);
        else this.#pending.delete(line.done);
      } catch {
        // Half a line, of a process that ended within it: what it said was not yet on the disk.
        this.#log.warn('internal.pendingTorn', { chars: each.length });
      }
    }
  }

  /** Only what still counts. */
  #lines(): readonly string[] {
    return this.all.map((add) => JSON.stringify({ add } satisfies Line));
  }
}
