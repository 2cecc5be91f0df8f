import type { Rng } from '../rng.js';
import { CLOSED, DEAD, GOOD, NEVER, NODES, OPEN, OUT, SCOPE, SOON } from './places.js';

// biome-ignore lint/suspicious/noExplicitAny: as people write it; the schema fills in the rest.
type Written = any;

const ALL_STATUSES = ['normal', 'warning', 'abnormal'] as const;
const TELL = { notifications: ['tell'], begin: 'info' };

/** Chances of what a unit may use; each seed has its own (swarm testing), since what is rare beside all else is never met alone. */
interface Kinds {
  readonly times: boolean;
  readonly others: boolean;
  readonly queues: boolean;
  readonly references: boolean;
  readonly variables: boolean;
  readonly delays: boolean;
  readonly holds: boolean;
  readonly calendars: boolean;
}

/** By its name, and not by chance: seeds go on meaning what they meant. */
const placePriority = (id: string) => ({ placePriority: (id.codePointAt(id.length - 1) ?? 0) % 3 });

/** A unit of some jobs that wait for each other, with a bit of everything whose outcome the reference model can tell. */
export function randomUnit(rng: Rng, id: string, others: readonly string[]): object {
  const variables = rng.chance(0.3);
  const kinds: Kinds = {
    ...{ times: rng.chance(0.4), others: rng.chance(0.6), queues: rng.chance(0.5), variables, delays: rng.chance(0.2) },
    ...{ holds: rng.chance(0.3), calendars: rng.chance(0.3) },
    // The copy would set the same variables.
    references: !variables && rng.chance(0.4),
  };
  return new Writer(rng, kinds).unit(id, others);
}

class Writer {
  readonly #rng: Rng;
  readonly #kinds: Kinds;
  #count = 0;
  /** What a reference may refer to: all of it stands before. */
  readonly #whole: string[] = [];

  constructor(rng: Rng, kinds: Kinds) {
    this.#rng = rng;
    this.#kinds = kinds;
  }

  unit(name: string, others: readonly string[]): object {
    const rng = this.#rng;
    const jobs = this.#jobs(2 + Math.floor(rng.next() * 4), 0);
    if (others.length > 0 && rng.chance(0.3)) {
      const across = { unit: rng.pick(others), job: 'j1', withinMinutes: 600 };
      const condition = rng.chance(0.5)
        ? { kind: 'cross-session-end-status', ...across, status: [...ALL_STATUSES] }
        : { kind: 'cross-session-end-value', ...across, operator: '>=', value: '-99' };
      jobs[0].wait = { groups: [{ conditions: [condition] }] };
    }
    return { name, timeZone: 'UTC', jobs, notify: TELL };
  }

