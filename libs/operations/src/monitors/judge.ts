import { assertNever } from '@yosugara/kernel';
import type { MonitorBody, MonitorOf } from '@yosugara/protocol';
import type { CompiledMonitor } from './compile.js';
import { type KeptValue, withKept } from './kept-values.js';
import { resultOf, type Said } from './make-result.js';
import { collectedOf, judgeNumber, type NumberSeen, type NumericState } from './numeric.js';
import type { Collected, Judgement, NewestValue, PageSeen, Result, Sample, SampleValue } from './result.js';
import { firstMatch, messageOf, placeOf } from './rules.js';
import { judgePage } from './scenario.js';
import { integrate, type Sequence } from './sequence.js';
import { correlationOf, paired } from './series.js';
import { type Counted, type MonitorState, readState } from './state.js';
import { type NumericBody, nameOf, shown } from './wording.js';

/** Before it is known whether anybody wants to hear of it. */
interface Outcome {
  readonly numeric: NumericState | null;
  readonly sequence: Sequence | null;
  readonly newest: readonly KeptValue[] | null;
  readonly counted: Counted | null;
  readonly results: readonly Result[];
  readonly collected: readonly Collected[];
  /** It could not be had. */
  readonly failed: boolean;
}

const FAILURE = 'failure';
/** What they see has names: devices, keys, groups. All of it fails, or each for itself is right. */
const OF_ITEMS: ReadonlySet<string> = new Set(['resource', 'custom-numeric', 'custom-string', 'log-count']);
const POLLED_TEXTS: ReadonlySet<string> = new Set(['http-string', 'snmp-string', 'sql-string', 'custom-string']);
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/**
 * What a monitor makes of what was seen of one item. The same sample with the same state has the same judgement, wherever and however
 * often it is made. Total: what does not fit the monitor is a failure.
 *
 * @param state what its judgement of the sample before left; null = nothing. One that is not understood is nothing.
 */
export function judge(monitor: CompiledMonitor, sample: Sample, state: unknown): Judgement {
  const { body } = monitor;
  const before = readState(state);
  if (!monitor.enabled) return { state, results: [], collected: [] };
  const outcome = withoutSubs(body, outcomeOf(monitor, sample, before));
  const failing = (outcome.failed && isRemembered(body, sample)) || isBesideRules(body, outcome);
  const apart = body.failureIsChange
    ? withEnd(body, sample, outcome, before?.failing === true && !failing)
    : failuresApart(body, sample, outcome, before);
  const after = {
    ...(failing ? { failing: true as const } : {}),
    ...(outcome.numeric === null ? {} : { numeric: outcome.numeric }),
    ...(outcome.sequence === null ? {} : { sequence: outcome.sequence }),
    ...(outcome.newest === null ? {} : { newest: outcome.newest }),
    ...(outcome.counted === null ? {} : { counted: outcome.counted }),
  };
  return {
    state:
      before !== null && isSame(before, after)
        ? state
        : Object.keys(after).length === 0
          ? state === null
            ? state
            : null
          : after,
    results: body.monitor ? apart : [],
    collected: outcome.collected,
  };
}

/** That it failed: where its end is not simply the next result. */
const isRemembered = (body: MonitorBody, { item }: Sample): boolean =>
  !body.failureIsChange || (item === '' && OF_ITEMS.has(body.type));

/** What is told of an answer by no rule: as a failure, in no rule's place. With the answers after it, that has no end of its own. */
const isBesideRules = (body: MonitorBody, { results }: Outcome): boolean =>
  POLLED_TEXTS.has(body.type) &&
  body.failureIsChange &&
  !body.acrossSubs &&
  results.some(({ sub, priority }) => sub === '' && priority !== 'info');

const isSame = (a: MonitorState, b: MonitorState) =>
  a.failing === b.failing &&
  a.numeric === b.numeric &&
  a.sequence === b.sequence &&
  a.newest === b.newest &&
  a.counted === b.counted;

/** Rules have no counters of their own, then. What is judged apart (change, prediction) keeps them. */
function withoutSubs(body: MonitorBody, outcome: Outcome): Outcome {
  if (!body.acrossSubs) return outcome;
  return {
    ...outcome,
    results: outcome.results.map((result) => (result.trigger === 'monitor' ? { ...result, sub: '' } : result)),
  };
}

/**
 * A failure that is no change of priority has a place of its own, so that whoever counts sees the values before and after it as neighbours.
 * Its end is told there, too.
 */
