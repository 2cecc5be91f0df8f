import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresFacts } from '@yosugara/failover';
import { explain, type NodeId, nodeId } from '@yosugara/kernel';
import { namedBy } from '../forward/line.js';
import { members } from '../os/containment.js';
import { isThere } from '../os/files.js';
import { isAlive } from '../os/processes.js';
import { type HostContext, inPgdata, localTarget } from './context.js';
import { stoppedFacts } from './control-data.js';
import { factsOf } from './probe-query.js';
import { type ProbeAnswer, Prober } from './prober.js';
import { readStart, START_STILL_MS, StartProgress } from './start-progress.js';
import { StoppedProcesses } from './stopped-processes.js';
import { whyUnfinished } from './unfinished.js';
import { WRITE_DEADLINE_MS, WriteWatch } from './write-watch.js';

/** SQLSTATE cannot_connect_now: starting up, shutting down, or recovering. */
const CANNOT_CONNECT_NOW = '57P03';
/** A volume that hangs holds whoever looks at it, for ever: nobody waits longer than this for an answer. */
const VOLUME_DEADLINE_MS = 1_500;
const READING_MS = 300;
/** Between looks while a change of Master waits for what they tell. */
const HURRIED_MS = 50;
const NOBODY_LISTENS = new Set(['ENOENT', 'ECONNREFUSED']);

/** Looks at this host's PostgreSQL again and again; the facts are the newest look. */
export class Watch {
  readonly #host: HostContext;
  readonly #prober: Prober;
  readonly #handlers: ((facts: PostgresFacts) => void)[] = [];
  readonly #stoppedProcesses: StoppedProcesses;
  readonly #writes: WriteWatch;
  readonly #start = new StartProgress();
  #facts: PostgresFacts = { kind: 'unknown' };
  #stopped: { readonly key: string; readonly facts: PostgresFacts } | null = null;
  #failures = 0;
  /** Answers in a row that were errors of PostgreSQL's own. */
  #refusals = 0;
  /** Pid of the postmaster that has answered once: from then on silence is a failure, before it is a start. */
  #answered: number | null = null;
  #wasPrimary = false;
  /** Names that setNames has written but not yet seen in effect everywhere. */
  #unverified: readonly NodeId[] | null = null;
  #looking: Promise<PostgresFacts> | null = null;
  /** Under way, perhaps for ever; never twice, for each holds a thread of this process. */
  #reading: Promise<PostgresFacts> | null = null;
  #asking: Promise<boolean> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #dueAtMs = 0;
  #hurried = false;
  #closed = false;

