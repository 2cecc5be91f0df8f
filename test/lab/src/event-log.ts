import { appendFileSync } from 'node:fs';
import { monotonicMs } from './host/shell.js';

/** What the lab and the hosts' init did, with CLOCK_MONOTONIC, to be laid beside the processes' own logs. */
export class EventLog {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  add(line: string): void {
    try {
      appendFileSync(this.#file, `${new Date().toISOString()} ${monotonicMs().toFixed(0)} ${line}\n`);
    } catch {
      // The folder is being removed: nobody reads it any more.
    }
  }
}
