import {
  type Collected,
  type CountedLine,
  countLines,
  downSentence,
  isFailing,
  isSilent,
  type Judgement,
  lineTotalsKey,
  type NotificationSetting,
  type NotifyKey,
  type NotifyMemory,
  notify,
  notifyKeyOf,
  type ParsedMessage,
  type Payload,
  type Probed,
  type Result,
  type Sample,
  type Told,
  toldAsTest,
} from '@yosugara/operations';
import type { Memories } from './memories.js';
import type { EventFold, EventToStore, OperationsBatch, OutboxEntry, StatusToStore, TickDone } from './ports.js';
import type { OperationsRules, ReachRules } from './rules.js';

/** By whom results of ourselves are told that name nobody. */
export const INTERNAL_NOTIFICATION = 'INTERNAL';

export interface OperationsInput {
  readonly samples: readonly Sample[];
  /** Those that are nobody's judgement of a sample: of ourselves, of what was given up. */
  readonly results?: readonly Result[];
  readonly ticks?: readonly TickDone[];
  /** What was received, of samples of lines. */
  readonly messages?: ReadonlyMap<Sample, ParsedMessage>;
  /** Of what was looked at: silence is held until it is known whose it is. */
  readonly reach?: ReachRules | undefined;
}

/**
 * All that follows from some samples, in their order. No clock, no chance, no database; `memories` is what it was, and becomes what it will
 * be when the batch is stored.
 */
export function operate(rules: OperationsRules, input: OperationsInput, memories: Memories, nowMs: number): OperationsBatch {
  const making = new Making(rules, memories, nowMs);
  const failed = new Set(input.samples.filter(isOfAll).map(lookOf));
  for (const sample of input.samples) {
    if (sample.item !== '' && sample.value.kind !== 'failure' && !failed.has(lookOf(sample))) making.again(sample, input.reach);
    making.sample(sample, input.messages?.get(sample) ?? null, input.reach);
  }
  if (input.reach !== undefined) making.reach(input.reach);
  for (const result of input.results ?? []) making.result(result);
  return making.batch(input.ticks ?? []);
}

/** Nothing could be had of what the monitor looks at. */
const isOfAll = ({ item, value }: Sample): boolean => item === '' && value.kind === 'failure';
const lookOf = ({ monitor, facility, origin }: Sample): string => `${monitor}\0${facility}\0${origin}`;

export const isEmpty = (batch: OperationsBatch): boolean =>
  [
    batch.events,
    batch.folds ?? [],
    batch.statuses,
    batch.outbox,
    batch.collected,
    batch.monitorMemory,
    batch.notifyMemory,
    batch.ticks,
  ].every(({ length }) => length === 0);

class Making {
  readonly #rules: OperationsRules;
  readonly #memories: Memories;
  readonly #nowMs: number;
  readonly #events: EventToStore[] = [];
  readonly #folds: EventFold[] = [];
  readonly #statuses: StatusToStore[] = [];
  readonly #outbox: OutboxEntry[] = [];
  /** Events that those of the result in hand were folded into. */
  #into: string[] = [];
  readonly #collected: Collected[] = [];
  readonly #results: Result[] = [];
  readonly #counted: CountedLine[] = [];
  readonly #probed: Probed[] = [];

  constructor(rules: OperationsRules, memories: Memories, nowMs: number) {
    this.#rules = rules;
    this.#memories = memories;
    this.#nowMs = nowMs;
  }

  sample(sample: Sample, line: ParsedMessage | null, reach?: ReachRules): void {
    const { monitor, facility, item } = sample;
    const judged = this.#judge(sample, this.#memories.ofMonitor(monitor, facility, item));
    if (judged === null) return;
    this.#memories.setMonitor(monitor, facility, item, judged.state);
    this.#collected.push(...judged.collected);
    // What its monitor makes nothing of is none of its lines.
    if (judged.results.length > 0) this.#counted.push(...(this.#rules.countedIn?.(sample, line) ?? []));
    if (reach === undefined) for (const result of judged.results) this.result(result);
    else {
      const found = { reachability: reach.isReachability(monitor, facility), silent: isSilent(sample.value) };
      this.#probed.push(...judged.results.map((result) => ({ result, ...found })));
    }
  }

