import { clockMs, DAY_MS } from '../calendars/local-time.js';
import { firstReachedMs, zoneOffsetUs } from '../time/index.js';
import type { CompiledUnit } from './compiled.js';
import type { JobEnv } from './step-types.js';
import type { JobRun, JobSession } from './types.js';

export const MINUTE_MS = 60_000;
/** A node is asked again so long after it was told to start. */
export const ASK_MS = MINUTE_MS;
const MIN_RUNS = 5;
const MAX_RUNS = 30;

type Of = Pick<JobSession, 'scheduledAtMs' | 'startedAtMs'>;

/** When the unit's clock shows that time, counted from the beginning of the session's day. */
export function clockTimeMs(unit: Pick<CompiledUnit, 'body'>, session: Of, at: string): number {
  const zone = unit.body.timeZone;
  const localMs = session.scheduledAtMs + zoneOffsetUs(zone, session.scheduledAtMs * 1_000) / 1_000;
  return firstReachedMs(Math.floor(localMs / DAY_MS) * DAY_MS + clockMs(at), zone);
}

type StartDelay = { readonly when: 'any' | 'all'; readonly sessionMinutes: number | null; readonly at: string | null };
type EndDelay = StartDelay & { readonly jobMinutes: number | null; readonly deviation: number | null };

/** From when on it is late; null = it never is. */
export function startDelayMs(unit: CompiledUnit, session: Of, delay: StartDelay): number | null {
  return joined(delay.when, sessionTimes(unit, session, delay));
}

export function endDelayMs(unit: CompiledUnit, session: Of, run: JobRun, delay: EndDelay, env: JobEnv): number | null {
  const times = [...sessionTimes(unit, session, delay)];
  if (run.startedAtMs !== null && delay.jobMinutes !== null) times.push(run.startedAtMs + delay.jobMinutes * MINUTE_MS);
  if (run.startedAtMs !== null && delay.deviation !== null) {
    const usual = usualMs(unit, run.job, env, delay.deviation);
    // Not enough runs to say what is usual: with `all` that part can never be over, with `any` it says nothing.
    if (usual !== null) times.push(run.startedAtMs + usual);
    else if (delay.when === 'all') return null;
  }
  return joined(delay.when, times);
}

function sessionTimes(unit: CompiledUnit, session: Of, delay: StartDelay): number[] {
  const times: number[] = [];
  if (delay.sessionMinutes !== null && session.startedAtMs !== null)
    times.push(session.startedAtMs + delay.sessionMinutes * MINUTE_MS);
  if (delay.at !== null) times.push(clockTimeMs(unit, session, delay.at));
  return times;
}

const joined = (when: 'any' | 'all', times: readonly number[]): number | null =>
  times.length === 0 ? null : when === 'any' ? Math.min(...times) : Math.max(...times);

/** Mean and so many standard deviations (of the population) of the newest runs; null = fewer than five. */
function usualMs(unit: CompiledUnit, job: string, env: JobEnv, deviations: number): number | null {
  const tooks = env
    .normalRuns(unit.id, job)
    .slice(0, MAX_RUNS)
    .map(({ startedAtMs, endedAtMs }) => endedAtMs - startedAtMs);
  if (tooks.length < MIN_RUNS) return null;
  const mean = tooks.reduce((sum, took) => sum + took, 0) / tooks.length;
  const variance = tooks.reduce((sum, took) => sum + (took - mean) ** 2, 0) / tooks.length;
  return Math.ceil(mean + deviations * Math.sqrt(variance));
}
