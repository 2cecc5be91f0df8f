import {
  type Job,
  type JobUnitBody,
  jobUnitMistakes,
  MAX_JOBS_OF_SESSION,
  type StartCondition,
  type WaitRule,
  waitedFor,
} from '@yosugara/protocol';
import type { PinnedUnit } from './types.js';

/** A job as it runs: what a reference refers to is in its place. */
export type RunJob = Exclude<Job, { type: 'reference' }>;

export type TimeCondition = Extract<StartCondition, { kind: 'time' | 'elapsed' }>;

export interface CompiledJob {
  /** Unique in its unit; of what a reference brings along `REFERENCE/ID`. */
  readonly id: string;
  /** Names of other jobs in it are those of `wait` and `exclusive` below. */
  readonly body: RunJob;
  /** '' = directly in the unit. */
  readonly parent: string;
  /** Jobnets that it is in, outermost first. */
  readonly within: readonly string[];
  /** Of a jobnet. */
  readonly children: readonly string[];
  readonly wait: WaitRule;
  readonly waitsFor: readonly string[];
  /** Those of its conditions that come true by time alone. */
  readonly times: readonly TimeCondition[];
  /** Siblings whose conditions name it. */
  readonly waitedBy: readonly string[];
  readonly exclusive: { readonly order: readonly string[]; readonly others: NonNullable<Job['exclusive']>['others'] } | null;
  /** Siblings with an exclusive branch that it is in. */
  readonly branchOf: readonly string[];
}

/** All that can be worked out of a revision once for all its sessions. */
export interface CompiledUnit {
  readonly id: string;
  readonly revision: number;
  readonly ownerRole: string;
  readonly body: JobUnitBody;
  /** Parents before their children, in the order of the unit. */
  readonly jobs: ReadonlyMap<string, CompiledJob>;
  /** Directly in the unit. */
  readonly children: readonly string[];
  /** Units that conditions across sessions name: when a session of theirs ends, open sessions of this one get `past-end`. */
  readonly crossUnits: ReadonlySet<string>;
  /** Why no session may begin with it; the API lets none in, so that this is for what was stored by another version. */
  readonly mistakes: readonly string[];
}

export function compileUnit({ id, revision, ownerRole, body }: PinnedUnit): CompiledUnit {
  const mistakes = jobUnitMistakes(body).map(({ place, found, allowed }) => `${place}: ${found}; allowed: ${allowed}`);
  const jobs = mistakes.length > 0 ? new Map<string, CompiledJob>() : new Expansion(body).expand();
  const children = [...jobs.values()].flatMap((job) => (job.parent === '' ? [job.id] : []));
  return { id, revision, ownerRole, body, jobs, children, crossUnits: crossUnitsOf(body.jobs), mistakes };
}

class Expansion {
  readonly #body: JobUnitBody;
  readonly #byId = new Map<string, Job>();
  readonly #jobs = new Map<string, CompiledJob>();

  constructor(body: JobUnitBody) {
    this.#body = body;
    const look = (jobs: readonly Job[]) => {
      for (const job of jobs) {
        this.#byId.set(job.id, job);
        if (job.type === 'jobnet') look(job.jobs);
      }
    };
    look(body.jobs);
  }

  expand(): ReadonlyMap<string, CompiledJob> {
    this.#siblings(this.#body.jobs, '', [], '');
    return this.#jobs;
  }

  /** @param prefix of ids: that of the reference which brought them, and `/`. */
  #siblings(jobs: readonly Job[], parent: string, within: readonly string[], prefix: string): void {
    const named = (id: string) => `${prefix}${id}`;
    const waitedBy = new Map<string, string[]>();
    const branchOf = new Map<string, string[]>();
    const put = (into: Map<string, string[]>, key: string, value: string) => {
      const list = into.get(key);
      if (list === undefined) into.set(key, [value]);
      else list.push(value);
    };
    for (const job of jobs) {
      for (const name of waitedFor(job)) put(waitedBy, name, named(job.id));
      for (const name of job.exclusive?.order ?? []) put(branchOf, name, named(job.id));
    }
    for (const job of jobs) {
      const id = named(job.id);
      const { body, inner } = this.#bodyOf(job, id, prefix);
      const children = body.type === 'jobnet' ? body.jobs.map((child) => `${inner}${child.id}`) : [];
      const exclusive = job.exclusive === null ? null : { order: job.exclusive.order.map(named), others: job.exclusive.others };
      this.#jobs.set(id, {
        ...{ id, body, parent, within, children, wait: renamed(job.wait, prefix), waitsFor: waitedFor(job).map(named) },
        times: timesOf(job.wait),
        ...{ waitedBy: waitedBy.get(job.id) ?? [], exclusive, branchOf: branchOf.get(job.id) ?? [] },
      });
      if (this.#jobs.size > MAX_JOBS_OF_SESSION) return;
      if (body.type === 'jobnet') this.#siblings(body.jobs, id, [...within, id], inner);
    }
  }

  /** A reference is what it refers to, but for when it starts. */
  #bodyOf(job: Job, id: string, prefix: string): { readonly body: RunJob; readonly inner: string } {
    if (job.type !== 'reference') return { body: job, inner: prefix };
    const target = this.#byId.get(job.of) as RunJob;
    const { name, description, wait, hold, skip, calendar, startDelay, exclusive } = job;
    return {
      body: { ...target, id: job.id, name, description, wait, hold, skip, calendar, startDelay, exclusive },
      inner: `${id}/`,
    };
  }
}

const timesOf = ({ groups }: WaitRule): readonly TimeCondition[] =>
  groups.flatMap(({ conditions }) =>
    conditions.flatMap((each) => (each.kind === 'time' || each.kind === 'elapsed' ? [each] : [])),
  );

function renamed(wait: WaitRule, prefix: string): WaitRule {
  if (prefix === '') return wait;
  const groups = wait.groups.map(({ operator, conditions }) => ({
    operator,
    conditions: conditions.map((each) => ('job' in each && !('unit' in each) ? { ...each, job: `${prefix}${each.job}` } : each)),
  }));
  // The schema knows no `/` in ids; nothing reads it by the schema again.
  return { ...wait, groups };
}

function crossUnitsOf(jobs: readonly Job[]): ReadonlySet<string> {
  const units = new Set<string>();
  const look = (list: readonly Job[]) => {
    for (const job of list) {
      for (const { conditions } of job.wait.groups) for (const each of conditions) if ('unit' in each) units.add(each.unit);
      if (job.type === 'jobnet') look(job.jobs);
    }
  };
  look(jobs);
  return units;
}