  /** An item is seen of what failed as a whole: that has an end, which is not in what is said of the item. */
  again(sample: Sample, reach?: ReachRules): void {
    if (!isFailing(this.#memories.ofMonitor(sample.monitor, sample.facility, ''))) return;
    this.sample({ ...sample, item: '', value: { kind: 'again' } }, null, reach);
  }

  /** Whose silence is whose: what is told, and what is only noted. */
  reach(reach: ReachRules): void {
    const { reachability } = this.#memories;
    const gone = reachability.retain((node, monitor) => reach.isReachability(monitor, node));
    const { pass, suppressed, memory } = reachability.step(this.#probed, reach, this.#nowMs);
    for (const each of [...gone, ...memory]) this.#memories.setReachability(each);
    for (const result of pass) this.result(result);
    for (const { result, by } of suppressed) this.result(result, downSentence(by));
  }

  /** What cannot be judged is told: it would come again and again, and nothing after it would be stored. */
  #judge(sample: Sample, state: unknown): Judgement | null {
    try {
      return this.#rules.judge(sample, state);
    } catch (error) {
      return { state, results: [troubleOf(sample.monitor, 'judge what it saw', error, this.#nowMs)], collected: [] };
    }
  }

  /** @param suppressedBy why nobody is to be told of it; null = for nothing that is known yet. */
  result(result: Result, suppressedBy: string | null = null): void {
    this.#results.push(result);
    try {
      this.#spread(result, suppressedBy);
    } catch (error) {
      this.#tell({ ...byNobody(troubleOf(result.monitor, `be told of: ${result.message}`, error, this.#nowMs)), kind: 'event' });
    }
  }

  #spread(result: Result, suppressedBy: string | null): void {
    const from = this.#outbox.length;
    this.#into = [];
    // Of ourselves there is always an event, whoever is told besides.
    const isJobOfNobody = result.trigger === 'job' && result.notifications.length === 0;
    if (result.trigger === 'internal' || isJobOfNobody) this.#tell({ ...byNobody(result), kind: 'event' });
    for (const id of new Set(result.notifications)) this.#notify(id, result, suppressedBy);
    // Whichever was told first: an escalation ends when somebody confirms the event that stands for its result.
    if (this.#into.length > 0)
      for (const [at, entry] of this.#outbox.entries()) if (at >= from) this.#outbox[at] = escalatedUntil(entry, this.#into);
  }

  #notify(id: string, result: Result, suppressedBy: string | null): void {
    const rules = this.#rules;
    const setting = rules.notification(id);
    // Taken away since: nobody can be asked how to tell.
    if (setting === null) return;
    if (result.trigger === 'test') return this.#tell(toldAsTest(setting, result));
    const isJob = result.trigger === 'job';
    const key = notifyKeyOf(setting, result);
    const { memory, told } = notify(setting, result, isJob ? justNow(key, setting, result) : this.#memories.ofNotification(key), {
      nowMs: this.#nowMs,
      calendarOpen: () => rules.calendarOpen(setting.body.calendar, this.#nowMs),
      suppressedBy: () => suppressedBy ?? rules.suppressedBy(result, this.#nowMs),
    });
    if (memory !== null && !isJob) this.#memories.setNotification(memory);
    if (told !== null) this.#tell(told);
  }

  #tell(told: Told): void {
    if (told.kind === 'event') this.#tellEvent(told);
    else if (told.kind === 'status') this.#statuses.push(this.#rules.status(told));
    else {
      const entry = this.#rules.outbox(told, this.#nowMs);
      if (entry !== null) this.#outbox.push(entry);
    }
  }

  /** Of what comes in masses one event is enough, and says how many it stands for. */
  #tellEvent(told: Told): void {
    const { monitor, facility, item, sub, priority } = told.result;
    const key = JSON.stringify([told.notification, monitor, facility, item, sub, priority]);
    const outcome = this.#memories.storms.fold(key, told.id, this.#nowMs);
    if (outcome.kind === 'folds') {
      this.#into.push(outcome.into);
      return void this.#folds.push({ into: outcome.into, count: outcome.count, atMs: told.result.atMs });
    }
    this.#events.push(this.#rules.event(told));
    if (outcome.kind === 'opens') this.#folds.push({ into: told.id, count: 1, atMs: told.result.atMs });
  }

  #noteCounted(): void {
    const each = new Map<string, CountedLine[]>();
    for (const line of this.#counted) {
      const key = JSON.stringify(lineTotalsKey(line));
      const others = each.get(key);
      if (others === undefined) each.set(key, [line]);
      else others.push(line);
    }
    for (const lines of each.values()) {
      const { monitor, facility, item } = lineTotalsKey(lines[0]!);
      this.#memories.setMonitor(monitor, facility, item, countLines(this.#memories.ofMonitor(monitor, facility, item), lines));
    }
  }

  batch(ticks: readonly TickDone[]): OperationsBatch {
    this.#noteCounted();
    return {
      ...(this.#folds.length === 0 ? {} : { folds: this.#folds }),
      ...{ events: this.#events, statuses: this.#statuses, outbox: this.#outbox, collected: this.#collected, ticks },
      ...this.#memories.takeChanges(),
      results: this.#results,
    };
  }
}

/** Each end of a job is news, whatever the one before was: there is no state that goes on, and nothing to remember. */
const justNow = (key: NotifyKey, { body }: NotificationSetting, { priority }: Result): NotifyMemory => ({
  ...{ ...key, priority, count: Math.max(1, body.initialCount), toldPriority: null, toldAtMs: null },
});

function escalatedUntil(entry: OutboxEntry, into: readonly string[]): OutboxEntry {
  const payload = entry.payload as Payload | null;
  if (payload?.kind !== 'escalation') return entry;
  return { ...entry, payload: { ...payload, memory: { ...payload.memory, into } } };
}

const byNobody = (result: Result): Omit<Told, 'kind'> => ({
  ...{ id: `${result.id}/${INTERNAL_NOTIFICATION}`, notification: INTERNAL_NOTIFICATION, result, why: 'first', before: null },
});

/** One a minute of each monitor: more of them would say nothing more. */
export function troubleOf(monitor: string, what: string, error: unknown, nowMs: number): Result {
  const why = error instanceof Error ? error.message : String(error);
  const minute = Math.floor(nowMs / 60_000);
  return {
    id: [monitor, 'INTERNAL', '', 'trouble', String(minute)].map(encodeURIComponent).join('/'),
    ...{ trigger: 'internal', plugin: 'internal', monitor, facility: 'INTERNAL', sender: null, item: '', sub: 'trouble' },
    ...{ priority: 'unknown', application: 'yosugara', original: '', atMs: nowMs, notifications: [] },
    message: `The monitor ${monitor} could not ${what}: ${why}`,
  };
}
