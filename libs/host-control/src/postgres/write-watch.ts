import type { ProbeAnswer } from './prober.js';

/**
 * Waits for this disk only, never for a Standby: what it finds out is whether this server can still write (failover.md 5.6, c). Somebody's
 * lock on the table says nothing of the disk.
 */
export const WRITE_SQL = `begin;
  set local synchronous_commit = local;
  set local lock_timeout = '1s';
  set local client_min_messages = error;
  create schema if not exists yosugara;
  create table if not exists yosugara.write_probe (only_row boolean primary key default true check (only_row), at timestamptz not null);
  insert into yosugara.write_probe (at) values (clock_timestamp()) on conflict (only_row) do update set at = excluded.at;
  commit`;

export const WRITE_DEADLINE_MS = 2_000;
const EVERY_MS = 2_000;
const FAILURES = 3;
/** SQLSTATE lock_not_available. */
const LOCKED = '55P03';
/** A node that has given up its part writes no more, so nothing takes the word back; the watch over its volumes goes on looking. */
const KEPT_MS = 60_000;

/** errcode_for_file_access of PostgreSQL: ENOSPC, EIO, and EROFS beside EACCES and EPERM. Everything else says nothing of the disk. */
const TROUBLES: Readonly<Record<string, string>> = {
  '53100': 'there is no room left for its data',
  '58030': 'the disk fails (I/O error)',
  '42501': 'the file system is read-only, or may not be written any more',
};

export interface WriteProbe {
  probe(): Promise<ProbeAnswer>;
  close(): Promise<void>;
}

/** A small local write into the Master's own table now and then, in a child process: reads are answered from memory for long. */
export class WriteWatch {
  readonly #prober: WriteProbe;
  readonly #tell: (trouble: string | null) => void;
  #dueMs = 0;
  #asking = false;
  #late = 0;
  #failed: { readonly code: string; readonly count: number; readonly says: string } | null = null;
  #trouble: { readonly says: string; readonly atMs: number } | null = null;

  /** @param tell each time that the word changes. */
  constructor(prober: WriteProbe, tell: (trouble: string | null) => void) {
    this.#prober = prober;
    this.#tell = tell;
  }

  /** A look found a writable server: asks when it is time, and waits for nothing. */
  serving(nowMs: () => number): void {
    if (this.#asking || nowMs() < this.#dueMs) return;
    this.#asking = true;
    this.#prober
      .probe()
      .then((answer) => this.#judge(answer, nowMs()))
      .finally(() => {
        this.#asking = false;
        this.#dueMs = nowMs() + (this.#late > 0 ? 0 : EVERY_MS);
      });
  }

  /** It serves no more, or another server runs: what was counted was of the old one. */
  over(): void {
    this.#late = 0;
    this.#failed = null;
  }

  /** No local write ends any more: such a server is hung, whatever it reads. null: they do. */
  hung(): string | null {
    if (this.#late < FAILURES) return null;
    return `PostgreSQL answers, and ${this.#late} local writes in a row did not end within ${WRITE_DEADLINE_MS / 1_000} s each`;
  }

  /** It says itself that it cannot write; a sentence. null: it can. */
  unfit(nowMs: number): string | null {
    if (this.#trouble !== null && nowMs - this.#trouble.atMs > KEPT_MS) this.#set(null);
    return this.#trouble?.says ?? null;
  }

  async close(): Promise<void> {
    await this.#prober.close();
  }

  #judge(answer: ProbeAnswer, nowMs: number): void {
    // A write that never ends holds its row for ever, though nobody waits for it any more: the next one meets its lock, not the disk.
    const behindItself = answer.kind === 'error' && answer.code === LOCKED && this.#late > 0;
    if (answer.kind === 'late' || behindItself) {
      this.#late += 1;
      return;
    }
    this.#late = 0;
    if (answer.kind === 'row') {
      this.#failed = null;
      return this.#set(null);
    }
    const trouble = TROUBLES[answer.code];
    if (trouble === undefined) return;
    const count = this.#failed?.code === answer.code ? this.#failed.count + 1 : 1;
    this.#failed = { code: answer.code, count, says: answer.message };
    if (count >= FAILURES)
      this.#set({ says: `PostgreSQL cannot write: ${trouble} (${answer.code}: ${answer.message})`, atMs: nowMs });
  }

  #set(trouble: { readonly says: string; readonly atMs: number } | null): void {
    const changed = trouble?.says !== this.#trouble?.says;
    this.#trouble = trouble;
    if (changed) this.#tell(trouble?.says ?? null);
  }
}
