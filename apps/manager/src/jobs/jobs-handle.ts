import { type CompiledUnit, compileUnit } from '@yosugara/operations';
import type { JobControl, JobReports, JobStats, JobStore } from '@yosugara/runtime';
import { ApiRefusal } from '../http/errors.js';

/** What is read of jobs, on either node. */
export type JobTables = JobReports & Pick<JobStore, 'unitOf'>;

const MOST_UNITS = 200;

/** Jobs, for the API: read anywhere, changed through whoever runs them while this node serves. */
export class JobsHandle {
  /** null = this process has no database of its own to read them from. */
  readonly #tables: JobTables | null;
  readonly #units = new Map<string, CompiledUnit | null>();
  #control: JobControl | null = null;

  constructor(tables: JobTables | null) {
    this.#tables = tables;
  }

  /** null: jobs run no longer here. */
  follow(control: JobControl | null): void {
    this.#control = control;
  }

  /** null: jobs do not run here now. */
  stats(): JobStats | null {
    return this.#control?.stats() ?? null;
  }

  get tables(): JobTables {
    if (this.#tables === null) throw notHere();
    return this.#tables;
  }

  /** @throws ApiRefusal 503 NOT_ACTIVE */
  get control(): JobControl {
    if (this.#control === null) throw notHere();
    return this.#control;
  }

  /** A revision never changes, so that it is read once. null = this version cannot read it. */
  async unit(unit: string, revision: number): Promise<CompiledUnit | null> {
    const key = `${unit}/${revision}`;
    const known = this.#units.get(key);
    if (known !== undefined) return known;
    const pinned = await this.tables.unitOf(unit, revision);
    const compiled = pinned === null ? null : compileUnit(pinned);
    for (const oldest of this.#units.keys()) this.#units.size >= MOST_UNITS && this.#units.delete(oldest);
    this.#units.set(key, compiled);
    return compiled;
  }
}

const notHere = () => new ApiRefusal(503, 'NOT_ACTIVE', 'jobs do not run on this node now: ask the Master');
