import { type Clock, type Epoch, explain } from '@yosugara/kernel';
import type { OutsideEffect, PlaceKey, RunRef, SessionInput, Want } from '@yosugara/operations';
import { type FileWatch, runIdOf, type StartInstruction } from '@yosugara/protocol';
import type { AgentLinks } from './agent-ports.js';
import type { JobErrands } from './job-rules.js';
import type { OutsideOf } from './made.js';
import { TransferErrands } from './transfer-errands.js';

const LINK_DEADLINE_MS = 30_000;
const MOST_ERRANDS = 64;

export interface Watch {
  readonly file: FileWatch;
  /** What came before is no news. */
  readonly sinceMs: number;
}

/** Who has a place in a queue or on a node. */
export interface PlaceBook {
  want(want: Want): void;
  leave(key: PlaceKey): void;
}

export interface OutsideOptions {
  readonly epoch: Epoch;
  readonly links: AgentLinks;
  readonly errands: JobErrands;
  readonly places: PlaceBook;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Something happened to a session. Neither throws nor waits. */
  readonly hear: (session: string, input: SessionInput) => void;
  /** A link message of this cluster itself; resolves when it is stored. */
  readonly link: (message: Extract<OutsideEffect, { kind: 'link-send' }>['message']) => Promise<unknown>;
  /** The tasks of that agent are others now. */
  readonly tasksChanged: (agent: string) => void;
  /** The answer to a start check; false: nobody waits for it. */
  readonly answer: (run: string, effect: Extract<OutsideEffect, { kind: 'start-answer' }>) => void;
}

/** What sessions want done outside, once it is committed that they do. What is lost on the way is said again by the session. */
export class Outside {
  readonly #o: OutsideOptions;
  readonly #transfers: TransferErrands;
  readonly #watches = new Map<string, Map<string, Watch>>();
  readonly #ended = new AbortController();
  readonly #errands: (() => Promise<void>)[] = [];
  /** Of errands that are under way or wait: a session says them again with each `resume`. */
  readonly #known = new Set<string>();
  #running = 0;

  constructor(options: OutsideOptions) {
    this.#o = options;
    const { epoch, links, hear, clock } = options;
    this.#transfers = new TransferErrands({ epoch, links, hear, clock, errand: (key, run) => this.#errand(key, run) });
  }

  stop(): void {
    this.#ended.abort();
    this.#transfers.end();
    this.#errands.length = 0;
  }

  /** Tasks of jobs on that agent. */
  watchesOf(agent: string): ReadonlyMap<string, Watch> {
    return this.#watches.get(agent) ?? NO_WATCHES;
  }

  do(of: OutsideOf): void {
    const { session, effect } = of;
    const { links, epoch, places, answer } = this.#o;
    switch (effect.kind) {
      case 'claim':
        return this.#start(of, effect, effect.instruction);
      case 'ask':
        return void links.send(effect.facility, { say: 'state-of', run: runOf(of, effect) });
      case 'start-answer':
        return answer(runOf(of, effect), effect);
      case 'stop':
        return void links.send(effect.facility, { say: 'stop', epoch, run: runOf(of, effect), how: effect.how });
      case 'want-place':
        return places.want(effect.want);
      case 'leave-place':
        return places.leave(effect.key);
      case 'watch':
      case 'unwatch':
        return this.#watch(of, effect);
      case 'monitor-run':
        return this.#monitor(of, effect);
      case 'link-send':
        return this.#link(session, effect);
      case 'transfer-list':
        return this.#transfers.list(of, effect);
      case 'transfer-copy':
        return this.#transfers.copy(of, effect);
      case 'transfer-stop':
        return this.#transfers.stop(of, effect);
    }
  }

  /** What does not reach it now is said again when it is there, and once a minute. */
  #start(of: SessionRef, { facility }: RunRef, instruction: StartInstruction): void {
    const { links, epoch, hear } = this.#o;
    if (!links.send(facility, { ...instruction, epoch })) hear(of.session, { kind: 'agent-silent', facility });
  }

  #watch(of: SessionRef, effect: Extract<OutsideEffect, { kind: 'watch' | 'unwatch' }>): void {
    const { facility } = effect;
    const run = runOf(of, effect);
    const watches = this.#watches.get(facility) ?? new Map<string, Watch>();
    if (effect.kind === 'watch') watches.set(run, { file: effect.file, sinceMs: effect.sinceMs });
    else watches.delete(run);
    if (watches.size === 0) this.#watches.delete(facility);
    else this.#watches.set(facility, watches);
    this.#o.tasksChanged(facility);
  }

  #monitor(of: SessionRef, effect: Extract<OutsideEffect, { kind: 'monitor-run' }>): void {
    const { errands, hear } = this.#o;
    const { session } = of;
    const ref = refOf(effect);
    this.#errand(`monitor ${runOf(of, ref)}`, async (signal) => {
      const found = await errands
        .monitor(effect.monitor, effect.facility, effect.timeoutMs, signal)
        .catch((error: unknown) => ({ priority: 'unknown' as const, message: `${explain(error)}.` }));
      hear(session, { kind: 'monitor-result', ...ref, ...found });
    });
  }

  #link(session: string, effect: Extract<OutsideEffect, { kind: 'link-send' }>): void {
    const { errands, hear, link } = this.#o;
    const { job, attempt, address, access, message } = effect;
    this.#errand(`link ${message.id}`, async (signal) => {
      const sending = async () => {
        if (address !== null) return await errands.link({ address, access }, message, LINK_DEADLINE_MS, signal);
        await link(message);
        return { ok: true, why: '' };
      };
      const { ok, why } = await sending().catch((error: unknown) => ({ ok: false, why: `${explain(error)}.` }));
      hear(session, { kind: 'link-sent', job, attempt, ok, why });
    });
  }

  #errand(key: string, run: (signal: AbortSignal) => Promise<void>): void {
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.#errands.push(async () => {
      try {
        await run(this.#ended.signal);
      } finally {
        this.#known.delete(key);
      }
    });
    this.#next();
  }

  #next(): void {
    while (this.#running < MOST_ERRANDS && !this.#ended.signal.aborted) {
      const errand = this.#errands.shift();
      if (errand === undefined) return;
      this.#running++;
      void errand().finally(() => {
        this.#running--;
        this.#next();
      });
    }
  }
}

const NO_WATCHES: ReadonlyMap<string, Watch> = new Map();
const refOf = ({ job, facility, attempt }: RunRef): RunRef => ({ job, facility, attempt });

type SessionRef = Pick<OutsideOf, 'session' | 'unit'>;
export const runOf = ({ session, unit }: SessionRef, { job, facility, attempt }: RunRef): string =>
  runIdOf({ session, unit, job, facility, attempt });