function failuresApart(
  body: MonitorBody,
  sample: Sample,
  { results, failed }: Outcome,
  before: MonitorState | null,
): readonly Result[] {
  if (failed)
    return results.map(({ priority, message, original }) =>
      resultOf(body, sample, { priority, message, original, sub: FAILURE }),
    );
  if (before?.failing !== true) return results;
  return [resultOf(body, sample, hadAgain(body, sample, FAILURE)), ...results];
}

/** Each rule has counters of its own: none of them knows of the failure before. */
function withEnd(body: MonitorBody, sample: Sample, { results }: Outcome, ended: boolean): readonly Result[] {
  if (!ended || !POLLED_TEXTS.has(body.type) || sample.value.kind === 'again') return results;
  return [resultOf(body, sample, hadAgain(body, sample, '')), ...results];
}

const hadAgain = (body: MonitorBody, { item }: Sample, sub: string): Said => ({
  ...{ priority: 'info', message: `${nameOf(body, item)}: it can be had again`, sub },
});

function outcomeOf(monitor: CompiledMonitor, sample: Sample, before: MonitorState | null): Outcome {
  const { body } = monitor;
  const { value } = sample;
  if (value.kind === 'failure') return failure(body, sample, before, value.why);
  if (value.kind === 'again')
    return plain(before, before?.failing && body.failureIsChange ? [resultOf(body, sample, hadAgain(body, sample, ''))] : []);
  if (value.kind === 'counted') return countOutcome(monitor, sample, value, before);
  if (value.kind === 'matched') return plain(before, [resultOf(body, sample, value)]);
  if ('numeric' in body) return numberOutcome(body, sample, before);
  if ('rules' in body) return textOutcome(monitor, sample, before);
  if ('truth' in body) return truthOutcome(monitor, sample, before);
  return value.kind === 'pages' && body.type === 'http-scenario'
    ? pagesOutcome(monitor, body, sample, value.pages)
    : misfit(body, sample, before);
}

const plain = (before: MonitorState | null, results: readonly Result[], collected: readonly Collected[] = []): Outcome => ({
  ...{ numeric: before?.numeric ?? null, sequence: before?.sequence ?? null },
  ...{ newest: before?.newest ?? null, counted: before?.counted ?? null, results, collected, failed: false },
});

function failure(body: MonitorBody, sample: Sample, before: MonitorState | null, why: string): Outcome {
  const message = `${nameOf(body, sample.item)}: ${why}`;
  const result = resultOf(body, sample, { priority: body.failurePriority, message, original: why });
  const collected = 'numeric' in body ? collectedOf(body, sample, null, null) : [];
  return { ...plain(before, [result], collected), failed: true };
}

const misfit = (body: MonitorBody, sample: Sample, before: MonitorState | null): Outcome =>
  failure(body, sample, before, `what was seen is no ${wanted(body)}: ${textOf(sample.value) ?? sample.value.kind}`);

const wanted = (body: MonitorBody) =>
  'numeric' in body ? 'number' : 'truth' in body ? 'truth' : 'rules' in body ? 'text' : 'page';

function numberOutcome(body: NumericBody, sample: Sample, before: MonitorState | null): Outcome {
  const seen = sample.value.kind === 'series' ? correlated(body, sample.value) : numberOf(sample.value);
  if (typeof seen === 'string') return failure(body, sample, before, seen);
  if (seen === null) return misfit(body, sample, before);
  const { state, results, collected } = judgeNumber(body, sample, seen, before?.numeric ?? null);
  return { numeric: state, sequence: null, newest: null, counted: null, results, collected, failed: false };
}

/** What came since the value before: all of it when nothing is remembered, or was counted by somebody else. */
function countOutcome(
  monitor: CompiledMonitor,
  sample: Sample,
  { began, total }: Extract<SampleValue, { kind: 'counted' }>,
  before: MonitorState | null,
): Outcome {
  const last = before?.counted?.began === began ? before.counted : null;
  const value = { kind: 'number', number: total - (last?.total ?? 0) } as const;
  const counted = began === null ? null : last?.total === total ? last : { began, total };
  return { ...outcomeOf(monitor, { ...sample, value }, before), counted };
}

/** null = it is none. */
function numberOf(value: SampleValue): NumberSeen | null {
  if (value.kind === 'number') return Number.isFinite(value.number) ? value : null;
  const text = textOf(value)?.trim() ?? '';
  const number = NUMBER.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(number) ? { number } : null;
}

/** @returns why there is none. */
function correlated(body: NumericBody, { first, second }: Extract<SampleValue, { kind: 'series' }>): NumberSeen | string {
  const pairs = paired(first, second);
  const least = body.type === 'correlation' ? body.check.minSamples : 2;
  if (pairs.length < least) return `only ${pairs.length} values of both are there at the same time; ${least} are needed`;
  const number = correlationOf(pairs);
  return number === null ? 'one of the two has always had the same value' : { number };
}

