import { invariant } from '@yosugara/kernel';
import { type CountedLine, type NewestValue, type SampleValue, type SeriesPoint, seenOfTotals } from '@yosugara/operations';
import type { MonitorOf } from '@yosugara/protocol';
import type { Probe, ProbeAnswer, ProbeRequest } from './probe-port.js';

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
  /** What a log-count monitor has counted at a node (`LineTotals`), as it is committed; null = nothing. */
  lines(of: Pick<CountedLine, 'monitor' | 'facility' | 'of'>): Promise<unknown>;
}

const CONCURRENCY = 50;

/** Monitors that look at what others saw: integration, correlation and log-count. Nothing leaves the Master. */
export function derivedProbe(readings: Readings): Probe {
  return {
    types: ['integration', 'correlation', 'log-count'],
    concurrency: CONCURRENCY,
    run: async (request, deadlineMs) => await withinMs(deadlineMs, answersOf(request, readings)),
    close: async () => undefined,
  };
}

async function answersOf(request: ProbeRequest, readings: Readings): Promise<readonly ProbeAnswer[]> {
  if (request.type !== 'log-count') return [{ item: '', value: await lookOf(request, readings) }];
  const { of, groupBy } = request.check as MonitorOf<'log-count'>['check'];
  return seenOfTotals(await readings.lines({ monitor: request.monitor, facility: request.facility, of }), groupBy);
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

async function withinMs(deadlineMs: number, answers: Promise<readonly ProbeAnswer[]>): Promise<readonly ProbeAnswer[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly ProbeAnswer[]>((resolve) => {
    const why = `The values were not read within ${deadlineMs} ms.`;
    timer = setTimeout(() => resolve([{ item: '', value: { kind: 'failure', why } }]), deadlineMs);
  });
  try {
    return await Promise.race([answers, late]);
  } finally {
    clearTimeout(timer);
  }
}
