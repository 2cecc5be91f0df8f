import { describe, expect, it } from 'vitest';
import { drawnSteps, eventsOf, stepsOf, withoutMasterMs } from './take-over-model.js';

const at = (s: number) => new Date(Date.parse('2026-11-22T03:00:00Z') + s * 1_000).toISOString();
const seen = {
  ...{ by: 'b', everyMs: 200, lastServingAt: at(0), said: [], isCut: false },
  phases: [
    { phase: 'manager' as const, at: at(4) },
    { phase: 'missed' as const, at: at(1) },
    { phase: 'redundant' as const, at: at(600) },
  ],
};

describe('a take-over as it is drawn', () => {
  it('goes from the last sight of the old Master in the order of time', () =>
    expect(stepsOf(seen).map(({ phase, afterMs, tookMs }) => [phase, afterMs, tookMs])).toEqual([
      [null, 0, 0],
      ['missed', 1_000, 1_000],
      ['manager', 4_000, 3_000],
      ['redundant', 600_000, 596_000],
    ]));
  it('leaves out what came so much later that nothing else could be seen', () => {
    expect(drawnSteps(stepsOf(seen)).map(({ phase }) => phase)).toEqual([null, 'missed', 'manager']);
    const soon = { ...seen, phases: [...seen.phases.slice(0, 2), { phase: 'redundant' as const, at: at(6) }] };
    expect(drawnSteps(stepsOf(soon)).at(-1)?.phase).toBe('redundant');
  });
  it('tells how long there was no Master, where it was seen', () => {
    expect(withoutMasterMs(seen)).toBe(4_000);
    expect([withoutMasterMs(null), withoutMasterMs({ ...seen, phases: [] })]).toEqual([null, null]);
  });
  it('leads to the events from a minute before to a minute after', () => {
    const link = new URLSearchParams(eventsOf({ at: at(3), seen }).split('?')[1]);
    expect([link.get('since'), link.get('until')]).toEqual([at(-60), at(64)]);
  });
});
