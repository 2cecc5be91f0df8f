import { type Clock, DeadlineError, explain, type Log } from '@yosugara/kernel';
import {
  escalate,
  type NotificationKind,
  type NotificationSetting,
  type Payload,
  type Result,
  type Told,
} from '@yosugara/operations';
import type { Priority } from '@yosugara/protocol';
import { type IngestPermit, StaleEpochError } from '../ingest/ports.js';
import { PermittedLoop } from '../loops/permitted-loop.js';
import type { Notifier, OutboxDepth, OutboxStore, QueuedEntry, Sent, Settlement } from './outbox-ports.js';
import { afterTryMs, notTold } from './outbox-rules.js';
import type { OutboxEntry } from './ports.js';

export type OutboxPermit = Pick<IngestPermit, 'epoch' | 'leaseUntilMs'>;

/** What escalations need of the settings as they are now. */
export interface Escalations {
  readonly setting: (id: string) => NotificationSetting | null;
  /** null = it may not tell of such a priority now (`mayTell`), or is gone. */
  readonly target: (notification: string, priority: Priority) => NotificationKind | null;
  readonly entryOf: (told: Told, nowMs: number) => OutboxEntry | null;
}

export interface OutboxOptions {
  readonly store: OutboxStore;
  readonly notifier: Notifier;
  readonly escalations: Escalations;
  /** null = not now. Asked before every try. */
  readonly permit: () => OutboxPermit | null;
  readonly clock: Clock;
  readonly log: Log;
  /** Something could not be told: to be made an event. The entry is given up when this has resolved; a rejection keeps it. */
  readonly onGivenUp: (result: Result) => Promise<void>;
  /** For counters. Must not throw, must not wait. */
  readonly onSettled?: (entry: QueuedEntry, settlement: Settlement) => void;
  readonly onStale?: (error: StaleEpochError) => void;
  /** Destinations at once. */
  readonly concurrency?: number;
  readonly pollMs?: number;
  readonly keepMs?: number;
}

const WATCH_EVERY_MS = 100;
const POLL_MS = 500;
const EACH = 20;
/** For a sender that does not keep its deadline. */
const GRACE_MS = 500;
const DEPTH_EVERY_MS = 5_000;
const FORGET_EVERY_MS = 600_000;
const DAY_MS = 86_400_000;
const SETTLE_AGAIN_MS = 250;
const ERROR_WAIT_MS = 500;
const BACKOFF_MS = { first: ERROR_WAIT_MS, most: ERROR_WAIT_MS };

/**
 * Sends what leaves the cluster, at least once and in the order of each destination. Between the other side's word and its mark in the
 * database a crash sends it again, with the same id.
 */
