import { invariant } from '@yosugara/kernel';
import type { NewestValue, SampleValue, SeriesPoint } from '@yosugara/operations';
import type { MonitorOf } from '@yosugara/protocol';
import type { Probe, ProbeRequest } from './probe-port.js';

/** One item of one monitor at one node. */
export interface ItemKey {
  readonly monitor: string;
  readonly facility: string;
  readonly item: string;
}

/** What other monitors saw. */
export interface Readings {
  /** null = nothing, as far as is known. */
  newest(of: ItemKey): NewestValue | null;
  /** Collected values of that time, oldest first; none when nobody collects them. */
  series(of: ItemKey, fromMs: number, toMs: number): Promise<readonly SeriesPoint[]>;
}

const CONCURRENCY = 50;

/** Monitors that look at what others saw: integration and correlation. Nothing leaves the Master. */
export function derivedProbe(readings: Readings): Probe {
  return {
    types: ['integration', 'correlation'],
    concurrency: CONCURRENCY,
    run: async (request, deadlineMs) => [{ item: '', value: await withinMs(deadlineMs, lookOf(request, readings)) }],
    close: async () => undefined,
  };
}

async function lookOf(request: ProbeRequest, readings: Readings): Promise<SampleValue> {
  const { type, check, facility, dueAtMs } = request;
  const at = ({ monitor, facility: other, item }: { monitor: string; facility: string | null; item: string }): ItemKey => ({
    ...{ monitor, facility: other ?? facility, item },
  });
  if (type === 'integration') {
    const { conditions } = check as MonitorOf<'integration'>['check'];
    return { kind: 'newest', values: conditions.map((condition) => readings.newest(at(condition))) };
  }
  invariant(type === 'correlation', `a probe is asked for its own types only, not for ${type}`);
  const { first, second, rangeM } = check as MonitorOf<'correlation'>['check'];
  const fromMs = dueAtMs - rangeM * 60_000;
  const [one, other] = await Promise.all([first, second].map(async (of) => await readings.series(at(of), fromMs, dueAtMs)));
  return { kind: 'series', first: one!, second: other! };
}

async function withinMs(deadlineMs: number, value: Promise<SampleValue>): Promise<SampleValue> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<SampleValue>((resolve) => {
    timer = setTimeout(() => resolve({ kind: 'failure', why: `The values were not read within ${deadlineMs} ms.` }), deadlineMs);
  });
  try {
    return await Promise.race([value, late]);
  } finally {
    clearTimeout(timer);
  }
}