function textOf(value: SampleValue): string | null {
  switch (value.kind) {
    case 'text':
      return value.text;
    case 'number':
      return String(value.number);
    case 'truth':
      return String(value.truth);
    case 'failure':
      return value.why;
    case 'matched':
      return value.message;
    case 'pages':
    case 'counted':
    case 'newest':
    case 'series':
    case 'again':
      return null;
    default:
      return assertNever(value);
  }
}

function textOutcome({ body, rules }: CompiledMonitor, sample: Sample, before: MonitorState | null): Outcome {
  const text = textOf(sample.value);
  if (text === null) return misfit(body, sample, before);
  const match = firstMatch(rules!, text, (rule) => !('where' in rule) || rule.where === null);
  const original = sample.value.kind === 'text' ? (sample.value.original ?? text) : text;
  if (match === null) {
    // Most lines of a log are nobody's business; an answer that no rule foresees is.
    if (!POLLED_TEXTS.has(body.type)) return plain(before, []);
    const message = `${nameOf(body, sample.item)}: no rule matches what was answered`;
    return plain(before, [resultOf(body, sample, { priority: body.failurePriority, message, original })]);
  }
  if (match.rule.action === 'ignore') return plain(before, []);
  const said = { priority: match.rule.priority, message: messageOf(match, text), original, sub: placeOf(match.at) };
  return plain(before, [resultOf(body, sample, said)]);
}

function truthOutcome({ body, texts }: CompiledMonitor, sample: Sample, before: MonitorState | null): Outcome {
  const { value } = sample;
  if (value.kind === 'newest' && body.type === 'integration') return integrated(body, texts, sample, value.values, before);
  if (value.kind !== 'truth' || !('truth' in body)) return misfit(body, sample, before);
  return plain(before, [truthResult(body, sample, value.truth, '')]);
}

type TruthBody = Extract<MonitorBody, { truth: unknown }>;

function truthResult(body: TruthBody, sample: Sample, truth: boolean, original: string): Result {
  const { priority, message } = truth ? body.truth.true : body.truth.false;
  const said = message === '' ? `${nameOf(body, sample.item)}: ${truth ? 'yes' : 'no'}` : message;
  return resultOf(body, sample, { priority, message: said, original });
}

function integrated(
  body: MonitorOf<'integration'>,
  texts: CompiledMonitor['texts'],
  sample: Sample,
  values: readonly (NewestValue | null)[],
  before: MonitorState | null,
): Outcome {
  const known = withKept(body.check.conditions, values, before?.newest ?? null);
  const { truth, sequence, why } = integrate(body.check, texts, known.values, before?.sequence ?? null, sample.atMs);
  const results = truth === null ? [] : [truthResult(body, sample, truth, why)];
  return { numeric: null, sequence, newest: known.kept, counted: null, results, collected: [], failed: false };
}

function pagesOutcome(
  { pages }: CompiledMonitor,
  body: MonitorOf<'http-scenario'>,
  sample: Sample,
  seen: readonly PageSeen[],
): Outcome {
  const { monitor, facility, item, atMs } = sample;
  const totalMs = seen.reduce((sum, { ms }) => sum + ms, 0);
  const verdicts = seen.slice(0, pages.length).map((page, at) => judgePage(pages[at]!, at, page, body.failurePriority));
  const wrong = verdicts.find((verdict) => verdict.kind === 'wrong');
  const isWhole = wrong === undefined && seen.length >= pages.length;
  const value = (named: string, ms: number | null): Collected => ({ monitor, facility, item: named, atMs, value: ms });
  const each = body.check.collectPages
    ? seen.slice(0, pages.length).map(({ ms, why }, at) => value(pages[at]!.page.name, why === null ? ms : null))
    : [];
  const said = wrong ?? {
    priority: isWhole ? ('info' as const) : body.failurePriority,
    message: isWhole
      ? `${nameOf(body, item)}: ${pages.length} pages in ${shown(body, totalMs)}`
      : `${nameOf(body, item)}: only ${seen.length} of ${pages.length} pages were fetched`,
  };
  const original = seen.map(
    ({ ms, status, why }, at) => `${pages[at]?.page.name ?? at + 1}: ${why ?? `status ${status}`}, ${shown(body, ms)}`,
  );
  return {
    ...{ numeric: null, sequence: null, newest: null, counted: null, failed: seen.some(({ why }) => why !== null) },
    results: [resultOf(body, sample, { priority: said.priority, message: said.message, original: original.join('\n') })],
    collected: body.collect ? [value(item, isWhole ? totalMs : null), ...each] : [],
  };
}
