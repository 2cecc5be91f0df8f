import { CommitUnknownError, type JobBatch, type JobStore, type JobsLoaded } from '@yosugara/runtime';
import type { Proc } from '../ingest/virtual-time.js';
import type { Database } from './database.js';
import type { VirtualWorld } from './virtual-world.js';

/** What becomes of a commit whose answer does not come. */
export type Unknown = 'lost' | 'done' | 'late';

/** The way between one manager and the database: each question takes its time, and its answer comes in the manager's own. */
export class StoreOfManager implements JobStore {
  /** What happens to commits, one after the other, before all goes well again. */
  readonly trouble: Unknown[] = [];
  /** Longest time of a commit. */
  slowMs = 30;
  /** Order of all that is asked and answered; that of the beginning of the newest transaction that was committed. */
  order = 0;
  committedFrom = 0;
  readonly #world: VirtualWorld;
  readonly #database: Database;
  readonly #proc: Proc;

  constructor(world: VirtualWorld, database: Database, proc: Proc) {
    this.#world = world;
    this.#database = database;
    this.#proc = proc;
  }

  async storeJobs(batch: JobBatch, epoch: number, version: number): Promise<void> {
    const { rng } = this.#world;
    const from = ++this.order;
    const trouble = this.trouble.shift() ?? null;
    const commit = () => this.#database.commit(batch, epoch, version);
    if (trouble !== null) {
      const late = () => {
        try {
          commit();
        } catch {
          // Somebody else was quicker, or it is nobody's any more.
        }
      };
      if (trouble === 'done') await this.#ask(rng.between(1, this.slowMs), late);
      // A transaction that was thought lost.
      else if (trouble === 'late') this.#world.after(rng.between(10, 4_000), late);
      await this.#ask(rng.between(1, 1_000), () => undefined);
      throw new CommitUnknownError(`the connection broke (${trouble})`);
    }
    await this.#ask(rng.between(1, this.slowMs), commit);
    this.committedFrom = from;
  }

  async loadJobs(): Promise<JobsLoaded> {
    const database = this.#database;
    return await this.#ask(this.#world.rng.between(1, 40), () => ({
      ...{ version: database.version, sessions: database.open(), marks: [...database.marks.values()] },
      spools: [...database.spools].map(([key, number]) => {
        const [agent, spool] = key.split('/') as [string, string];
        return { agent, spool, number };
      }),
      operations: { monitors: [], notifications: [] },
    }));
  }

  unitOf = async (unit: string, revision: number) =>
    await this.#read(() => this.#database.units.get(`${unit}/${revision}`) ?? null);

  pastEnds = async (of: readonly { readonly unit: string; readonly job: string }[]) =>
    await this.#read(() => of.flatMap(({ unit, job }) => this.#database.pastEnds(unit, job)));

  lookUp = async (requests: readonly string[], prefixes: readonly string[]) =>
    await this.#read(() => ({
      requests: new Map(
        requests.flatMap((request) => {
          const session = this.#database.requests.get(request);
          return session === undefined ? [] : [[request, session] as const];
        }),
      ),
      taken: [...this.#database.sessions.keys()].filter((id) => prefixes.some((prefix) => id.startsWith(prefix))),
    }));

  loadSession = async (session: string) => await this.#read(() => this.#database.sessions.get(session) ?? null);

  linksSince = async (atMs: number, limit: number) =>
    await this.#read(() => [...this.#database.links.values()].filter((link) => link.atMs >= atMs).slice(-limit));

  triggersWrittenAt = async (triggers: readonly string[]) =>
    await this.#read(
      () =>
        new Map(
          triggers.flatMap((id) => {
            const atMs = this.#database.writtenAt.get(id);
            return atMs === undefined ? [] : [[id, atMs] as const];
          }),
        ),
    );

  forgetJobs = async () => await this.#read(() => 0);

  async #read<T>(look: () => T): Promise<T> {
    return await this.#ask(this.#world.rng.between(0.2, 5), look);
  }

  async #ask<T>(ms: number, happen: () => T): Promise<T> {
    const { time, rng } = this.#world;
    const backMs = rng.between(0, 5);
    return await new Promise<T>((resolve, reject) => {
      time.after(
        ms,
        () => {
          // The commit and what it leads to are two moments: a crash in between loses the second.
          let answer: () => void;
          try {
            const value = happen();
            answer = () => resolve(value);
          } catch (error) {
            answer = () => reject(error);
          }
          time.after(backMs, answer, this.#proc);
        },
        null,
      );
    });
  }
}
