import { JOB_OPERATIONS, type JobOperation, type LinkMessage } from '@yosugara/operations';
import type { JobControl } from '@yosugara/runtime';
import type { Manager } from './manager.js';
import type { Site } from './site.js';

/** Whoever has no answer by then asks again. */
const PATIENCE_MS = 6_000;
const LOOK_MS = 2_000;

/** Those who want sessions, answer questions, send messages, and do anything. */
export class People {
  /** Sessions in which somebody did something. */
  readonly touched = new Set<string>();
  /** Requests. */
  readonly wanted: string[] = [];
  /** Messages that somebody was told are there. */
  readonly said = new Set<string>();
  /** Jobs that were held from their start, and that somebody let go: `SESSION/JOB`. */
  readonly released = new Set<string>();
  /** What became of operations, by who did them; null = nobody knows. */
  readonly operated = new Map<string, 'done' | 'refused' | null>();
  /** How long whoever asked in calm times waited at most. */
  slowestMs = 0;
  isCalm = false;
  readonly #site: Site;
  /** Questions that were answered, and how often before. */
  readonly #answers = new Map<string, { round: number; nth: number }>();

  constructor(site: Site) {
    this.#site = site;
  }

  /** Asked until it is answered; asked twice it is one. @param ask in the manager's own time */
  #until<T>(what: string, ask: (control: JobControl) => Promise<T>, answered: (value: T) => void): void {
    const { world } = this.#site;
    let isDone = false;
    const again = () => {
      if (isDone) return;
      const ready = this.#site.managers.filter((each) => each.isMaster);
      const manager = ready.length === 0 ? null : world.rng.pick(ready);
      world.after(manager === null ? 500 : PATIENCE_MS, again);
      manager?.soon(world.rng.between(1, 8), () => {
        void this.#ask(manager, what, ask).then((answer) => {
          if (answer === null || isDone) return;
          isDone = true;
          answered(answer.value);
        });
      });
    };
    again();
  }

  /** null = nobody knows what became of it. */
  async #ask<T>(manager: Manager, what: string, ask: (control: JobControl) => Promise<T>): Promise<{ readonly value: T } | null> {
    const { control, epoch } = manager;
    const fromMs = this.#site.world.elapsedMs;
    const wasCalm = this.isCalm;
    if (control === null) return null;
    try {
      const value = await ask(control);
      manager.answered(what, epoch);
      if (wasCalm && this.isCalm) this.slowestMs = Math.max(this.slowestMs, this.#site.world.elapsedMs - fromMs);
      return { value };
    } catch (error) {
      this.#site.world.trace(`${what}: no answer (${String(error)})`);
      return null;
    }
  }

  want(request: string, unit: string): void {
    const site = this.#site;
    const { database } = site;
    this.wanted.push(request);
    const trigger = { type: 'api', id: null, info: request } as const;
    const asked = { request, unit, job: null, trigger, scheduledAtMs: null, variables: {}, ignoresTimes: false };
    this.#until(
      `the start of ${request}`,
      async (control) => await control.start({ ...asked, commandInstead: null, by: 'ada' }),
      (answer) => {
        if (answer.kind !== 'started') return site.broken('ANSWER', `${request} is answered with ${JSON.stringify(answer)}`);
        if (database.requests.get(request) !== answer.session)
          site.broken('ANSWER', `${request} is said to be session ${answer.session}, and is ${database.requests.get(request)}`);
      },
    );
  }

  /** A message of another program, said once under its id. */
  send(id: string, messageId: string): void {
    const { world, database } = this.#site;
    const message: LinkMessage = {
      id,
      messageId,
      message: id,
      priority: 'info',
      values: { WHICH: id },
      atMs: Math.floor(world.nowMs),
    };
    this.#until(
      `message ${id}`,
      async (control) => await control.link(message),
      () => {
        this.said.add(id);
        if (!database.links.has(id)) this.#site.broken('ANSWER', `message ${id} is said to be stored, and is not`);
      },
    );
  }

  /** Looks now and then who is asked, and answers; who has no answer looks again. */
  approve(): void {
    const { world, database, settings, fate } = this.#site;
    for (const session of database.sessions.values()) {
      if (session.endedAtMs !== null) continue;
      const unit = settings.unit(session);
      for (const run of session.jobs.values()) {
        if (run.state !== 'running' || unit.jobs.get(run.job)!.body.type !== 'approval' || world.rng.chance(0.3)) continue;
        const key = `${session.id}/${run.job}`;
        const before = this.#answers.get(key);
        const known = before ?? { round: run.round, nth: 0 };
        const now = known.round === run.round ? known : { round: run.round, nth: known.nth + 1 };
        this.#answers.set(key, now);
        const operation = fate.approves(session.id, run.job, now.nth) ? 'approve' : 'deny';
        this.#operate({ session: session.id, job: run.job, facility: null, operation, end: null }, `boss-${key}-${now.round}`);
      }
    }
    world.after(LOOK_MS, () => this.approve());
  }

  /** Looks now and then what is held from its start, and lets it go. */
  release(): void {
    const { world, database, settings } = this.#site;
    for (const session of database.sessions.values()) {
      if (session.endedAtMs !== null) continue;
      const unit = settings.unit(session);
      for (const run of session.jobs.values()) {
        if (run.state !== 'held' || !unit.jobs.get(run.job)!.body.hold || world.rng.chance(0.3)) continue;
        const key = `${session.id}/${run.job}`;
        this.released.add(key);
        this.#operate(
          { session: session.id, job: run.job, facility: null, operation: 'release-hold', end: null },
          `free-${key}-${run.round}`,
        );
      }
    }
    world.after(LOOK_MS, () => this.release());
  }

  #touch(session: string): void {
    this.touched.add(session);
    this.#touches.set(session, (this.#touches.get(session) ?? 0) + 1);
  }

  /** Who forces a run waits for no place, neither in a queue nor on a node. Of a session with which nobody does anything else. */
  #forced({ session, job }: { readonly session: string; readonly job: string | null }): void {
    const run = this.#site.database.sessions.get(session)?.jobs.get(job ?? '');
    if (run === undefined || this.#touches.get(session) !== 1) return;
    const waits = run.state === 'queued' || run.nodes.some(({ state }) => state === 'queued');
    if (waits) this.#site.broken('FORCED', `${job} of ${session} was forced to run, and waits for a place`);
  }

  readonly #touches = new Map<string, number>();
  #operations = 0;

  /** Somebody does anything. */
  operate(): void {
    const { world, database } = this.#site;
    const { rng } = world;
    const ids = [...database.sessions.keys()];
    if (ids.length === 0) return;
    const session = rng.pick(ids);
    const run = rng.pick([...database.sessions.get(session)!.jobs.values()]);
    const job = rng.chance(0.2) ? null : run.job;
    const facility = job !== null && run.nodes.length > 0 && rng.chance(0.3) ? rng.pick(run.nodes).facility : null;
    const operation = rng.pick(JOB_OPERATIONS) as JobOperation;
    this.#touch(session);
    const end = rng.chance(0.5) ? null : ({ status: 'normal', value: 0 } as const);
    this.#operate({ session, job, facility, operation, end }, `ada-${++this.#operations}`);
  }

  #operate(asked: Omit<Parameters<JobControl['operate']>[0], 'by' | 'comment'>, by: string): void {
    const { world, managers } = this.#site;
    const ready = managers.filter((each) => each.isMaster);
    if (ready.length === 0) return;
    const manager = world.rng.pick(ready);
    const { session, job, facility, operation } = asked;
    const where = [session, job, facility].filter((part) => part !== null).join('/');
    world.trace(`${by}: ${operation} of ${where}`);
    if (this.operated.get(by) === undefined) this.operated.set(by, null);
    manager.soon(world.rng.between(1, 8), () => {
      const what = `${operation} by ${by}`;
      void this.#ask(manager, what, async (control) => await control.operate({ ...asked, by, comment: '' })).then((answer) => {
        if (answer === null) return;
        world.trace(`${what}: ${JSON.stringify(answer.value)}`);
        if (answer.value.kind === 'done') {
          this.operated.set(by, 'done');
          if (operation === 'force-run') this.#forced(asked);
        } else if (this.operated.get(by) === null) this.operated.set(by, 'refused');
      });
    });
  }
}
