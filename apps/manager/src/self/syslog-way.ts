import { type InternalTarget, sendInternal } from '@yosugara/connectors';
import type { Result } from '@yosugara/operations';
import type { Priority } from '@yosugara/protocol';
import type { WayStats } from './append-queue.js';

const MOST_WAITING = 500;
const DEADLINE_MS = 5_000;
const AGAIN_FIRST_MS = 1_000;
const AGAIN_MOST_MS = 30_000;
/** A word about ourselves that somehow makes another one must not go round as fast as it can. */
const MOST_A_MINUTE = 120;

/** Lines of syslog to one target, in their order. One that is away costs the oldest lines, which are counted, and nobody's time. */
export class SyslogWay {
  readonly name: string;
  readonly from: Priority;
  readonly #target: InternalTarget;
  readonly #waiting: Result[] = [];
  readonly #cut = new AbortController();
  readonly #sentAtMs: number[] = [];
  #counts = { done: 0, failed: 0, lost: 0 };
  #why: string | null = null;
  #pumping: Promise<void> | null = null;
  #wake: (() => void) | null = null;
  #isClosing = false;

  constructor(name: string, target: InternalTarget, from: Priority) {
    this.name = name;
    this.from = from;
    this.#target = target;
  }

  /** Neither throws nor waits. */
  send(result: Result): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#waiting.shift();
      this.#counts.lost++;
    }
    this.#waiting.push(result);
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = null;
    });
  }

  get stats(): WayStats {
    return { ...this.#counts, waiting: this.#waiting.length, why: this.#why };
  }

  /** What waits gets one more try. */
  async close(withinMs: number): Promise<void> {
    this.#isClosing = true;
    this.#wake?.();
    const timer = setTimeout(() => this.#cut.abort(), withinMs);
    await this.#pumping;
    clearTimeout(timer);
    this.#cut.abort();
  }

  async #pump(): Promise<void> {
    for (let waitMs = AGAIN_FIRST_MS; this.#waiting.length > 0 && !this.#cut.signal.aborted; ) {
      await this.#keepBelowRate();
      const result = this.#waiting[0]!;
      const sent = await sendInternal(this.#target, result, { deadlineMs: DEADLINE_MS, signal: this.#cut.signal });
      if (this.#waiting[0] === result && sent.kind !== 'retry') this.#waiting.shift();
      if (sent.kind === 'accepted') {
        this.#counts.done++;
        this.#why = null;
        waitMs = AGAIN_FIRST_MS;
        continue;
      }
      this.#counts.failed++;
      this.#why = sent.why;
      if (sent.kind === 'refused') this.#counts.lost++;
      else {
        if (this.#isClosing) return;
        await this.#pause(waitMs);
        waitMs = Math.min(waitMs * 2, AGAIN_MOST_MS);
      }
    }
  }

  async #keepBelowRate(): Promise<void> {
    const nowMs = performance.now();
    while (this.#sentAtMs.length > 0 && nowMs - this.#sentAtMs[0]! >= 60_000) this.#sentAtMs.shift();
    if (this.#sentAtMs.length >= MOST_A_MINUTE) await this.#pause(60_000 - (nowMs - this.#sentAtMs[0]!));
    this.#sentAtMs.push(performance.now());
  }

  async #pause(ms: number): Promise<void> {
    if (this.#isClosing) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }
}