export class OutboxLoop {
  readonly #options: OutboxOptions;
  readonly #loop: PermittedLoop<OutboxPermit>;
  readonly #busy = new Map<string, AbortController>();
  /** Destinations whose last try failed: they may not take all the places from those that are well. */
  readonly #ailing = new Set<string>();
  /** Told to the other side, and not yet marked: never sent again by this process. */
  readonly #unsettled = new Map<string, Settlement>();
  #watch: ReturnType<typeof setInterval> | null = null;
  #depth: OutboxDepth | null = null;
  #depthAtMs = Number.NEGATIVE_INFINITY;
  #forgotAtMs: number;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#forgotAtMs = options.clock.monotonicMs();
    this.#loop = new PermittedLoop({
      ...{ permit: options.permit, clock: options.clock, turn: async () => await this.#turn() },
      ...{ onFailure: (error) => this.#noteError('outbox.again', error), backoffMs: BACKOFF_MS },
    });
  }

  start(): void {
    this.#loop.start();
  }

  /** There is something new, or the permit changed. */
  poke(): void {
    this.#loop.poke();
  }

  /** Within 1 s. What is under way is cut off, and sent again by whoever serves next. */
  async stop(): Promise<void> {
    const ended = this.#loop.stop();
    this.#cut();
    await ended;
    this.#options.notifier.release?.();
    if (this.#watch !== null) clearInterval(this.#watch);
  }

  /** When it last went around, by the monotonic clock; null = not yet. */
  get movedAtMs(): number | null {
    return this.#loop.movedAtMs;
  }

  /** As it was a few seconds ago; null = not known, such as on a standby. */
  get depth(): OutboxDepth | null {
    return this.#depth;
  }

  /** @returns ms until there may be something to do that nobody pokes for: what becomes due. */
  async #turn(): Promise<number> {
    const { store, clock, concurrency = 16, pollMs = POLL_MS } = this.#options;
    const permit = this.#loop.permitNow();
    if (permit === null) {
      this.#depth = null;
      return pollMs;
    }
    await this.#lookAround(permit);
    const places = concurrency - this.#busy.size;
    if (places <= 0) return pollMs;
    const ailing = [...this.#busy.keys()].filter((destination) => this.#ailing.has(destination)).length;
    const sparing = ailing >= Math.floor(concurrency / 2);
    const except = [...new Set([...this.#busy.keys(), ...(sparing ? this.#ailing : [])])];
    const found = await store.dueOutbox({ nowMs: clock.wallMs(), except, destinations: places, each: EACH }, permit.epoch);
    const byDestination = new Map<string, QueuedEntry[]>();
    for (const entry of found) byDestination.set(entry.destination, [...(byDestination.get(entry.destination) ?? []), entry]);
    for (const [destination, entries] of byDestination) this.#begin(destination, entries, permit.epoch);
    // What is behind those is asked for when they are done.
    return pollMs;
  }

  /** Numbers for the report, and what is too old to keep. */
  async #lookAround({ epoch }: OutboxPermit): Promise<void> {
    const { store, clock, keepMs = 7 * DAY_MS } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#depthAtMs >= DEPTH_EVERY_MS) {
      this.#depthAtMs = nowMs;
      this.#depth = await store.outboxDepth(clock.wallMs());
    }
    if (nowMs - this.#forgotAtMs < FORGET_EVERY_MS) return;
    this.#forgotAtMs = nowMs;
    await store.forgetOutbox(clock.wallMs() - keepMs, epoch);
  }

  #begin(destination: string, entries: readonly QueuedEntry[], epoch: OutboxPermit['epoch']): void {
    const cut = new AbortController();
    this.#busy.set(destination, cut);
    this.#watch ??= setInterval(() => this.#watchPermit(), WATCH_EVERY_MS);
    const done = () => {
      this.#busy.delete(destination);
      if (this.#busy.size === 0 && this.#watch !== null) {
        clearInterval(this.#watch);
        this.#watch = null;
      }
      this.poke();
    };
    this.#deliver(entries, epoch, cut.signal).then(done, (error: unknown) => {
      this.#noteError('outbox.delivery', error);
      // Not at once again: the same error would come as fast as the database answers.
      setTimeout(done, this.#loop.isStopped ? 0 : ERROR_WAIT_MS);
    });
  }

  /** One after the other; what cannot be told yet holds up what is behind it. */
  async #deliver(entries: readonly QueuedEntry[], epoch: OutboxPermit['epoch'], signal: AbortSignal): Promise<void> {
    for (const entry of entries) {
      const nowMs = this.#options.clock.wallMs();
      if (signal.aborted || this.#loop.permitNow()?.epoch !== epoch || entry.dueAtMs > nowMs) return;
      if (entry.told.kind === 'escalation') return await this.#escalate(entry, epoch);
      const known = this.#unsettled.get(entry.told.id);
      const settlement = known ?? (await this.#try(entry, nowMs, signal));
      if (settlement === null) return;
      if (settlement.kind === 'done') this.#unsettled.set(entry.told.id, settlement);
      await this.#settle(entry, settlement, epoch, signal);
      if (settlement.kind === 'again') {
        this.#ailing.add(entry.destination);
        return;
      }
      if (settlement.kind === 'done') this.#ailing.delete(entry.destination);
    }
  }

  /** @returns null: cut off, so that nothing is known. */
  async #try(entry: QueuedEntry, nowMs: number, signal: AbortSignal): Promise<Settlement | null> {
    const { log, clock } = this.#options;
    const { id } = entry.told;
    if (nowMs >= entry.untilMs) return await this.#giveUp(entry, entry.note ?? 'its time was over before it could be tried');
    const sent = await this.#send(entry, signal);
    if (signal.aborted && sent.kind !== 'accepted') return null;
    const atMs = clock.wallMs();
    if (sent.kind === 'accepted') {
      if (sent.note !== undefined) log.warn('outbox.accepted', { id, note: sent.note });
      return { id, kind: 'done', atMs, note: sent.note ?? null };
    }
    if (sent.kind === 'refused') return await this.#giveUp(entry, sent.why);
    log.warn('outbox.retry', { id, attempts: entry.attempts + 1, why: sent.why });
    if (atMs >= entry.untilMs) return await this.#giveUp(entry, sent.why);
    const dueAtMs = Math.min(atMs + afterTryMs(entry.attempts, sent.afterMs), entry.untilMs);
    return { id, kind: 'again', dueAtMs, note: sent.why };
  }

  async #send(entry: QueuedEntry, outer: AbortSignal): Promise<Sent> {
    const { notifier } = this.#options;
    const deadlineMs = notifier.deadlineMsOf(entry);
    const cut = new AbortController();
    const onOuter = () => cut.abort();
    outer.addEventListener('abort', onOuter);
    if (outer.aborted) onOuter();
    let late: ReturnType<typeof setTimeout> | undefined;
    let grace: ReturnType<typeof setTimeout> | undefined;
    const tooLate = new Promise<Sent>((resolve) => {
      const why = new DeadlineError('the other side', deadlineMs).message;
      late = setTimeout(() => cut.abort(), deadlineMs);
      cut.signal.addEventListener('abort', () => (grace = setTimeout(() => resolve({ kind: 'retry', why }), GRACE_MS)));
    });
    try {
      return await Promise.race([notifier.send(entry, { deadlineMs, signal: cut.signal }), tooLate]);
    } catch (error) {
      return { kind: 'retry', why: explain(error) };
    } finally {
      clearTimeout(late);
      clearTimeout(grace);
      outer.removeEventListener('abort', onOuter);
    }
  }

  /** First the event, then the mark: a crash in between makes the same event again, which is there once. */
  async #giveUp(entry: QueuedEntry, why: string): Promise<Settlement> {
    const { log, onGivenUp, clock } = this.#options;
    const atMs = clock.wallMs();
    log.error('outbox.given_up', { id: entry.told.id, notification: entry.told.notification, attempts: entry.attempts, why });
    const result = notTold(entry, why, atMs);
    if (result !== null) await onGivenUp(result);
    return { id: entry.told.id, kind: 'given up', atMs, note: why };
  }

  /** Until it is said: what was sent and is not marked would be sent again. */
  async #settle(entry: QueuedEntry, settlement: Settlement, epoch: OutboxPermit['epoch'], signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await this.#options.store.settleOutbox(settlement, epoch);
        this.#unsettled.delete(settlement.id);
        this.#options.onSettled?.(entry, settlement);
        return;
      } catch (error) {
        if (error instanceof StaleEpochError || signal.aborted || this.#loop.permitNow()?.epoch !== epoch) throw error;
        this.#options.log.warn('outbox.settle_again', { id: settlement.id, why: explain(error) });
      }
      await new Promise((resolve) => setTimeout(resolve, SETTLE_AGAIN_MS));
    }
  }

  async #escalate(entry: QueuedEntry, epoch: OutboxPermit['epoch']): Promise<void> {
    const { store, escalations, clock, log } = this.#options;
    const { told } = entry;
    const payload = entry.payload as Extract<Payload, { kind: 'escalation' }>;
    const look = await store.lookAtEscalation(told, payload.memory.into ?? []);
    const nowMs = clock.wallMs();
    const target = (notification: string) => escalations.target(notification, told.result.priority);
    const step = escalate(escalations.setting(told.notification), told, payload.memory, { nowMs, ...look, target });
    const insert = step.told.flatMap((each) => escalations.entryOf(each, nowMs) ?? []);
    const next = step.memory === null || step.dueAtMs === null ? null : { memory: step.memory, dueAtMs: step.dueAtMs };
    if (insert.length < step.told.length) log.warn('outbox.escalation', { id: told.id, why: 'some of a step cannot be told' });
    await store.stepEscalation(told.id, { insert, next, why: step.why, atMs: nowMs }, epoch);
  }

  /** A try that is under way ends with the lease: the next owner may send the same. */
  #watchPermit(): void {
    const permit = this.#options.permit();
    if (permit === null || permit.leaseUntilMs <= this.#options.clock.monotonicMs()) this.#cut();
  }

  #cut(): void {
    for (const cut of this.#busy.values()) cut.abort();
  }

  #noteError(event: string, error: unknown): void {
    this.#options.log.warn(event, { why: explain(error) });
    if (error instanceof StaleEpochError) {
      this.#cut();
      this.#options.onStale?.(error);
    }
  }
}
