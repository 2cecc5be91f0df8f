import type { Priority } from '@yosugara/protocol';
import { MAX_MESSAGE } from '@yosugara/protocol';
import { resultId, shortened } from '../monitors/index.js';
import type { Result } from '../monitors/result.js';
import { amount } from './sentences.js';
import {
  BAD_LEVELS,
  type BadLevel,
  runbookOf,
  SELF_LEVELS,
  type SelfLevel,
  type SelfLimits,
  selfLevelOf,
  type Watch,
} from './watch.js';

/** Of whom these results are. */
export const SELF_FACILITY = 'INTERNAL';

export interface Seen {
  /** Of several, which; '' = there is one only. */
  readonly item: string;
  /** In the watch's unit; what is no finite number was not seen. */
  readonly value: number;
  /** What is known besides, for the sentence. */
  readonly note?: string;
}

export interface Observation {
  readonly node: string;
  /** Of this host; durations are counted by it. */
  readonly monotonicMs: number;
  /** For people. */
  readonly wallMs: number;
  /** By id of the watch, what was looked at. A watch that is not here was not looked at: nothing is known. An item that is not in its list is over. */
  readonly seen: ReadonlyMap<string, readonly Seen[]>;
}

export interface SelfRules {
  readonly watches: readonly Watch[];
  /** In place of the watch's own, by its id. */
  readonly limits?: Readonly<Record<string, SelfLimits & { readonly afterMs?: number }>>;
  /** Given to these notifications, besides being events. */
  readonly notifications?: readonly string[];
}

/** Of one item, while it is not well or about to change. */
interface Entry {
  /** As it was told. */
  readonly told: SelfLevel;
  /** Since when. */
  readonly toldSinceMs: number;
  /** Since when it has been at least so bad, without a break; null = it is not. */
  readonly atLeastSinceMs: Readonly<Record<BadLevel, number | null>>;
  /** Since when it has been better than it was told, and the worst that it was since. */
  readonly betterSinceMs: number | null;
  readonly worstSince: SelfLevel;
  readonly seenAtMs: number;
}

export interface SelfState {
  readonly entries: ReadonlyMap<string, Entry>;
  /** Items that there was no room for. */
  readonly leftOut: number;
}

/** What something that was seen is told as. */
export interface SelfSeenLevel {
  readonly watch: string;
  readonly item: string;
  readonly level: SelfLevel;
  /** Since when it is told so, on the observation's monotonic clock; null = it is well. */
  readonly sinceMs: number | null;
  /** As they are here, which may be others than the watch's own. */
  readonly limits: SelfLimits;
}

export interface SelfStep {
  readonly state: SelfState;
  readonly results: readonly Result[];
  readonly levels: readonly SelfSeenLevel[];
}

export const SELF_BEGIN: SelfState = { entries: new Map(), leftOut: 0 };

/** Items of one watch that can be bad at once. */
export const MOST_ITEMS = 200;
/** Whoever did not look for so long does not know what was in between: what has to last begins anew. */
export const SELF_GAP_MS = 60_000;

const WELL: Entry = {
  ...{
    told: 'ok',
    toldSinceMs: 0,
    atLeastSinceMs: { notice: null, warning: null, critical: null },
    betterSinceMs: null,
    worstSince: 'ok',
    seenAtMs: 0,
  },
};
const PRIORITIES: Readonly<Record<SelfLevel, Priority>> = {
  ...{ ok: 'info', notice: 'info', warning: 'warning', critical: 'critical' },
};

/** One look at everything. What is told is told once: when a level has lasted as long as its watch says. */
export function selfStep(rules: SelfRules, state: SelfState, observation: Observation): SelfStep {
  const entries = new Map(state.entries);
  const results: Result[] = [];
  const levels: SelfSeenLevel[] = [];
  let leftOut = 0;
  for (const watch of rules.watches) {
    const seen = observation.seen.get(watch.id);
    if (seen === undefined) continue;
    const limits = rules.limits?.[watch.id] ?? watch.limits;
    const afterMs = rules.limits?.[watch.id]?.afterMs ?? watch.afterMs;
    const known = new Map(seen.filter(({ value }) => Number.isFinite(value)).map((each) => [each.item, each]));
    let room = MOST_ITEMS - itemsOf(entries, watch.id).length;
    for (const item of new Set([...known.keys(), ...itemsOf(state.entries, watch.id)])) {
      const key = keyOf(watch.id, item);
      const before = entries.get(key);
      const one = known.get(item);
      const after = entryAfter({ ...watch, limits, afterMs }, before ?? WELL, one?.value ?? null, observation.monotonicMs);
      if (before === undefined && isNews(after) && room-- <= 0) leftOut++;
      else {
        if (isNews(after)) entries.set(key, after);
        else entries.delete(key);
        if (after.told !== (before ?? WELL).told)
          results.push(
            resultOf({ watch, limits, level: after.told, before: (before ?? WELL).told, item, one }, rules, observation),
          );
        if (one !== undefined || after.told !== 'ok')
          levels.push({
            ...{ watch: watch.id, item, level: after.told, limits },
            sinceMs: after.told === 'ok' ? null : after.toldSinceMs,
          });
      }
    }
  }
  return { state: { entries, leftOut }, results, levels };
}

