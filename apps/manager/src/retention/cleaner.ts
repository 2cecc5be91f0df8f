import { type Clock, explain, type Log } from '@yosugara/kernel';
import type { Result } from '@yosugara/operations';
import { RETAINED, type Retained } from '@yosugara/protocol';
import type { Authority } from '../control/authority.js';
import type { RetentionTables } from './retention-tables.js';
import type { RetentionRules } from './rules.js';
import { type Cleaned, CleanUpTeller } from './teller.js';

const LOOK_MS = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What a take-over still has to do comes first. */
const SETTLE_MS = 5_000;
/** After what could not be done. */
const AGAIN_MS = 60_000;
/** As long as a part took, the others have the database for themselves; at least, and at most. */
const PAUSE_LEAST_MS = 20;
const PAUSE_MOST_MS = 2_000;
/** These read all of their table. */
const DAILY: readonly Retained[] = ['settingHistory', 'memory'];

export interface CleanerOptions {
  readonly authority: Pick<Authority, 'now' | 'demand'>;
  readonly tables: Pick<RetentionTables, 'looks' | 'looked' | 'begin' | 'end' | 'cleanUp'>;
  readonly rules: Pick<RetentionRules, 'kept' | 'isOpen'>;
  /** The database is prepared for this epoch. */
  readonly isReady: () => boolean;
  /** A result of ourselves; throws when it cannot be stored now. */
  readonly tell: (result: Result) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

interface Asked {
  readonly kind: Retained;
  readonly by: string;
  readonly epoch: number;
}

/** It ends before its time, and no mistake. */
class Cut extends Error {}

/**
 * Deletes what is old, one kind after the other, in small transactions with pauses between them: what is due by itself only while the setting's
 * window is open, what somebody asked for at once. Only under the lease; what an owner does not come to, the next one finds due.
 */
export class Cleaner {
  readonly #o: CleanerOptions;
  readonly #teller: CleanUpTeller;
  readonly #dueMs = new Map<Retained, number>();
  #asked: Asked[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  #busy: Promise<void> | null = null;
  #epoch = 0;
  #sinceMs = 0;
  #isStopped = false;
  #wake: () => void = () => undefined;
  #running: Retained | null = null;

  constructor(options: CleanerOptions) {
    this.#o = options;
    this.#teller = new CleanUpTeller(options);
  }

  start(): void {
    this.#timer = setInterval(() => this.#turn(), LOOK_MS);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.#wake();
    await this.#busy;
  }

  get running(): Retained | null {
    return this.#running;
  }

  get waiting(): readonly Retained[] {
    return this.#asked.map(({ kind }) => kind);
  }