  #name(): string {
    return `j${++this.#count}`;
  }

  #jobs(count: number, depth: number): Written[] {
    const rng = this.#rng;
    const jobs: Written[] = [];
    for (let at = 0; at < count; at++) {
      const job = this.#job(depth, at);
      job.notify = TELL;
      const before = jobs.map((each) => each.id as string);
      if (before.length > 0 && rng.chance(0.75)) job.wait = this.#wait(jobs);
      else if (this.#kinds.times && rng.chance(0.3)) job.wait = { groups: [{ conditions: [this.#time()] }] };
      if (rng.chance(0.05)) job.skip = { status: 'normal', value: 0 };
      else if (this.#kinds.holds && job.type !== 'reference' && rng.chance(0.2)) job.hold = true;
      if (this.#kinds.calendars && job.type !== 'reference' && rng.chance(0.25))
        job.calendar = { id: rng.chance(0.5) ? OPEN : CLOSED, outside: this.#end() };
      if (this.#kinds.delays && rng.chance(0.3)) addDelay(rng, job);
      jobs.push(job);
      if (job.type !== 'reference') this.#whole.push(job.id);
      if (job.type === 'link-send' && job.address === null && rng.chance(0.5)) jobs.push(this.#receiverOf(job));
    }
    if (rng.chance(0.3)) this.#branch(jobs);
    return jobs;
  }

  #job(depth: number, at: number): Written {
    const rng = this.#rng;
    const id = this.#name();
    // The first one is what other units wait for: it always ends.
    const mayBeOther = this.#kinds.others && (depth > 0 || at > 0);
    if (depth < 2 && rng.chance(0.2)) return this.#retried(this.#jobnet(id, depth));
    if (this.#kinds.references && depth === 0 && this.#whole.length > 0 && rng.chance(0.2))
      return { type: 'reference', id, of: rng.pick(this.#whole) };
    if (mayBeOther && rng.chance(0.35)) return this.#other(id);
    return this.#retried(this.#command(id));
  }

  #retried(job: Written): Written {
    const rng = this.#rng;
    if (rng.chance(0.25)) job.retry = { attempts: 1 + Math.floor(rng.next() * 2), intervalMinutes: rng.chance(0.5) ? 0 : 1 };
    return job;
  }

  #jobnet(id: string, depth: number): Written {
    // Another one in each other: jobnets that wait for a place that they have themselves wait for ever, and are told so.
    const queue = this.#kinds.queues && this.#rng.chance(0.4) ? (depth === 0 ? 'q2' : 'q3') : null;
    return { type: 'jobnet', id, jobs: this.#jobs(2 + Math.floor(this.#rng.next() * 2), depth + 1), queue, ...placePriority(id) };
  }

  #command(id: string): Written {
    const rng = this.#rng;
    const one = rng.chance(0.75);
    const job: Written = {
      ...{ type: 'command', id, facility: one ? rng.pick(NODES) : SCOPE, command: `run ${id}` },
      nodes: rng.chance(0.3) ? 'one' : 'all',
      ...placePriority(id),
    };
    if (this.#kinds.queues && rng.chance(0.4)) job.queue = 'q1';
    if (rng.chance(0.25)) job.commandRetry = { attempts: 1 + Math.floor(rng.next() * 2) };
    if (rng.chance(0.3)) job.agentRetry = { attempts: 10, end: null };
    // One that runs on one node sets one value, whatever comes when.
    if (this.#kinds.variables && one) job.variables = [{ name: `V_${id}`, pattern: '.*' }];
    return job;
  }

  /** Jobs that run no command. */
  #other(id: string): Written {
    const rng = this.#rng;
    const kind = rng.next();
    const facility = rng.chance(0.4) ? SCOPE : rng.pick(NODES);
    if (kind < 0.2) {
      const soon = rng.chance(0.7);
      const file = { directory: soon ? SOON : NEVER, name: 'f.*' };
      const more = rng.chance(0.5) ? { satisfiedBy: 'any' } : {};
      return { type: 'file-check', id, facility, file, ...more, timeoutMinutes: soon ? null : 1, otherwise: this.#end() };
    }
    if (kind < 0.35) return { type: 'approval', id, role: 'ops', sentence: 'Go on?', approved: this.#end(), denied: this.#end() };
    if (kind < 0.5) return { type: 'monitor', id, monitor: rng.pick(['m1', 'm2']), facility, otherwise: this.#end() };
    if (kind < 0.7) return this.#linkSend(id);
    if (kind < 0.85) return this.#linkReceive(id);
    return {
      ...{ type: 'file-transfer', id, checksum: rng.chance(0.5) },
      source: { facility: rng.pick(NODES), directory: OUT, name: '.*' },
      target: { facility, directory: `/in/#[SESSION_ID]/${id}`, nodes: rng.chance(0.3) ? 'one' : 'all' },
    };
  }

  #linkSend(id: string): Written {
    const rng = this.#rng;
    const address = rng.chance(0.4) ? rng.pick([GOOD, DEAD]) : null;
    const attempts = address === DEAD ? 2 : 60;
    return { type: 'link-send', id, address, messageId: `m-#[SESSION_ID]-${id}`, message: id, attempts, otherwise: this.#end() };
  }

  /** What somebody said already, or says later; or what nobody ever says. */
  #linkReceive(id: string): Written {
    const rng = this.#rng;
    const common = { type: 'link-receive', id, pastMinutes: 600, otherwise: this.#end() };
    if (rng.chance(0.3)) return { ...common, messageId: 'never', timeoutMinutes: 1 };
    return { ...common, messageId: `ext-${1 + Math.floor(rng.next() * 3)}`, timeoutMinutes: null };
  }

  /** What a job of this session said before. */
  #receiverOf(sender: Written): Written {
    // It ends normally when it was sent, and only then.
    delete sender.skip;
    delete sender.calendar;
    if (sender.wait !== undefined) sender.wait.unmatched = { status: 'abnormal', value: 2 };
    return {
      ...{ type: 'link-receive', id: this.#name(), messageId: `m-#[SESSION_ID]-${sender.id}`, pastMinutes: 600, notify: TELL },
      wait: { groups: [{ conditions: [{ kind: 'end-status', job: sender.id, status: ['normal'] }] }], unmatched: this.#end() },
    };
  }

  #end() {
    const status = this.#rng.pick(ALL_STATUSES);
    return { status, value: ALL_STATUSES.indexOf(status) };
  }

  #time(): Written {
    const rng = this.#rng;
    // Begun one after two in the morning at the latest.
    if (rng.chance(0.4)) return { kind: 'time', at: `01:0${Math.floor(rng.next() * 8)}` };
    return { kind: 'elapsed', minutes: Math.floor(rng.next() * 3) };
  }

  /** Of conditions of time the outcome does not hang on when: they only make it later. */
  #wait(before: readonly Written[]): Written {
    const rng = this.#rng;
    const group = () => ({
      operator: rng.chance(0.6) ? 'and' : 'or',
      conditions: Array.from({ length: 1 + Math.floor(rng.next() * 2) }, () =>
        this.#kinds.times && rng.chance(0.15) ? this.#time() : this.#condition(rng.pick(before)),
      ),
    });
    const unmatched = { status: rng.pick(ALL_STATUSES), value: Math.floor(rng.next() * 3) };
    const variable = before.find((job) => job.variables !== undefined && rng.chance(0.6));
    if (variable !== undefined) return { groups: [{ conditions: this.#variable(variable.id) }], unmatched };
    return {
      operator: rng.chance(0.7) ? 'and' : 'or',
      groups: Array.from({ length: rng.chance(0.2) ? 2 : 1 }, group),
      unmatched,
    };
  }

  /** Only when the job has ended, so that it is its last value that counts. */
  #variable(job: string): Written[] {
    const over = { kind: 'end-status', job, status: [...ALL_STATUSES] };
    const operator = this.#rng.pick(['equal', '>=', 'in']);
    return [over, { kind: 'variable', left: `#[V_${job}]`, operator, right: this.#rng.chance(0.5) ? '0' : '1' }];
  }

  #condition({ id: job, type }: Written): Written {
    const rng = this.#rng;
    // What other jobs than commands return is nobody's business.
    const kind = type === 'command' ? rng.next() : 0.8 * rng.next();
    if (kind < 0.6) {
      const status = rng.chance(0.5) ? ['normal'] : rng.chance(0.5) ? ['normal', 'warning'] : [...ALL_STATUSES];
      return { kind: 'end-status', job, status };
    }
    const value = rng.chance(0.5) ? '0' : '1';
    if (kind < 0.8) return { kind: 'end-value', job, operator: rng.pick(['=', '>=', 'not-in']), value };
    return { kind: 'return-value', job, operator: rng.pick(['=', '<', '>=']), value };
  }

  /** Two or three jobs of which only one runs: they wait for nothing but the one that has the branch. */
  #branch(jobs: Written[]): void {
    const rng = this.#rng;
    const of = rng.pick(jobs.filter(({ type }) => type !== 'reference').concat(jobs[0]));
    if (of.type === 'reference') return;
    const branches = Array.from({ length: rng.chance(0.3) ? 3 : 2 }, (_, at) => {
      const job = this.#command(this.#name());
      const status = at === 0 && rng.chance(0.5) ? ['normal'] : rng.chance(0.3) ? ['warning', 'abnormal'] : [...ALL_STATUSES];
      job.wait = { groups: [{ conditions: [{ kind: 'end-status', job: of.id, status }] }] };
      job.notify = TELL;
      return job;
    });
    const order = branches.map(({ id }) => id as string);
    if (rng.chance(0.5)) order.reverse();
    of.exclusive = { order, others: { status: 'normal', value: 0 } };
    jobs.push(...branches);
  }
}

/** Somebody is told; the job goes on. */
function addDelay(rng: Rng, job: Written): void {
  if (job.type === 'reference' || rng.chance(0.5)) job.startDelay = { sessionMinutes: 1, notify: 'warning' };
  else job.endDelay = { jobMinutes: 1, notify: 'warning' };
}
