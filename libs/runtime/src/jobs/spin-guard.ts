import { type Result, resultId } from '@yosugara/operations';
import { INTERNAL_NOTIFICATION } from '../operations/operate.js';
import type { JobTotals } from './job-counts.js';

/** Until such a session is looked at again: by time alone, whatever else it hears of moves it at once. */
const WAIT_MS = 1_000;
/** A step does all that is due: more of them at one instant lead nowhere. */
const MOST_AT_ONCE = 100;
const MOST_TOLD = 10_000;

/**
 * A session that says that it is due at once, again and again, is a mistake of ours. Without this it would hold up all others for ever: it waits,
 * people are told once, and it is counted.
 */
export class SpinGuard {
  readonly #totals: JobTotals;
  /** Session → how often in a row it was due again at the instant of its step. */
  readonly #inARow = new Map<string, { readonly atMs: number; readonly count: number }>();
  readonly #told = new Set<string>();

  constructor(totals: JobTotals) {
    this.#totals = totals;
  }

  /**
   * After a step for which it was only time.
   * @param wakeAtMs when it wants to be looked at next.
   * @returns ms of the instant at which it is.
   */
  nextMs(session: string, wakeAtMs: number, nowMs: number, hadEffect: boolean): number {
    if (wakeAtMs > nowMs) {
      this.#inARow.delete(session);
      return wakeAtMs;
    }
    const before = this.#inARow.get(session);
    const count = before?.atMs === nowMs ? before.count + 1 : 1;
    if (hadEffect && count < MOST_AT_ONCE) {
      this.#inARow.set(session, { atMs: nowMs, count });
      return wakeAtMs;
    }
    this.#inARow.delete(session);
    this.#totals.spins++;
    return nowMs + WAIT_MS;
  }

  /** Of one that was made to wait. null = it was told before. */
  tell(session: string, unit: string, nowMs: number): Result | null {
    if (this.#told.has(session)) return null;
    if (this.#told.size >= MOST_TOLD) this.#told.clear();
    this.#told.add(session);
    const message =
      `Session ${session} of ${unit} is due again and again, and nothing comes of it: it is looked at once a second from now on. ` +
      'This is a mistake of the program: operate it by hand, and report it with the history of the session.';
    return {
      ...{ id: resultId('JOB', session, '', 'session_spins', ''), trigger: 'internal', plugin: 'internal' },
      ...{ monitor: INTERNAL_NOTIFICATION, facility: INTERNAL_NOTIFICATION, sender: null, item: unit, sub: 'session_spins' },
      ...{ priority: 'warning', application: 'yosugara', message, original: '', atMs: nowMs, notifications: [] },
    };
  }

  /** It is over. */
  forget(session: string): void {
    this.#inARow.delete(session);
  }
}
