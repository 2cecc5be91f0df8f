import type {
  CompiledUnit,
  JobEnv,
  JobSession,
  LinkMessage,
  NewSession,
  Result,
  Sample,
  SessionInput,
} from '@yosugara/operations';
import { nextSessionId, partsOfSessionId } from '@yosugara/operations';
import type { OpenSessions } from './open-sessions.js';
import type { KeptAnswer, SessionToStore, SpoolMark, TriggerMark } from './ports.js';
import type { Between } from './slices.js';

/** Numbers of sessions that are taken, by their stamps. */
export class TakenNumbers {
  readonly #newest = new Map<string, number>();

  knows(stamp: string): boolean {
    return this.#newest.has(stamp);
  }
  /** @param ids of sessions in the database */
  learn(stamps: readonly string[], ids: readonly string[]): void {
    if (this.#newest.size > MOST_STAMPS) this.#newest.clear();
    for (const stamp of stamps) this.#newest.set(stamp, this.#newest.get(stamp) ?? -1);
    for (const id of ids) this.take(id);
  }
  take(id: string): void {
    const parts = partsOfSessionId(id);
    if (parts !== null) this.#newest.set(parts.stamp, Math.max(parts.number, this.#newest.get(parts.stamp) ?? -1));
  }
  next(scheduledAtMs: number, timeZone: string): string {
    return nextSessionId(scheduledAtMs, timeZone, (stamp) => {
      const newest = this.#newest.get(stamp) ?? -1;
      return newest < 0 ? null : newest;
    });
  }
}
const MOST_STAMPS = 10_000;
/** Of one session, without a look at others. */
const STEP_INPUTS = 50;
/** Rows of jobs in one transaction, which everything else waits for; what one session brings about at once is beyond it, and never divided. */
const FULL_JOBS = 500;

export interface SpoolNumbers {
  get(agent: string, spool: string): number;
}

/** What one turn gathers: it is stored in one transaction, and nothing of it is said to anybody before. */
export class JobTurn {
  readonly samples: Sample[] = [];
  readonly results: Result[] = [];
  readonly marks: TriggerMark[] = [];
  readonly links: LinkMessage[] = [];
  readonly answers: KeptAnswer[] = [];
  readonly removed: string[] = [];
  readonly spools = new Map<string, SpoolMark>();
  /** Something waits for the commit itself. */
  mustCommit = false;
  started = 0;
  /** Starts of an older epoch that agents say they refused. */
  refused = 0;
  readonly env: JobEnv;
  readonly #sessions: OpenSessions;
  readonly #taken: TakenNumbers;
  readonly #requests = new Map<string, string>();
  readonly #inputs = new Map<string, SessionInput[]>();

  constructor(sessions: OpenSessions, taken: TakenNumbers, env: JobEnv) {
    this.#sessions = sessions;
    this.#taken = taken;
    this.env = env;
  }

  /** Inputs of a session are stepped together, at the end. @returns false: nobody knows it (any more). */
  hear(session: string, input: SessionInput): boolean {
    if (this.#sessions.session(session) === null) return false;
    const inputs = this.#inputs.get(session);
    if (inputs === undefined) this.#inputs.set(session, [input]);
    else inputs.push(input);
    return true;
  }

  /** At once, after what it heard before. @returns why it was not done; null = it was. */
  operate(session: string, input: Extract<SessionInput, { kind: 'operate' }>, atMs = this.env.nowMs): string | null {
    const before = this.#inputs.get(session);
    this.#inputs.delete(session);
    if (before !== undefined) this.#sessions.step(session, before, this.env);
    return this.#sessions.step(session, [input], { ...this.env, nowMs: atMs });
  }

  begin(unit: CompiledUnit, asked: Omit<NewSession, 'id'>, request: string | null): JobSession {
    const id = this.#taken.next(asked.scheduledAtMs, unit.body.timeZone);
    this.#taken.take(id);
    if (request !== null) this.#requests.set(request, id);
    const begins: SessionToStore['begins'] = { ownerRole: unit.ownerRole, request, keepDays: unit.body.keepDays };
    this.started++;
    // What is made beforehand is made before its time, also when that is past: nobody has said yet that it may begin.
    const nowMs = asked.premade ? Math.min(this.env.nowMs, asked.scheduledAtMs - 1) : this.env.nowMs;
    return this.#sessions.begin(unit, { ...asked, id }, begins, { ...this.env, nowMs });
  }

  /** Of this turn. */
  sessionOfRequest(request: string): string | null {
    return this.#requests.get(request) ?? null;
  }

  remove(session: string): void {
    this.#sessions.remove(session);
    this.removed.push(session);
  }

  /** What was heard becomes what is. Sessions one after the other, each some inputs at a time: `between` may let others have their turn. */
  async step(between: Between): Promise<void> {
    for (const [session, inputs] of this.#inputs)
      for (let at = 0; at < inputs.length; at += STEP_INPUTS) {
        this.#sessions.step(session, inputs.slice(at, at + STEP_INPUTS), this.env);
        const pause = between();
        if (pause !== null) await pause;
      }
    this.#inputs.clear();
  }

  /** So much is to be stored already that what can wait waits. */
  get isFull(): boolean {
    return this.#sessions.changedJobs >= FULL_JOBS;
  }
}
