import { type CompiledUnit, compileUnit } from '@yosugara/operations';
import { type JobUnitBody, JobUnitBodySchema } from '@yosugara/protocol';
import type { Rng } from '../rng.js';

export const NODES = ['n1', 'n2', 'n3'] as const;
export const SCOPE = 'all-nodes';
/** Places in `q1`, on `n3`. */
export const LIMITS: Readonly<Record<string, number>> = { q1: 1, q2: 2, n3: 2 };

// biome-ignore lint/suspicious/noExplicitAny: as people write it; the schema fills in the rest.
type Written = any;

/** A unit of some jobs that wait for each other, with a bit of everything whose outcome the reference model can tell. */
export function randomUnit(rng: Rng, id: string, others: readonly string[]): CompiledUnit {
  let count = 0;
  const name = () => `j${++count}`;
  const jobs = randomJobs(rng, name, 2 + Math.floor(rng.next() * 4), 0);
  if (others.length > 0 && rng.chance(0.3))
    jobs[0].wait = {
      groups: [
        {
          conditions: [
            {
              kind: 'cross-session-end-status',
              unit: rng.pick(others),
              job: 'j1',
              status: ['normal', 'warning', 'abnormal'],
              withinMinutes: 600,
            },
          ],
        },
      ],
    };
  const body = JobUnitBodySchema.parse({
    name: id,
    timeZone: 'UTC',
    jobs,
    notify: { notifications: ['mail'], begin: 'info' },
  }) as JobUnitBody;
  return compileUnit({ id, revision: 1, ownerRole: 'ops', body });
}

const ALL_STATUSES = ['normal', 'warning', 'abnormal'] as const;

function randomJobs(rng: Rng, name: () => string, count: number, depth: number): Written[] {
  const jobs: Written[] = [];
  for (let at = 0; at < count; at++) {
    const id = name();
    const job: Written = depth < 2 && rng.chance(0.2) ? jobnet(rng, id, name, depth) : command(rng, id);
    if (rng.chance(0.25)) job.retry = { attempts: 1 + Math.floor(rng.next() * 2), intervalMinutes: rng.chance(0.5) ? 0 : 1 };
    job.notify = { notifications: ['mail'], begin: 'info' };
    const before = jobs.map((each) => each.id as string);
    if (before.length > 0 && rng.chance(0.75)) job.wait = randomWait(rng, before);
    if (rng.chance(0.05)) job.skip = { status: 'normal', value: 0 };
    jobs.push(job);
  }
  if (rng.chance(0.3)) addBranch(rng, name, jobs);
  return jobs;
}

function jobnet(rng: Rng, id: string, name: () => string, depth: number): Written {
  const queue = rng.chance(0.15) ? 'q2' : null;
  return { type: 'jobnet', id, jobs: randomJobs(rng, name, 2 + Math.floor(rng.next() * 2), depth + 1), queue };
}

function command(rng: Rng, id: string): Written {
  const job: Written = {
    type: 'command',
    id,
    facility: rng.chance(0.25) ? SCOPE : rng.pick(NODES),
    command: `run ${id}`,
    nodes: rng.chance(0.3) ? 'one' : 'all',
  };
  if (rng.chance(0.2)) job.queue = 'q1';
  if (rng.chance(0.25)) job.commandRetry = { attempts: 1 + Math.floor(rng.next() * 2) };
  if (rng.chance(0.3)) job.agentRetry = { attempts: 10, end: null };
  return job;
}

/** Without conditions of time: the outcome does not hang on when anything happens. */
function randomWait(rng: Rng, before: readonly string[]): Written {
  const group = () => ({
    operator: rng.chance(0.6) ? 'and' : 'or',
    conditions: Array.from({ length: 1 + Math.floor(rng.next() * 2) }, () => {
      const job = rng.pick(before);
      const kind = rng.next();
      if (kind < 0.6)
        return {
          kind: 'end-status',
          job,
          status: rng.chance(0.5) ? ['normal'] : rng.chance(0.5) ? ['normal', 'warning'] : [...ALL_STATUSES],
        };
      if (kind < 0.8)
        return { kind: 'end-value', job, operator: rng.pick(['=', '>=', 'not-in']), value: rng.chance(0.5) ? '0' : '1' };
      return { kind: 'return-value', job, operator: rng.pick(['=', '<', '>=']), value: rng.chance(0.5) ? '0' : '1' };
    }),
  });
  return {
    operator: rng.chance(0.7) ? 'and' : 'or',
    groups: Array.from({ length: rng.chance(0.2) ? 2 : 1 }, group),
    unmatched: { status: rng.pick(ALL_STATUSES), value: Math.floor(rng.next() * 3) },
  };
}

/** Two jobs of which only one runs: both wait for nothing but the one that has the branch. */
function addBranch(rng: Rng, name: () => string, jobs: Written[]): void {
  const of = rng.pick(jobs);
  const [one, two] = [command(rng, name()), command(rng, name())];
  one.wait = {
    groups: [{ conditions: [{ kind: 'end-status', job: of.id, status: rng.chance(0.5) ? ['normal'] : [...ALL_STATUSES] }] }],
  };
  two.wait = { groups: [{ conditions: [{ kind: 'end-status', job: of.id, status: [...ALL_STATUSES] }] }] };
  of.exclusive = { order: rng.chance(0.5) ? [one.id, two.id] : [two.id, one.id], others: { status: 'normal', value: 0 } };
  jobs.push(one, two);
}
