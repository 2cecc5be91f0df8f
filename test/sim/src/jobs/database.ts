import type { HistoryLine, JobSession, LinkMessage, PinnedUnit, Result } from '@yosugara/operations';
import { runIdOf } from '@yosugara/protocol';
import {
  type JobBatch,
  type PastEndOf,
  type RunOutput,
  type SessionToStore,
  StaleEpochError,
  StaleProgressError,
  type TriggerMark,
} from '@yosugara/runtime';

/** Who was let launch a run, when that was stored. */
export interface Permit {
  readonly spool: string;
  readonly epoch: number;
}

const PAST_ENDS = 30;
const spoolKey = (agent: string, spool: string): string => `${agent}/${spool}`;

/**
 * Both nodes' database, seen as one: what is committed is on both, and only the owner of the epoch can commit (the synchronous wall). It has the
 * constraints that the tables have.
 */
export class Database {
  epoch = 0;
  version = 0;
  /** Commits so far. */
  commits = 0;
  readonly sessions = new Map<string, JobSession>();
  readonly requests = new Map<string, string>();
  readonly removed = new Set<string>();
  readonly spools = new Map<string, number>();
  readonly outputs = new Map<string, RunOutput>();
  /** Runs that are said to have returned something, of the newest attempts and of those before. */
  readonly exited = new Set<string>();
  readonly marks = new Map<string, TriggerMark>();
  readonly links = new Map<string, LinkMessage>();
  readonly results = new Map<string, Result>();
  /** Ids of results with an event that says so, or that was folded into one. */
  readonly events = new Set<string>();
  readonly history: (HistoryLine & { readonly session: string })[] = [];
  readonly permits = new Map<string, Permit>();
  readonly units = new Map<string, PinnedUnit>();
  readonly writtenAt = new Map<string, number>();
  readonly #onCommit: () => void;
  readonly #broken: (invariant: string, says: string) => void;

  constructor(broken: (invariant: string, says: string) => void, onCommit: () => void) {
    this.#broken = broken;
    this.#onCommit = onCommit;
  }

  /** All of it or nothing. @throws StaleEpochError, StaleProgressError */
  commit(batch: JobBatch, epoch: number, version: number): void {
    if (epoch !== this.epoch) throw new StaleEpochError(epoch, this.epoch);
    if (version !== this.version) throw new StaleProgressError(version);
    this.version++;
    this.commits++;
    for (const id of batch.removed) {
      this.sessions.delete(id);
      this.removed.add(id);
    }
    for (const session of batch.sessions) this.#put(session);
    for (const { agent, spool, number } of batch.spools) {
      const key = spoolKey(agent, spool);
      if (number < (this.spools.get(key) ?? 0)) this.#broken('NEWS', `news of ${key} go back to ${number}`);
      this.spools.set(key, number);
    }
    for (const output of batch.outputs) {
      const run = this.#runOf(output);
      if (this.outputs.has(run)) this.#broken('TOLD', `the end of ${run} is stored twice`);
      this.outputs.set(run, output);
    }
    for (const mark of batch.marks) this.marks.set(mark.trigger, mark);
    for (const link of batch.links) if (!this.links.has(link.id)) this.links.set(link.id, link);
    this.history.push(...batch.history);
    for (const { session, job, facility, text } of batch.history) {
      const [, attempt] = /^run (\d+): it returned/.exec(text) ?? [];
      const unit = this.sessions.get(session)?.unit;
      if (attempt !== undefined && facility !== null && unit !== undefined)
        this.exited.add(runIdOf({ session, unit, job, facility, attempt: Number(attempt) }));
    }
    const { results, events, folds } = batch.operations;
    for (const result of results) {
      if (this.results.has(result.id)) this.#broken('TOLD', `${result.id} is told twice`);
      this.results.set(result.id, result);
    }
    for (const { told } of events) this.events.add(told.result.id);
    // What is folded is said by the event that stands for it.
    if ((folds ?? []).length > 0) for (const { id } of results) this.events.add(id);
    this.#onCommit();
  }

  spool(agent: string, spool: string): number {
    return this.spools.get(spoolKey(agent, spool)) ?? 0;
  }

  #put({ head, jobs, begins }: SessionToStore): void {
    const before = this.sessions.get(head.id);
    if ((begins === undefined) === (before === undefined))
      this.#broken(
        'DOUBLE',
        `session ${head.id} is ${before === undefined ? 'changed and not there' : 'begun and there already'}`,
      );
    if (begins?.request != null) {
      const other = this.requests.get(begins.request);
      if (other !== undefined) this.#broken('DOUBLE', `${begins.request} is session ${other} and ${head.id}`);
      this.requests.set(begins.request, head.id);
    }
    const all = new Map(before?.jobs ?? []);
    for (const run of jobs) all.set(run.job, run);
    const session: JobSession = { ...head, jobs: all };
    this.sessions.set(head.id, session);
    this.#lookAtClaims(session);
  }

  #lookAtClaims(session: JobSession): void {
    for (const { job, nodes } of session.jobs.values())
      for (const { facility, attempt, state, epoch, spool } of nodes) {
        if (state !== 'claimed' && state !== 'running') continue;
        const run = runIdOf({ session: session.id, unit: session.unit, job, facility, attempt });
        if (state === 'claimed' && epoch === null) this.#broken('CLAIM', `${run} is ${state} without the epoch of its claim`);
        const before = this.permits.get(run);
        if (spool !== null && before?.spool !== spool) {
          if (before !== undefined) this.#broken('PERMIT', `${run} was let launch on ${before.spool} and then on ${spool}`);
          if (epoch !== this.epoch) this.#broken('CLAIM', `${run} is let launch under epoch ${epoch} in epoch ${this.epoch}`);
          this.permits.set(run, { spool, epoch: epoch! });
        }
      }
  }

  #runOf({ session, job, facility, attempt }: RunOutput): string {
    return runIdOf({ session, unit: this.sessions.get(session)?.unit ?? '', job, facility, attempt });
  }

  /** As the query has it: of the newest sessions, newest first. */
  pastEnds(unit: string, job: string): readonly PastEndOf[] {
    const found: PastEndOf[] = [];
    for (const session of this.sessions.values()) {
      const run = job === '' ? session : session.jobs.get(job);
      if (session.unit !== unit || run === undefined) continue;
      const { endStatus, endValue, startedAtMs, endedAtMs } = run;
      if (endStatus === null || startedAtMs === null || endedAtMs === null) continue;
      found.push({ unit, job, session: session.id, status: endStatus, value: endValue ?? 0, startedAtMs, endedAtMs });
    }
    return found.sort((one, other) => other.endedAtMs - one.endedAtMs).slice(0, PAST_ENDS);
  }

  /** In the order in which they began. */
  open(): readonly JobSession[] {
    return [...this.sessions.values()].filter(({ endedAtMs }) => endedAtMs === null);
  }
}
