import { AwakeTimer, explain, InvariantError, YosugaraError } from '@yosugara/kernel';
import type { SampleValue } from '@yosugara/operations';
import type { ProbeAnswer } from '@yosugara/runtime';

/** The other side did not do what was asked of it. The message is the sentence that an operator reads. */
export class ProbeFailure extends YosugaraError {
  override readonly name = 'ProbeFailure';
  constructor(why: string, cause?: unknown) {
    super('PROBE_FAILED', why, cause === undefined ? undefined : { cause });
  }
}

export const failure = (why: string): SampleValue => ({ kind: 'failure', why });
/** Of a monitor that has one value only. */
export const single = (value: SampleValue): readonly ProbeAnswer[] => [{ item: '', value }];

/** Timers ring up to so much before their time (libs/kernel/src/alarm.ts). */
const EARLY_MS = 2;

/**
 * The time that one look has, and all that it holds open. Whatever is opened is given to `closes` at once, so that it is closed on
 * every path: when the look ends, when its time is up, and when nobody wants the answer any more.
 */
export class Look {
  /** What is waited for, for the sentence when the time is up: `the greeting of 10.0.0.5:25`. */
  doing = 'the look';
  readonly #deadlineMs: number;
  readonly #outer: AbortSignal;
  readonly #timer: AwakeTimer;
  readonly #onAbort = () => this.#end(new ProbeFailure('stopped'));
  readonly #closers = new Set<() => void>();
  readonly #over: Promise<never>;
  #reject!: (why: ProbeFailure) => void;
  #ended: ProbeFailure | null = null;

  constructor(deadlineMs: number, outer: AbortSignal) {
    this.#deadlineMs = deadlineMs;
    this.#outer = outer;
    this.#over = new Promise((_, reject) => {
      this.#reject = reject;
    });
    // It may end before anybody waits.
    this.#over.catch(() => undefined);
    this.#timer = new AwakeTimer(deadlineMs, () => this.#end(this.late()));
    outer.addEventListener('abort', this.#onAbort);
    if (outer.aborted) this.#onAbort();
  }

  /** 0 from when its timer may ring: what is left then is no time for anything. */
  get leftMs(): number {
    const { leftMs } = this.#timer;
    return leftMs < EARLY_MS ? 0 : leftMs;
  }

  /** @returns closes it now. @throws ProbeFailure when the time is up: what was just opened is closed, then. */
  closes(close: () => void): () => void {
    if (this.#ended !== null) {
      close();
      throw this.#ended;
    }
    this.#closers.add(close);
    return () => {
      if (this.#closers.delete(close)) close();
    };
  }

  /** Waits for it, and no longer than the look. @throws ProbeFailure at the end of the look; what the promise throws. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    if (this.#ended !== null) promise.catch(() => undefined);
    return await Promise.race([this.#over, promise]);
  }

  async pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    try {
      await this.wait(new Promise((resolve) => (timer = setTimeout(resolve, ms))));
    } finally {
      clearTimeout(timer);
    }
  }

  /** A part of this look that has less time. What it opens is closed when it ends. */
  async part<T>(deadlineMs: number, run: (part: Look) => Promise<T>): Promise<T> {
    const aborts = new AbortController();
    const abort = () => aborts.abort();
    this.closes(abort);
    const part = new Look(Math.min(deadlineMs, this.leftMs), aborts.signal);
    part.doing = this.doing;
    try {
      return await this.wait(run(part));
    } finally {
      part.close();
      this.#closers.delete(abort);
    }
  }

  /** Of this look, and what is opened stays open until its end; but it has less time for that. */
  async opening<T>(deadlineMs: number, run: (look: Look) => Promise<T>): Promise<T> {
    let timer: AwakeTimer | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = new AwakeTimer(deadlineMs, () => reject(this.late(deadlineMs)));
    });
    try {
      return await Promise.race([run(this), late]);
    } finally {
      timer?.stop();
    }
  }

  close(): void {
    this.#end(new ProbeFailure('the look is over'));
  }

  late(afterMs = this.#deadlineMs): ProbeFailure {
    return new ProbeFailure(`${this.doing}: no answer within ${Math.round(afterMs)} ms`);
  }

  #end(why: ProbeFailure): void {
    if (this.#ended !== null) return;
    this.#ended = why;
    this.#timer.stop();
    this.#outer.removeEventListener('abort', this.#onAbort);
    // First the sentence, then the sockets: theirs would only say that they were closed.
    this.#reject(why);
    // What was opened last goes first. Node dies (24.21, a signal) when a TCP socket is destroyed under a TLS one that has just
    // shaken hands; the other way round TLS takes the one below with it.
    const closers = [...this.#closers].reverse();
    this.#closers.clear();
    for (const close of closers) close();
  }
}

/** Looks once; whatever goes wrong outside is a value. @throws our own mistakes only. */
export async function looked(
  deadlineMs: number,
  signal: AbortSignal,
  run: (look: Look) => Promise<readonly ProbeAnswer[]>,
): Promise<readonly ProbeAnswer[]> {
  const look = new Look(deadlineMs, signal);
  try {
    return await look.wait(run(look));
  } catch (error) {
    return single(failure(sentence(error)));
  } finally {
    look.close();
  }
}

/** What an operator reads of it. @throws our own mistakes. */
export function sentence(error: unknown): string {
  if (error instanceof InvariantError) throw error;
  // Its cause is for whoever debugs; the sentence is whole without it.
  return error instanceof ProbeFailure ? error.message : explain(error);
}

/** Not more than so many characters, on one line, nothing in it that a terminal would obey. For what the other side said. */
export function quoted(text: string, most = 120): string {
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
  return JSON.stringify(line.length > most ? `${line.slice(0, most)}…` : line);
}
