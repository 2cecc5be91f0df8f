import type { JobTriggerBody, JobTriggerOf } from '@yosugara/protocol';
import { ALWAYS_OPEN, firesOf, type IsOpen, isSchedule } from './fires.js';

export interface PlannedTrigger {
  readonly id: string;
  readonly enabled: boolean;
  readonly body: JobTriggerBody;
}

/** A run to come. */
export interface PlannedRun {
  readonly atMs: number;
  readonly trigger: string;
  readonly unit: string;
  /** null = all of the unit. */
  readonly job: string | null;
  readonly timeZone: string;
}

/**
 * The runs to come of schedules that are enabled, of units that are: after `fromMs`, at `toMs` at the latest, in order of time, then of
 * trigger; the first `most`.
 * @param units those that are there, and whether they are enabled.
 */
export function planOf(
  units: ReadonlyMap<string, { readonly enabled: boolean }>,
  triggers: Iterable<PlannedTrigger>,
  fromMs: number,
  toMs: number,
  { isOpen = ALWAYS_OPEN, most = 1_000 }: { readonly isOpen?: IsOpen; readonly most?: number } = {},
): { readonly runs: readonly PlannedRun[]; readonly isMore: boolean } {
  const lines: Line[] = [];
  for (const { id, enabled, body } of triggers) {
    if (!enabled || !isSchedule(body) || units.get(body.unit)?.enabled !== true) continue;
    const line = lineOf(id, body, firesOf(body, fromMs, toMs, isOpen));
    if (line !== null) lines.push(line);
  }
  const runs: PlannedRun[] = [];
  // The next of each line is known: of thousands of triggers no more is worked out than is shown.
  while (lines.length > 0 && runs.length < most) {
    const at = soonest(lines);
    const { body, id, fires, atMs } = lines[at]!;
    runs.push({ atMs, trigger: id, unit: body.unit, job: body.job, timeZone: body.timeZone });
    const next = fires.next();
    if (next.done === true) lines.splice(at, 1);
    else lines[at]!.atMs = next.value;
  }
  return { runs, isMore: lines.length > 0 };
}

interface Line {
  readonly id: string;
  readonly body: JobTriggerOf<'schedule'>;
  readonly fires: Generator<number>;
  atMs: number;
}

function lineOf(id: string, body: JobTriggerOf<'schedule'>, fires: Generator<number>): Line | null {
  const first = fires.next();
  return first.done === true ? null : { id, body, fires, atMs: first.value };
}

function soonest(lines: readonly Line[]): number {
  let best = 0;
  for (let at = 1; at < lines.length; at++) {
    const [one, other] = [lines[at]!, lines[best]!];
    if (one.atMs < other.atMs || (one.atMs === other.atMs && one.id < other.id)) best = at;
  }
  return best;
}
