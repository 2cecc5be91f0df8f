import type { JobSession, PastEnd, StoredEffect } from '@yosugara/operations';
import { type RunEnd, runIdOf } from '@yosugara/protocol';

/** What one turn stores, in one transaction. */
export interface Batch {
  readonly sessions: ReadonlyMap<string, JobSession>;
  /** Newest news that are in it, by `AGENT/SPOOL`. */
  readonly spools: ReadonlyMap<string, number>;
  readonly effects: readonly { readonly session: string; readonly effect: StoredEffect }[];
}

/** Who was let launch a run, when that was stored. */
export interface Permit {
  readonly spool: string;
  readonly epoch: number;
}

/** Both nodes' database, seen as one: what is committed is on both, and only the owner of the epoch can commit (the synchronous wall). */
export class Database {
  epoch = 0;
  readonly sessions = new Map<string, JobSession>();
  readonly spools = new Map<string, number>();
  readonly outputs = new Map<string, RunEnd>();
  readonly results = new Map<string, number>();
  readonly ends = new Map<string, PastEnd>();
  readonly permits = new Map<string, Permit>();
  /** Runs with a claim, and the epoch of the newest. */
  readonly claims = new Map<string, number>();
  readonly #broken: (invariant: string, says: string) => void;

  constructor(broken: (invariant: string, says: string) => void) {
    this.#broken = broken;
  }

  /** @returns false: it is not the owner's any more; nothing happened. */
  commit(epoch: number, batch: Batch): boolean {
    if (epoch !== this.epoch) return false;
    for (const [id, session] of batch.sessions) {
      this.sessions.set(id, session);
      this.#lookAtClaims(session);
    }
    for (const [key, number] of batch.spools) {
      if (number < (this.spools.get(key) ?? 0)) this.#broken('NEWS', `news of ${key} go back to ${number}`);
      this.spools.set(key, number);
    }
    for (const { session, effect } of batch.effects) this.#store(session, effect);
    return true;
  }

  #lookAtClaims(session: JobSession): void {
    for (const { job, nodes } of session.jobs.values())
      for (const { facility, attempt, state, epoch, spool } of nodes) {
        if (state !== 'claimed' && state !== 'running') continue;
        const run = runIdOf({ session: session.id, unit: session.unit, job, facility, attempt });
        if (epoch === null) this.#broken('CLAIM', `${run} is ${state} without the epoch of its claim`);
        if (state === 'claimed') this.claims.set(run, epoch!);
        const before = this.permits.get(run);
        if (spool !== null && before?.spool !== spool) {
          if (before !== undefined) this.#broken('PERMIT', `${run} was let launch on ${before.spool} and then on ${spool}`);
          if (epoch !== this.epoch) this.#broken('CLAIM', `${run} is let launch under epoch ${epoch} in epoch ${this.epoch}`);
          this.permits.set(run, { spool, epoch: epoch! });
        }
      }
  }

  #store(session: string, effect: StoredEffect): void {
    if (effect.kind === 'output') {
      const { job, facility, attempt, end } = effect;
      this.outputs.set(runIdOf({ session, unit: this.sessions.get(session)!.unit, job, facility, attempt }), end);
    } else if (effect.kind === 'result') {
      const count = (this.results.get(effect.result.id) ?? 0) + 1;
      this.results.set(effect.result.id, count);
      if (count > 1) this.#broken('TOLD', `${effect.result.id} is told ${count} times`);
    } else if (effect.kind === 'ended') this.ends.set(`${this.sessions.get(session)!.unit}/${effect.job}`, effect.end);
  }
}
