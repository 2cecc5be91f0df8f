import type { Priority } from '@yosugara/protocol';
import { changeOf } from './change.js';
import { deltaOf, type Last } from './delta.js';
import { type Level, levelOf, type Standing, standingLevel, standingOf } from './levels.js';
import { resultOf } from './make-result.js';
import { predictionOf } from './prediction.js';
import type { Collected, Result, Sample } from './result.js';
import { type Window, windowMs, windowWith } from './series.js';
import { type NumericBody, nameOf, rangesText, shown } from './wording.js';

/** What is remembered of a monitored number; what is not there need not be. */
export interface NumericState {
  readonly standing?: Standing;
  readonly last?: Last;
  readonly window?: Window;
}

export interface NumericOutcome {
  /** The very object that was when nothing changed; null = nothing. */
  readonly state: NumericState | null;
  readonly results: readonly Result[];
  readonly collected: readonly Collected[];
}

export type NumberSeen = { readonly number: number; readonly also?: number; readonly counter?: 32 | 64 };

/** In percent: then there is no time to judge. */
const ALL_LOST = 100;

export function judgeNumber(body: NumericBody, sample: Sample, seen: NumberSeen, before: NumericState | null): NumericOutcome {
  const { numeric } = body;
  const lost = body.type === 'ping' ? (seen.also ?? 0) : null;
  if (lost === ALL_LOST) return judgeLost(body, sample, before);
  const delta = deltaOf(numeric, { ...seen, atMs: sample.atMs }, before?.last ?? null);
  const { value } = delta;
  if (value === null) return { state: same(before, { ...before, last: delta.last ?? undefined }), results: [], collected: [] };
  const by = numeric.hysteresis?.by ?? 0;
  const level = standingLevel(numeric, by, before?.standing ?? null, value);
  const lossLevel = lost === null || body.type !== 'ping' ? null : levelOf(body.loss, lost);
  const keepMs = windowMs(numeric);
  const earlier = before?.window ?? [];
  const window = keepMs === 0 ? undefined : windowWith(earlier, [sample.atMs, value], keepMs);
  const state = {
    // Without hysteresis nothing asks where it was.
    standing: by === 0 ? undefined : (standingOf(numeric, level, before?.standing ?? null, value) ?? undefined),
    last: delta.last ?? undefined,
    window,
  };
  return {
    state: same(before, state),
    results: [
      resultOf(body, sample, {
        priority: worst(level, lossLevel),
        message: says(body, sample, value, lost),
        original: original(body, seen, value),
      }),
      ...changeOf(body, sample, value, earlier),
      ...(window === undefined ? [] : predictionOf(body, sample, window)),
    ],
    collected: collectedOf(body, sample, value, lost),
  };
}

/** Nothing came back: its time says nothing, so what is remembered of times stays. */
function judgeLost(body: NumericBody, sample: Sample, before: NumericState | null): NumericOutcome {
  const level = body.type === 'ping' ? levelOf(body.loss, ALL_LOST) : 'critical';
  const message = `${nameOf(body, sample.item)}: no answer, all packets were lost`;
  return {
    state: before,
    results: [resultOf(body, sample, { priority: level, message })],
    collected: collectedOf(body, sample, null, ALL_LOST),
  };
}

function worst(level: Level, other: Level | null): Priority {
  const levels = [level, other];
  return levels.includes('critical') ? 'critical' : levels.includes('warning') ? 'warning' : 'info';
}

/** @param value null = it could not be had. @param lost of a ping, in percent; null: of none. */
export function collectedOf(
  body: NumericBody,
  { monitor, facility, item, atMs }: Sample,
  value: number | null,
  lost: number | null,
): readonly Collected[] {
  if (!body.collect) return [];
  const of = { monitor, facility, atMs };
  return [
    { ...of, item, value },
    ...(lost === null ? [] : [{ ...of, item: item === '' ? 'loss' : `${item}/loss`, value: lost }]),
  ];
}

/** The object that was, when what is to be remembered is the same; null when that is nothing. */
function same(
  before: NumericState | null,
  after: { readonly [Key in keyof NumericState]: NumericState[Key] | undefined },
): NumericState | null {
  const entries = Object.entries(after).filter(([, value]) => value !== undefined && value !== null);
  if (entries.length === 0) return null;
  const state = Object.fromEntries(entries) as NumericState;
  return before !== null && JSON.stringify(before) === JSON.stringify(state) ? before : state;
}

function says(body: NumericBody, { item }: Sample, value: number, lost: number | null): string {
  const per = body.numeric.delta === 'rate' ? '/s' : '';
  const of = body.numeric.delta === 'difference' ? ' since the value before' : '';
  const loss = lost === null || lost === 0 ? '' : `, ${shown({ ...body, unit: '%' }, lost)} of the packets were lost`;
  return `${nameOf(body, item)}: ${shown(body, value)}${per}${of}${loss}`;
}

function original(body: NumericBody, seen: NumberSeen, value: number): string {
  const { numeric } = body;
  const lines = [`value: ${value}`, rangesText(numeric)];
  if (numeric.delta !== 'none') lines.splice(1, 0, `as it was seen: ${seen.number}`);
  if (body.type === 'ping') lines.push(`packets lost: ${seen.also ?? 0} %, ${rangesText(body.loss)}`);
  if (numeric.hysteresis !== null) lines.push(`hysteresis: ${numeric.hysteresis.by}`);
  return lines.join('\n');
}
