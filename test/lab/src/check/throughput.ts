import { longestGapMs, type Window, writesPerSecond } from './measure.js';
import type { Acknowledged, RecoverThroughput } from './types.js';

export interface PhaseTime {
  readonly phase: string;
  readonly ms: number;
}

/**
 * Writes of W1 and W2 a second while a node is brought back, against those before the fault: the same two writers, the same address,
 * the cluster as it always is, with the Standby in the sync set. That is what a user compares. Alone a Master is quicker than in
 * normal operation, so the time between fault and recover would be the wrong measure, and a harder one. The rate afterwards is told
 * beside it: on a host that others use as well the two ends show how much the measure itself moved.
 */
export function recoverThroughput(
  acknowledged: readonly Acknowledged[],
  windows: { readonly before: Window; readonly during: Window; readonly after: Window },
  phases: readonly PhaseTime[],
): RecoverThroughput | null {
  const [before, during, after] = [windows.before, windows.during, windows.after].map((window) =>
    writesPerSecond(acknowledged, window),
  );
  if (before == null || before === 0 || during == null) return null;
  let fromMs = windows.during.fromMs;
  const rows = phases.map(({ phase, ms }) => {
    const window = { fromMs, toMs: Math.min(fromMs + ms, windows.during.toMs) };
    fromMs += ms;
    const rate = writesPerSecond(acknowledged, window);
    return { phase, ms: Math.round(ms), perSecond: rounded(rate), gapMs: rounded(longestGapMs(acknowledged, 'sql', window)) };
  });
  return {
    share: Math.round((during / before) * 100) / 100,
    beforePerSecond: Math.round(before),
    duringPerSecond: Math.round(during),
    afterPerSecond: rounded(after ?? null),
    phases: rows,
  };
}

const rounded = (value: number | null): number | null => (value === null ? null : Math.round(value));

/** One line, for whoever asks what it was that slowed the writers down. */
export function traceLine({ beforePerSecond, duringPerSecond, afterPerSecond, phases }: RecoverThroughput): string {
  const of = phases.map(
    ({ phase, ms, perSecond, gapMs }) =>
      `${phase} ${(ms / 1_000).toFixed(1)} s${perSecond === null ? '' : ` ${perSecond}/s`}${gapMs === null ? '' : ` (gap ${gapMs} ms)`}`,
  );
  return `writes ${beforePerSecond}/s before, ${duringPerSecond}/s during recover, ${afterPerSecond ?? '–'}/s after: ${of.join(', ')}`;
}