  constructor(host: HostContext) {
    this.#host = host;
    this.#prober = new Prober(localTarget(host), host.probeDeadlineMs ?? 700);
    const writer = new Prober(localTarget(host), WRITE_DEADLINE_MS, 'write');
    this.#writes = new WriteWatch(writer, (trouble) =>
      host.log.error('postgres.write', { trouble: trouble ?? 'it can write again' }),
    );
    this.#stoppedProcesses = new StoppedProcesses((process) => host.log.error('postgres.continued', { ...process }));
  }

  start(): void {
    this.#again(0);
  }

  facts(): PostgresFacts {
    return this.#facts;
  }

  /** Why this server cannot be Master though it answers; null: nothing is known against it. */
  unfit(): string | null {
    return this.#writes.unfit(performance.now());
  }

  onFacts(handler: (facts: PostgresFacts) => void): void {
    this.#handlers.push(handler);
  }

  /** A look that begins after this call. */
  async look(): Promise<PostgresFacts> {
    await this.#looking;
    return await this.#begin();
  }

  /** The world changed: look at once; during a look, once more right after it. */
  poke(): void {
    this.#again(0);
  }

  /** While others wait for what is seen here. */
  hurry(on: boolean): void {
    if (on && !this.#hurried) this.#again(0);
    this.#hurried = on;
  }

  /** While names are being added, only those in effect before and after count as required (S4). null: verified. */
  verifying(names: readonly NodeId[] | null): void {
    this.#unverified = names;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await Promise.all([this.#prober.close(), this.#writes.close()]);
    await this.#looking;
  }

  #again(afterMs: number): void {
    const dueAtMs = performance.now() + afterMs;
    if (this.#closed || (this.#timer !== null && this.#dueAtMs <= dueAtMs)) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#dueAtMs = dueAtMs;
    this.#timer = setTimeout(() => void this.#tick(), afterMs);
  }

  async #tick(): Promise<void> {
    this.#timer = null;
    const begun = performance.now();
    await this.look();
    const period = this.#hurried ? HURRIED_MS : (this.#host.probeMs ?? 300);
    // After a silence the next question goes out at once: three of them are the measure, not the pauses.
    this.#again(this.#failures > 0 ? 0 : Math.max(10, period - (performance.now() - begun)));
  }

  #begin(): Promise<PostgresFacts> {
    this.#looking ??= (async () => {
      let seen: PostgresFacts | null = { kind: 'unknown' };
      try {
        seen = await this.#see();
      } catch (error) {
        this.#host.log.warn('postgres.look', { error: explain(error) });
      } finally {
        this.#looking = null;
      }
      // Nothing was seen: what was true at the look before must not be told as if it were true now.
      if (seen === null) return this.#facts;
      this.#facts = seen;
      if (!this.#closed) for (const handler of this.#handlers) handler(this.#facts);
      return this.#facts;
    })();
    return this.#looking;
  }

  /** null: no answer, and too early to call that hung. */
  async #see(): Promise<PostgresFacts | null> {
    const postmaster = this.#host.deadMan.postmasterPid();
    if (postmaster === null || !isAlive(postmaster)) {
      this.#failures = 0;
      this.#refusals = 0;
      this.#answered = null;
      this.#writes.over();
      return await this.#withoutPostmaster();
    }
    const answer = await this.#prober.probe();
    if (this.#host.deadMan.postmasterPid() !== postmaster) return await this.#see();
    const seen = await this.#judge(postmaster, answer);
    if (seen?.kind === 'primary') this.#writes.serving(() => performance.now());
    else if (seen !== null) this.#writes.over();
    const because = this.#stoppedProcesses.look(postmaster, performance.now()) ?? this.#writes.hung();
    return because === null ? seen : { kind: 'hung', failures: this.#failures, wasPrimary: this.#wasPrimary, because };
  }

  async #judge(postmaster: number, answer: ProbeAnswer): Promise<PostgresFacts | null> {
    if (answer.kind === 'row') {
      this.#failures = 0;
      this.#refusals = 0;
      this.#answered = postmaster;
      const facts = factsOf(answer.row, (host) => this.#memberAt(host));
      this.#wasPrimary = facts.kind === 'primary';
      const { names } = facts.kind === 'primary' ? facts : { names: null };
      const unverified = this.#unverified;
      return facts.kind === 'primary' && unverified !== null && names !== null
        ? { ...facts, names: names.filter((name) => unverified.includes(name)) }
        : facts;
    }
    const starting = answer.kind === 'error' && NOBODY_LISTENS.has(answer.code) && this.#answered !== postmaster;
    if (answer.kind === 'error' && (starting || answer.code === CANNOT_CONNECT_NOW)) {
      this.#failures = 0;
      this.#refusals = 0;
      await this.#guessRole(postmaster);
      return this.#judgeStart(postmaster, answer.message);
    }
    if (answer.kind === 'error' && /^[0-9A-DF-Z][0-9A-Z]{4}$/.test(answer.code)) return await this.#refused(postmaster, answer);
    this.#failures++;
    if (this.#failures < (this.#host.failuresUntilHung ?? 3)) return null;
    return { kind: 'hung', failures: this.#failures, wasPrimary: this.#wasPrimary };
  }

  /** A standby may rightly wait for WAL for ever before it lets anybody in; who recovers alone has nothing to wait for. */
  #judgeStart(postmaster: number, message: string): PostgresFacts {
    const reading = readStart(postmaster);
    const stillMs = this.#start.look(postmaster, reading, performance.now());
    const progress = reading.title === '' ? message : `${message}: ${reading.title}`;
    if (!this.#wasPrimary || stillMs < START_STILL_MS) return { kind: 'starting', progress };
    const because = `PostgreSQL is starting and has done nothing for ${Math.round(stillMs / 1_000)} s (${progress})`;
    return { kind: 'hung', failures: 1, wasPrimary: true, because };
  }

  /** PostgreSQL answered, only not what we asked: alive, perhaps for a moment only. One that never says more is of no use to anybody. */
  async #refused(postmaster: number, { code, message }: { code: string; message: string }): Promise<PostgresFacts> {
    this.#failures = 0;
    this.#refusals++;
    const hung = this.#refusals >= (this.#host.refusalsUntilHung ?? 10);
    this.#host.log.error('postgres.probe', { code, message, inARow: this.#refusals, takenAs: hung ? 'hung' : 'unknown' });
    if (!hung) return { kind: 'unknown' };
    await this.#guessRole(postmaster);
    return { kind: 'hung', failures: this.#refusals, wasPrimary: this.#wasPrimary };
  }

  /** Before its first answer: as it was started. */
  async #guessRole(postmaster: number): Promise<void> {
    if (this.#answered === postmaster || !(await this.#volumeAnswers())) return;
    this.#wasPrimary = !(await isThere(inPgdata(this.#host, 'standby.signal')));
  }

  /** Reading may take long, while WAL is followed to its end; that the volume hangs is told by a question that does not. */
  async #withoutPostmaster(): Promise<PostgresFacts> {
    this.#reading ??= this.#readDirectory().finally(() => {
      this.#reading = null;
    });
    const reading = this.#reading;
    // Nobody may be waiting any more when it fails at last.
    reading.catch(() => {});
    for (;;) {
      const seen = await Promise.race([reading, sleep(READING_MS, null)]);
      if (seen !== null) return seen;
      if (await this.#volumeAnswers()) continue;
      const left = members(this.#host.everyone).length > 0;
      return left ? (this.#stopped?.facts ?? { kind: 'unknown' }) : { kind: 'unreadable' };
    }
  }

  async #volumeAnswers(): Promise<boolean> {
    this.#asking ??= stat(this.#host.paths.pgdata)
      .then(
        () => true,
        () => true,
      )
      .finally(() => {
        this.#asking = null;
      });
    return await Promise.race([this.#asking, sleep(VOLUME_DEADLINE_MS, false)]);
  }

  async #readDirectory(): Promise<PostgresFacts> {
    const { paths, programs, account, everyone } = this.#host;
    const control = inPgdata(this.#host, 'global/pg_control');
    if (!(await isThere(control))) return { kind: 'empty' };
    const { key, unfinished } = await this.#state(control);
    // A tool at work (rewind, single-user mode) changes what we would read: say what was true before, or nothing.
    if (members(everyone).length > 0) return this.#stopped?.facts ?? { kind: 'unknown' };
    if (this.#stopped?.key !== key) {
      const facts = await stoppedFacts(paths.pgdata, unfinished, programs, account);
      // Whoever joins a reading that is under way asks for what is true now: a verb may have ended since it began.
      if ((await this.#state(control)).key !== key) return await this.#readDirectory();
      this.#stopped = { key, facts };
    }
    return this.#stopped.facts;
  }

  /** What a reading of the stopped directory depends on. */
  async #state(control: string): Promise<{ readonly key: string; readonly unfinished: string | null }> {
    const { mtimeMs, ino } = await stat(control);
    const unfinished = await whyUnfinished(this.#host.paths);
    return { key: `${mtimeMs}/${ino}/${unfinished}`, unfinished };
  }

  /** Forget what was read from a stopped data directory. */
  forget(): void {
    this.#stopped = null;
  }

  #memberAt(host: string): NodeId | null {
    const member = namedBy(this.#host.config, host);
    return member === undefined ? null : nodeId(member.id);
  }
}
