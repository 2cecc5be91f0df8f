import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

export interface RefusedSample {
  readonly atUs: number;
  readonly source: { readonly address: string; readonly port: number };
  readonly reason: string;
  readonly raw: Uint8Array;
}

/** Two files of at most so much. */
const FILE_BYTES = 1024 * 1024;
const RAW_BYTES = 2_048;
/** Of each reason; the rest is counted only. */
const PER_MINUTE = 10;
/** Written at once by the timer's turn, not by the packet's. */
const WAITING = 100;

/**
 * Some of what was refused, for whoever has to find out why: a line of JSON each. Bounded in bytes on disk, in lines a minute and in
 * memory. The packets may hold community strings: only the service's own user may read the file.
 */
export class RefusedSamples {
  readonly #file: string;
  #waiting: RefusedSample[] = [];
  #minute = 0;
  readonly #taken = new Map<string, number>();

  constructor(file: string) {
    this.#file = file;
  }

  add(sample: RefusedSample): void {
    const minute = Math.floor(sample.atUs / 60_000_000);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#taken.clear();
    }
    const taken = this.#taken.get(sample.reason) ?? 0;
    if (taken >= PER_MINUTE || this.#waiting.length >= WAITING || this.#taken.size > 100) return;
    this.#taken.set(sample.reason, taken + 1);
    this.#waiting.push({ ...sample, raw: new Uint8Array(sample.raw.subarray(0, RAW_BYTES)) });
  }

  /** Never throws: that a sample is lost harms nobody. */
  flush(): void {
    const samples = this.#waiting;
    if (samples.length === 0) return;
    this.#waiting = [];
    const lines = samples.map(({ atUs, source, reason, raw }) =>
      JSON.stringify({ at: new Date(atUs / 1_000).toISOString(), ...source, reason, raw: Buffer.from(raw).toString('hex') }),
    );
    try {
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
      if (sizeOf(this.#file) > FILE_BYTES) renameSync(this.#file, `${this.#file}.1`);
      appendFileSync(this.#file, `${lines.join('\n')}\n`, { mode: 0o600 });
    } catch {
      // Counted all the same.
    }
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
