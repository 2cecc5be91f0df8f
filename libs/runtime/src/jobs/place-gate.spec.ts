import type { Want } from '@yosugara/operations';
import { describe, expect, it } from 'vitest';
import { PlaceGate } from './place-gate.js';

const want = (session: string, sinceMs: number, more: Partial<Want> = {}): Want => ({
  ...{ key: { of: 'queue', id: 'q', session, job: 'j' }, priority: 0, sinceMs, has: false, waits: true, within: [] },
  ...more,
});

describe('places after a take-over', () => {
  const heard = (...wants: readonly Want[]) => {
    const said: string[] = [];
    const gate = new PlaceGate({
      limitsOf: () => ({ concurrency: 1, capacity: 10 }),
      hear: (session, { kind }) => void said.push(`${kind} ${session}`),
    });
    for (const each of wants) gate.want(each);
    const before = [...said];
    gate.open();
    return { before, said };
  };
  it('are given to nobody before all sessions have said which ones they have', () => {
    const { before, said } = heard(want('waits', 1), want('has', 2, { has: true }));
    expect([before, said]).toEqual([[], []]);
  });
  it('are then given to whoever waits longest, in whichever order they said so', () =>
    expect(heard(want('later', 2), want('earlier', 1)).said).toEqual(['granted earlier']));
  it('and to whoever comes first by priority', () =>
    expect(heard(want('earlier', 1), want('higher', 2, { priority: 1 })).said).toEqual(['granted higher']));
});