  /** Soon, whether or not the window is open. What waits already is not asked for twice. */
  ask(kinds: readonly Retained[], by: string): void {
    const { epoch } = this.#o.authority.demand('active');
    const fresh = kinds.filter((kind) => !this.#asked.some((each) => each.kind === kind));
    this.#asked.push(...fresh.map((kind) => ({ kind, by, epoch })));
    this.#turn();
  }

  #turn(): void {
    this.#busy ??= this.#look()
      .catch((error: unknown) => this.#o.log.warn('retention.failed', { why: explain(error) }))
      .finally(() => {
        this.#busy = null;
        this.#running = null;
      });
  }

  async #look(): Promise<void> {
    const { authority, isReady, clock } = this.#o;
    const { mode, epoch } = authority.now();
    if (this.#isStopped || mode !== 'active' || !isReady()) return;
    if (epoch !== this.#epoch) await this.#begin(epoch);
    this.#asked = this.#asked.filter((each) => each.epoch === epoch);
    for (let next = this.#asked[0]; next !== undefined; next = this.#asked[0]) {
      await this.#one(next.kind, next.by, epoch);
      this.#asked.shift();
    }
    if (clock.monotonicMs() - this.#sinceMs < SETTLE_MS) return;
    for (const kind of RETAINED) {
      if (this.#asked.length > 0 || !this.#o.rules.isOpen(clock.wallMs())) break;
      if ((this.#dueMs.get(kind) ?? 0) <= clock.wallMs()) await this.#one(kind, null, epoch);
    }
    await this.#teller.tellWhatWaits();
  }

  /** Goes on where the owner before this one was. */
  async #begin(epoch: number): Promise<void> {
    const looks = await this.#o.tables.looks();
    this.#dueMs.clear();
    for (const kind of RETAINED) {
      const last = looks.get(kind)?.getTime();
      if (last !== undefined) this.#dueMs.set(kind, last + everyMs(kind));
    }
    this.#epoch = epoch;
    this.#sinceMs = this.#o.clock.monotonicMs();
  }

  async #one(kind: Retained, by: string | null, epoch: number): Promise<void> {
    const { clock, rules, tables } = this.#o;
    const { days } = rules.kept()[kind];
    const startedMs = clock.wallMs();
    this.#dueMs.set(kind, startedMs + everyMs(kind));
    if (days === null) return;
    this.#running = kind;
    const cleaned = await this.#clean({ kind, by, epoch, startedMs, beforeMs: startedMs - days * DAY_MS });
    if (cleaned.state === 'done') await tables.looked(kind, startedMs, epoch, this.#guard(epoch));
    else this.#dueMs.set(kind, startedMs + AGAIN_MS);
    await this.#teller.note({ ...cleaned, kind, by, days });
  }

  /** Its line is written when something goes, or when somebody asked. */
  async #clean(start: Parameters<RetentionTables['begin']>[0]): Promise<Cleaned> {
    const { tables, log, clock } = this.#o;
    const { kind, by, epoch, beforeMs } = start;
    const guard = this.#guard(epoch);
    let rows = 0;
    let number = by === null ? null : await tables.begin(start, guard);
    const begun = async () => {
      number ??= await tables.begin(start, guard);
      return number;
    };
    const ended = async (state: Cleaned['state'], parts: readonly string[], why: string | null): Promise<Cleaned> => {
      if (number !== null || rows > 0 || parts.length > 0 || state === 'failed')
        await tables.end(await begun(), { rows, parts: [...parts], state, why, endedMs: clock.wallMs() }, epoch, guard);
      if (rows > 0 || parts.length > 0) log.info('retention.cleaned', { kind, rows, parts, state });
      return { rows, parts, state, why };
    };
    try {
      const { parts } = await tables.cleanUp(
        { kind, beforeMs },
        epoch,
        guard,
        this.#pausing(by, async (part) => {
          rows += part;
          if (part > 0) await begun();
        }),
      );
      return await ended('done', parts, null);
    } catch (error) {
      // Whoever owns the database now writes down that it was cut.
      guard();
      if (error instanceof Cut) return await ended('cut', [], error.message);
      log.warn('retention.notCleaned', { kind, why: explain(error) });
      return await ended('failed', [], explain(error));
    }
  }

  /** After each transaction. */
  #pausing(by: string | null, onPart: (rows: number) => Promise<void>): (rows: number) => Promise<void> {
    const { clock, rules } = this.#o;
    let beganMs = clock.monotonicMs();
    return async (rows) => {
      const tookMs = clock.monotonicMs() - beganMs;
      await onPart(rows);
      if (rows > 0) await this.#pause(Math.min(Math.max(tookMs, PAUSE_LEAST_MS), PAUSE_MOST_MS));
      if (this.#isStopped) throw new Cut('the manager was stopped');
      if (by === null && !rules.isOpen(clock.wallMs())) throw new Cut('its time of day was over');
      beganMs = clock.monotonicMs();
    };
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  readonly #guard = (epoch: number) => () => void this.#o.authority.demand('active', epoch);
}

const everyMs = (kind: Retained): number => (DAILY.includes(kind) ? DAY_MS : HOUR_MS);
