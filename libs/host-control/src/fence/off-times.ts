import { mkdirSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { explain, type Log } from '@yosugara/kernel';

const MAX_DEVICES = 200;

/** How long each device really took to a read-back `off`, kept over restarts. Lost or damaged: what is declared counts again. */
export class OffTimes {
  readonly #path: string;
  readonly #log: Log;
  readonly #offMs = new Map<string, number>();
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
    try {
      const held = JSON.parse(readFileSync(path, 'utf8')) as { readonly offMs?: Readonly<Record<string, unknown>> };
      for (const [device, ms] of Object.entries(held.offMs ?? {}).slice(0, MAX_DEVICES))
        if (typeof ms === 'number' && ms > 0) this.#offMs.set(device, ms);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') log.warn('fence.offTimes', { path, why: explain(cause) });
    }
  }

  of(target: string, device: string): number | null {
    return this.#offMs.get(`${target}/${device}`) ?? null;
  }

  measured(target: string, device: string, ms: number): void {
    if (this.#offMs.size >= MAX_DEVICES && !this.#offMs.has(`${target}/${device}`)) return;
    this.#offMs.set(`${target}/${device}`, Math.round(ms));
    this.#writing = this.#writing.then(() => this.#write());
  }

  async close(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
      const text = JSON.stringify({ version: 1, offMs: Object.fromEntries(this.#offMs) });
      await writeFile(`${this.#path}.next`, `${text}\n`, { mode: 0o600 });
      await rename(`${this.#path}.next`, this.#path);
    } catch (cause) {
      this.#log.warn('fence.offTimes', { path: this.#path, why: explain(cause) });
    }
  }
}
