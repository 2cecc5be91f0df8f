import { VirtualTime } from '../ingest/virtual-time.js';
import { Rng } from '../rng.js';

/** Virtual time with chance and a trace; what is asked for here is the world's own, and belongs to no process. */
export class VirtualWorld {
  readonly rng: Rng;
  readonly time = new VirtualTime();
  readonly trace: (line: string) => void;
  readonly #beginMs: number;
  readonly #fromMs: number;

  constructor(seed: number, beginMs: number, trace: (line: string) => void = () => undefined) {
    this.rng = new Rng(seed);
    this.#beginMs = beginMs;
    this.#fromMs = this.time.nowMs;
    this.trace = (line) => trace(`${this.elapsedMs.toFixed(0).padStart(8)} ${line}`);
  }

  get elapsedMs(): number {
    return this.time.nowMs - this.#fromMs;
  }

  /** Since 1970: what a clock shows that is right. */
  get nowMs(): number {
    return this.#beginMs + this.elapsedMs;
  }

  after(ms: number, happen: () => void): void {
    this.time.after(ms, happen, null);
  }
}
