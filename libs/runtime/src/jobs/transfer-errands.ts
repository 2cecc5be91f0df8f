import { type Clock, type Epoch, explain, YosugaraError } from '@yosugara/kernel';
import type { OutsideEffect, RunRef, SessionInput } from '@yosugara/operations';
import { runIdOf } from '@yosugara/protocol';
import type { AgentLinks } from './agent-ports.js';
import type { OutsideOf } from './made.js';
import { copyFiles, listFiles } from './transfers.js';

const LIST_DEADLINE_MS = 30_000;
/** Each is a commit on both nodes. */
const PROGRESS_MS = 5_000;
const LOOK_MS = 500;

type List = Extract<OutsideEffect, { kind: 'transfer-list' }>;
type CopyEffect = Extract<OutsideEffect, { kind: 'transfer-copy' }>;
type SessionRef = Pick<OutsideOf, 'session' | 'unit'>;

export interface TransferErrandsOptions {
  readonly epoch: Epoch;
  readonly links: AgentLinks;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Neither throws nor waits. */
  readonly hear: (session: string, input: SessionInput) => void;
  /** Runs it when there is room; under a key that is known nothing happens. */
  readonly errand: (key: string, run: (signal: AbortSignal) => Promise<void>) => void;
}

/** One list or copy, with all the breaks that it has. */
interface Transfer {
  readonly signal: AbortSignal;
  /** When it came on last; an agent that is away is waited for from then on. */
  movedAtMs: number;
}

interface Outcomes<Result> {
  /** Once, for an agent that is not there. */
  readonly waits: (agent: string) => void;
  readonly done: (result: Result) => void;
  readonly failed: (why: string, away: boolean) => void;
}

/** Lists and copies of files, which outlive agents that go and come again. */
export class TransferErrands {
  readonly #o: TransferErrandsOptions;
  readonly #known = new Map<string, AbortController>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #isEnded = false;

  constructor(options: TransferErrandsOptions) {
    this.#o = options;
  }

  end(): void {
    this.#isEnded = true;
    for (const each of this.#known.values()) each.abort();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  list(of: SessionRef, effect: List): void {
    const { links, hear, epoch } = this.#o;
    const { source: agent, directory, name, patienceMs } = effect;
    this.#begin(`list ${keyOf(of, effect)}`, (key, transfer) =>
      this.#go(
        key,
        transfer,
        { agents: [agent], patienceMs },
        async () => await listFiles(links, { agent, epoch, directory, name }, LIST_DEADLINE_MS),
        {
          waits: (away) =>
            hear(of.session, {
              ...{ kind: 'transfer-progress', ...refOf(effect) },
              message: `the agent of ${away} is not there: it is waited for`,
            }),
          done: (files) => hear(of.session, { kind: 'transfer-listed', ...refOf(effect), files, why: null, away: false }),
          failed: (why, away) => hear(of.session, { kind: 'transfer-listed', ...refOf(effect), files: [], why, away }),
        },
      ),
    );
  }

  copy(of: SessionRef, effect: CopyEffect): void {
    const { links, hear, epoch, clock } = this.#o;
    const { source, facility: target, patienceMs } = effect;
    this.#begin(`copy ${keyOf(of, effect)}`, (key, transfer) => {
      let far = '';
      const say = (message: string) => hear(of.session, { kind: 'transfer-progress', ...refOf(effect), message });
      const progress = nowAndThen(clock, () => say(far));
      const copying = async () =>
        await copyFiles(links, { ...effect, epoch, target }, transfer.signal, ({ bytes, ofBytes, file }) => {
          transfer.movedAtMs = clock.monotonicMs();
          far = `${mebibytes(bytes)} of ${mebibytes(ofBytes)} MiB, ${file}`;
          progress();
        });
      this.#go(key, transfer, { agents: [source, target], patienceMs }, copying, {
        waits: (agent) => say(`${far === '' ? '' : `${far}; `}the agent of ${agent} is not there: it is waited for`),
        done: (why) => hear(of.session, { kind: 'transfer-ended', ...refOf(effect), ok: true, why, away: false }),
        failed: (why, away) => hear(of.session, { kind: 'transfer-ended', ...refOf(effect), ok: false, why, away }),
      });
    });
  }

  /** What is there of a file stays, so that the next attempt goes on from it. */
  stop(of: SessionRef, ref: RunRef): void {
    for (const what of ['list', 'copy']) this.#known.get(`${what} ${keyOf(of, ref)}`)?.abort();
  }

  #begin(key: string, go: (key: string, transfer: Transfer) => void): void {
    if (this.#isEnded || this.#known.has(key)) return;
    const controller = new AbortController();
    this.#known.set(key, controller);
    go(key, { signal: controller.signal, movedAtMs: this.#o.clock.monotonicMs() });
  }

  #go<Result>(
    key: string,
    transfer: Transfer,
    { agents, patienceMs }: { readonly agents: readonly string[]; readonly patienceMs: number | null },
    work: () => Promise<Result>,
    then: Outcomes<Result>,
  ): void {
    const { links, errand, clock } = this.#o;
    let isTold = false;
    const over = () => void this.#known.delete(key);
    const isOut = () => patienceMs !== null && clock.monotonicMs() - transfer.movedAtMs > patienceMs;
    const again = () => {
      if (transfer.signal.aborted) return over();
      const away = agents.find((agent) => !links.isConnected(agent));
      if (away === undefined) return run();
      if (!isOut()) {
        if (!isTold) then.waits(away);
        isTold = true;
        return this.#later(again);
      }
      over();
      then.failed(`the agent of ${away} is not there.`, true);
    };
    // Whoever waits for an agent holds no place that others need.
    const run = () => {
      isTold = false;
      errand(key, async () => {
        try {
          const result = await work();
          over();
          then.done(result);
        } catch (error) {
          if (isAway(error) && !transfer.signal.aborted && !isOut()) return this.#later(again);
          over();
          if (!transfer.signal.aborted) then.failed(`${explain(error)}.`, isAway(error));
        }
      });
    };
    again();
  }

  #later(again: () => void): void {
    if (this.#isEnded) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      again();
    }, LOOK_MS);
    this.#timers.add(timer);
  }
}

/** At most once in a while; the last word is the end of it. */
function nowAndThen(clock: Pick<Clock, 'monotonicMs'>, say: () => void): () => void {
  let saidAtMs = clock.monotonicMs();
  return () => {
    if (clock.monotonicMs() - saidAtMs < PROGRESS_MS) return;
    saidAtMs = clock.monotonicMs();
    say();
  };
}

/** Of what the link throws: nobody answered, and asking again may help. */
const isAway = (error: unknown): boolean => error instanceof YosugaraError && error.code === 'AGENT_AWAY';
const mebibytes = (bytes: number): string => (bytes / 1_048_576).toFixed(1);
const refOf = ({ job, facility, attempt }: RunRef): RunRef => ({ job, facility, attempt });
const keyOf = ({ session, unit }: SessionRef, { job, facility, attempt }: RunRef): string =>
  runIdOf({ session, unit, job, facility, attempt });
