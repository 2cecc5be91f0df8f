import { DeadlineError } from '@yosugara/kernel';
import { type MergeRecord, type MergeState, needsLookup } from '@yosugara/operations';
import type { IngestStore } from './ports.js';

/** Rows of one answer. */
const MAX_LONE = 20_000;
/** Stretches of time that are asked for at once: lines that came one by one over hours have one each. */
const MAX_QUESTIONS = 64;

export interface LookedUp {
  /** The first of those that were asked for: as many as could be answered. */
  readonly records: readonly MergeRecord[];
  readonly lone: readonly MergeRecord[];
}

/** Asks the database for partners stored long ago, for as many records at once as it can answer in time. */
export class LatePartners {
  readonly #store: Pick<IngestStore, 'findLone'>;
  /** What took too long once would again; grows a little with what went well. */
  #most = Number.POSITIVE_INFINITY;

  constructor(store: Pick<IngestStore, 'findLone'>) {
    this.#store = store;
  }

  /** All of them at once, nearly always. @param all at least one */
  async of(state: MergeState, all: readonly MergeRecord[]): Promise<LookedUp> {
    let records = all.length > this.#most ? all.slice(0, this.#most) : all;
    for (;;) {
      const lone = await this.#ask(state, records);
      if (lone !== null) return { records, lone };
      records = records.slice(0, Math.ceil(records.length / 2));
    }
  }

  /** null = fewer must be asked for. */
  async #ask(state: MergeState, records: readonly MergeRecord[]): Promise<readonly MergeRecord[] | null> {
    const questions = needsLookup(state, records);
    if (questions.length === 0) return [];
    const isOne = records.length === 1;
    if (questions.length > MAX_QUESTIONS && !isOne) return null;
    const lone: MergeRecord[] = [];
    for (const question of questions) {
      const found = await this.#find(question, records.length);
      if (found === null || (found.length >= MAX_LONE && !isOne)) return null;
      lone.push(...found);
    }
    this.#most += Math.ceil(this.#most / 8);
    return lone;
  }

  /** null = it took too long for so many. */
  async #find(question: Parameters<IngestStore['findLone']>[0], count: number): Promise<readonly MergeRecord[] | null> {
    try {
      return await this.#store.findLone(question, MAX_LONE);
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      this.#most = Math.max(1, Math.floor(count / 2));
      if (count === 1) throw error;
      return null;
    }
  }
}
