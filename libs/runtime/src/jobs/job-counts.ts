import type { JobRun, JobSession } from '@yosugara/operations';
import { type LagCounted, LagCounts } from '../operations/lag-counts.js';

export interface JobCounted {
  /** Of open sessions: jobs whose turn has not come, and jobs of which something goes on. */
  readonly waiting: number;
  readonly running: number;
  /** Instructions that are claimed and of which nothing was heard yet, and since when the oldest of them waits. */
  readonly unanswered: number;
  readonly oldestUnansweredAtMs: number | null;
  /** Commands that began, since the process began. */
  readonly runsStarted: number;
  /** From the claim of a command until it was heard that it began, by this manager's clock. */
  readonly startLag: LagCounted;
  /** Sessions that were due again and again without effect, and were made to wait: a mistake of ours each time. */
  readonly spins: number;
}

type Node = JobRun['nodes'][number];

const WAITING: ReadonlySet<string> = new Set(['scheduled', 'waiting', 'held', 'skipped', 'queued']);
const RUNNING: ReadonlySet<string> = new Set(['running', 'stopping', 'suspended', 'error']);

/** What outlives the memory of one owner: it only ever grows while the process runs. */
export class JobTotals {
  runsStarted = 0;
  readonly startLag = new LagCounts();
  spins = 0;
}

/** How many jobs of open sessions are how. */
export class JobCounts {
  readonly #totals: JobTotals;
  readonly #claims = new Map<string, number>();
  #waiting = 0;
  #running = 0;

  constructor(totals: JobTotals) {
    this.#totals = totals;
  }

  /** A session is open from now on, or no longer. */
  all({ id, jobs }: JobSession, by: 1 | -1): void {
    for (const run of jobs.values()) {
      this.#count(run.state, by);
      for (const node of run.nodes)
        if (node.state === 'claimed')
          if (by === 1) this.#claim(id, run.job, node);
          else this.#claims.delete(nameOf(id, run.job, node));
    }
  }

  changed(session: string, before: JobRun | undefined, after: JobRun, nowMs: number): void {
    if (before !== undefined && before.state !== after.state) this.#count(before.state, -1);
    if (before?.state !== after.state) this.#count(after.state, 1);
    if (before?.nodes === after.nodes) return;
    for (const node of after.nodes) {
      const was = before?.nodes.find(({ facility }) => facility === node.facility);
      if (was === node) continue;
      if (node.state === 'claimed') this.#claim(session, after.job, node);
      else if (was?.state === 'claimed') this.#answered(session, after.job, was, node, nowMs);
    }
  }

  counted(): JobCounted {
    const { runsStarted, startLag, spins } = this.#totals;
    const ages = { unanswered: this.#claims.size, oldestUnansweredAtMs: least(this.#claims.values()) };
    return { waiting: this.#waiting, running: this.#running, ...ages, runsStarted, startLag: startLag.counted(), spins };
  }

  #count(state: string, by: 1 | -1): void {
    if (WAITING.has(state)) this.#waiting += by;
    else if (RUNNING.has(state)) this.#running += by;
  }

  #claim(session: string, job: string, node: Node): void {
    this.#claims.set(nameOf(session, job, node), node.claimedAtMs ?? 0);
  }

  #answered(session: string, job: string, was: Node, node: Node, nowMs: number): void {
    this.#claims.delete(nameOf(session, job, was));
    if (node.startedAtMs === null || was.claimedAtMs === null || node.attempt !== was.attempt) return;
    this.#totals.runsStarted++;
    this.#totals.startLag.add(nowMs - was.claimedAtMs);
  }
}

const nameOf = (session: string, job: string, { facility }: Node): string => `${session}\0${job}\0${facility}`;

function least(values: Iterable<number>): number | null {
  let found: number | null = null;
  for (const value of values) if (found === null || value < found) found = value;
  return found;
}
