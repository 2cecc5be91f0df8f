import { type Clock, explain, type Log } from '@yosugara/kernel';
import type { ProcessExit } from './port.js';
import type { SpawnSpec } from './protocol.js';

interface Hands {
  spawn(spec: SpawnSpec): Promise<number>;
  stop(mode: 'fast' | 'kill', budgetMs: number): Promise<boolean>;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;
/** A run this long clears the backoff. */
const HEALTHY_MS = 30_000;
const STOP_BUDGET_MS = 2_000;

/** Keeps the manager running while it is wanted: one step at a time, looking again after each. */
export class ManagerKeeper {
  readonly #spec: Omit<SpawnSpec, 'serves'> | null;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #hands: Hands;
  readonly #onExit: ((exit: ProcessExit) => void)[] = [];
  #wanted = false;
  #closed = false;
  #leaving = false;
  #pid: number | null = null;
  #lastExited: number | null = null;
  #startedAtMs = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #busy = false;
  /** What runs does not answer: it is killed before the next start. */
  #hung = false;
  #retry: NodeJS.Timeout | null = null;
  /** What the last step failed with: said once, however often it is tried. */
  #failedWith: string | null = null;

  constructor(spec: Omit<SpawnSpec, 'serves'> | null, clock: Clock, log: Log, hands: Hands) {
    this.#spec = spec;
    this.#clock = clock;
    this.#log = log;
    this.#hands = hands;
  }

  pid(): number | null {
    return this.#pid;
  }

  onExit(handler: (exit: ProcessExit) => void): void {
    this.#onExit.push(handler);
  }

  want(wanted: boolean): void {
    if (this.#wanted === wanted) return;
    this.#wanted = wanted;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#again(0);
  }

  /** A process that does not answer obeys no polite signal: all of them are killed, then it is started again at once. */
  restart(why: string): void {
    if (!this.#wanted || this.#leaving || this.#spec === null) return;
    this.#log.warn('manager.restart', { pid: this.#pid, why });
    this.#hung = true;
    this.#again(0);
  }

  exited(exit: ProcessExit): void {
    this.#lastExited = exit.pid;
    if (this.#pid === exit.pid) this.#pid = null;
    for (const handler of this.#onExit) handler(exit);
    // It ended because it was to end: the step under way goes on by itself.
    if (!this.#wanted || this.#leaving || this.#hung) return;
    if (this.#clock.monotonicMs() - this.#startedAtMs > HEALTHY_MS) this.#pauseMs = FIRST_PAUSE_MS;
    this.#log.warn('manager.exited', { ...exit, againInMs: this.#pauseMs });
    this.#againLater();
  }

  /** The host is going down: what ends now stays down. It can still be stopped. */
  leave(): void {
    this.#leaving = true;
    if (this.#wanted && this.#retry !== null) clearTimeout(this.#retry);
  }

  close(): void {
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
  }

  #again(afterMs: number): void {
    if (this.#closed || this.#spec === null) return;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#step(), afterMs);
  }

  #againLater(): void {
    this.#again(this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  async #step(): Promise<void> {
    this.#retry = null;
    if (this.#busy || this.#closed || this.#spec === null) return;
    const wanted = this.#wanted;
    this.#busy = true;
    let failed = false;
    try {
      if (!wanted) await this.#end('fast', STOP_BUDGET_MS);
      else {
        if (this.#hung) await this.#end('kill', 0);
        if (this.#pid === null && !this.#leaving) await this.#start(this.#spec);
      }
      this.#failedWith = null;
    } catch (error) {
      failed = true;
      this.#tell(wanted, explain(error));
    } finally {
      this.#busy = false;
    }
    if (this.#wanted !== wanted || (this.#hung && !failed)) this.#again(0);
    else if (failed && !(wanted && this.#leaving)) this.#againLater();
  }

  #tell(wanted: boolean, error: string): void {
    if (error !== this.#failedWith) this.#log.error('manager.step', { wanted, error });
    this.#failedWith = error;
  }

  async #end(mode: 'fast' | 'kill', budgetMs: number): Promise<void> {
    if (!(await this.#hands.stop(mode, budgetMs))) throw new Error('manager processes are left');
    this.#pid = null;
    this.#hung = false;
  }

  /** Also after a lease has ended: it begins passive, and is told by the dead man which epochs are over. */
  async #start(spec: Omit<SpawnSpec, 'serves'>): Promise<void> {
    this.#startedAtMs = this.#clock.monotonicMs();
    const pid = await this.#hands.spawn({ ...spec, serves: false });
    if (this.#lastExited !== pid) this.#pid = pid;
  }
}
