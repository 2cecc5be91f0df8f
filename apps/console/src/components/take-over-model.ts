import type { TakeOverPhase, TakeOverRow, TakeOverSeen } from '@yosugara/protocol';

export interface PhaseStep {
  /** null: the beginning, the old Master was last seen serving. */
  readonly phase: TakeOverPhase | null;
  readonly at: string;
  /** Since the beginning. */
  readonly afterMs: number;
  /** Since the step before. */
  readonly tookMs: number;
}

/** In the order of time, from the moment at which the old Master was last seen serving. */
export function stepsOf({ lastServingAt, phases }: Pick<TakeOverSeen, 'lastServingAt' | 'phases'>): readonly PhaseStep[] {
  const beganMs = Date.parse(lastServingAt);
  const sorted = [...phases].sort((one, two) => Date.parse(one.at) - Date.parse(two.at));
  let beforeMs = beganMs;
  return [{ phase: null, at: lastServingAt }, ...sorted].map(({ phase, at }) => {
    const ms = Date.parse(at);
    const step = { phase, at, afterMs: ms - beganMs, tookMs: Math.max(0, ms - beforeMs) };
    beforeMs = ms;
    return step;
  });
}

/** What is drawn: being redundant again takes until the other node is back, which would leave no room for the rest. */
export const drawnSteps = (steps: readonly PhaseStep[]): readonly PhaseStep[] => {
  const others = steps.filter(({ phase }) => phase !== 'redundant');
  const redundant = steps.find(({ phase }) => phase === 'redundant');
  const last = others.at(-1);
  return redundant !== undefined && last !== undefined && redundant.afterMs <= last.afterMs * 2 ? steps : others;
};

/** From the last look that showed the old Master to the new manager serving; null: it was not seen. */
export function withoutMasterMs(seen: TakeOverSeen | null): number | null {
  const served = seen?.phases.find(({ phase }) => phase === 'manager');
  return seen === null || served === undefined ? null : Date.parse(served.at) - Date.parse(seen.lastServingAt);
}

const MARGIN_MS = 60_000;

/** Events from a minute before to a minute after. */
export function eventsOf({ at, seen }: Pick<TakeOverRow, 'at' | 'seen'>): string {
  const times = [
    at,
    ...(seen === null
      ? []
      : [seen.lastServingAt, ...seen.phases.flatMap(({ phase, at }) => (phase === 'redundant' ? [] : [at]))]),
  ];
  const ms = times.map((each) => Date.parse(each));
  const iso = (value: number) => new Date(value).toISOString();
  return `/events?since=${encodeURIComponent(iso(Math.min(...ms) - MARGIN_MS))}&until=${encodeURIComponent(iso(Math.max(...ms) + MARGIN_MS))}`;
}
