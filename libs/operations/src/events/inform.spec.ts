import { describe, expect, it } from 'vitest';
import { INFORM_COMES_AGAIN_US, informLateByUs } from './inform.js';
import { MERGE_LIMITS } from './merge.js';

const lateBy = (upForMs: number, pdu: 'inform' | 'trap' = 'inform') => informLateByUs({ pdu, sysUpTime: upForMs / 10 }) / 1_000;

describe('an INFORM may have been said earlier than it came', () => {
  it.each([
    [0, 0],
    [2_000, 0],
    [12_000, 5_000],
    [242_000, 120_000],
    [360_000_000, 120_000],
  ])('of an agent that runs for %d ms by %d ms', (upForMs, late) => expect(lateBy(upForMs)).toBe(late));
  it('and a TRAP, which nobody repeats, may not', () => expect(lateBy(360_000_000, 'trap')).toBe(0));
  it('so two that say one uptime are never taken for one, though the first came as late as that', () => {
    for (const upForMs of [3_000, 12_000, 100_000, 1_000_000]) {
      const late = lateBy(upForMs) * 1_000;
      // The first is said at 0 and comes at `late`; the agent begins anew and says its uptime again at `upForMs`.
      const nearest = upForMs * 1_000 - late;
      expect(nearest - late).toBeGreaterThanOrEqual(MERGE_LIMITS.windowUs);
    }
    expect(INFORM_COMES_AGAIN_US).toBeLessThan(MERGE_LIMITS.maxLateUs);
  });
});