type Rule = Pick<Watch, 'worse' | 'by' | 'limits' | 'afterMs' | 'clearMs'>;

function entryAfter(rule: Rule, before: Entry, value: number | null, nowMs: number): Entry {
  const isBroken = nowMs - before.seenAtMs > SELF_GAP_MS;
  const level = value === null ? 'ok' : selfLevelOf(rule, rule.limits, value, before.told);
  const at = SELF_LEVELS.indexOf(level);
  const since = (holds: boolean, fromMs: number | null) => (holds ? ((isBroken ? null : fromMs) ?? nowMs) : null);
  const atLeastSinceMs = {
    notice: since(at >= 1, before.atLeastSinceMs.notice),
    warning: since(at >= 2, before.atLeastSinceMs.warning),
    critical: since(at >= 3, before.atLeastSinceMs.critical),
  };
  const betterSinceMs = since(at < SELF_LEVELS.indexOf(before.told), before.betterSinceMs);
  const worstSince = betterSinceMs === nowMs ? level : worse(level, before.worstSince);
  const hasLasted = (sinceMs: number | null, ms = rule.afterMs) => sinceMs !== null && nowMs - sinceMs >= ms;
  const lasted = BAD_LEVELS.findLast((each) => hasLasted(atLeastSinceMs[each])) ?? 'ok';
  if (SELF_LEVELS.indexOf(lasted) > SELF_LEVELS.indexOf(before.told))
    return { told: lasted, toldSinceMs: nowMs, atLeastSinceMs, betterSinceMs: null, worstSince: 'ok', seenAtMs: nowMs };
  if (hasLasted(betterSinceMs, rule.clearMs)) {
    // It may be better still than it was at its worst meanwhile: that has to last, too.
    const stillBetter = at < SELF_LEVELS.indexOf(worstSince);
    return {
      ...{ told: worstSince, toldSinceMs: nowMs, atLeastSinceMs, seenAtMs: nowMs },
      ...{ betterSinceMs: stillBetter ? nowMs : null, worstSince: stillBetter ? level : 'ok' },
    };
  }
  return {
    told: before.told,
    toldSinceMs: before.toldSinceMs,
    atLeastSinceMs,
    betterSinceMs,
    worstSince: betterSinceMs === null ? 'ok' : worstSince,
    seenAtMs: nowMs,
  };
}

const worse = (one: SelfLevel, other: SelfLevel): SelfLevel =>
  SELF_LEVELS.indexOf(one) > SELF_LEVELS.indexOf(other) ? one : other;

const isNews = ({ told, atLeastSinceMs }: Entry): boolean =>
  told !== 'ok' || BAD_LEVELS.some((level) => atLeastSinceMs[level] !== null);

interface Change {
  readonly watch: Watch;
  readonly limits: SelfLimits;
  readonly level: SelfLevel;
  readonly before: SelfLevel;
  readonly item: string;
  readonly one: Seen | undefined;
}

function resultOf({ watch, limits, level, before, item, one }: Change, rules: SelfRules, { node, wallMs }: Observation): Result {
  const at = item === '' ? node : `${node} ${item}`;
  const message = level === 'ok' || one === undefined ? watch.over(item) : watch.say(one.value, item, one.note ?? '');
  const limit = level === 'ok' ? null : limits[level];
  const facts = [
    ...(one === undefined ? [] : [`${watch.what}: ${amount(one.value, watch.unit)}`]),
    ...(limit === undefined || limit === null ? [] : [`${level} from ${amount(limit, watch.unit)} on`]),
    `before: ${before}`,
  ];
  return {
    // One change of one thing on one node, whoever tells it and how often.
    id: resultId(SELF_FACILITY, SELF_FACILITY, at, watch.id, `${level}:${Math.round(wallMs)}`),
    ...{ trigger: 'internal', plugin: 'internal', monitor: SELF_FACILITY, facility: SELF_FACILITY, sender: null },
    ...{ item: at, sub: watch.id, priority: PRIORITIES[level], application: 'yosugara' },
    message: shortened(`${node}: ${message}`, MAX_MESSAGE),
    original: `${facts.join('; ')}. What to do: ${runbookOf(watch.id, item)}`,
    atMs: wallMs,
    notifications: rules.notifications ?? [],
  };
}

const keyOf = (watch: string, item: string): string => `${watch}\0${item}`;

function itemsOf(entries: ReadonlyMap<string, Entry>, watch: string): readonly string[] {
  const start = `${watch}\0`;
  return [...entries.keys()].filter((key) => key.startsWith(start)).map((key) => key.slice(start.length));
}
