import type { Result } from '@yosugara/operations';
import { describe, expect, it } from 'vitest';
import { Memories } from './memories.js';
import { operate } from './operate.js';
import { countingRules } from './testing/operations.js';

const NOTHING = { monitors: [], notifications: [] };
const sample = (origin: string, monitor = 'ping') => ({
  ...{ origin, monitor, facility: 'web1', sender: null, item: '', atMs: 1, value: { kind: 'number', number: 1 } as const },
});
const internal = (id: string): Result => ({
  ...{ id, trigger: 'internal', plugin: 'internal', monitor: 'INTERNAL', facility: 'INTERNAL', sender: null, item: '', sub: id },
  ...{ priority: 'warning', application: '', message: 'the disk is nearly full', original: '', atMs: 1, notifications: [] },
});

describe('what follows from samples', () => {
  it('are results, told and remembered, and what changed of the memories only', () => {
    const memories = new Memories(NOTHING);
    const batch = operate(countingRules(), { samples: [sample('1'), sample('2')] }, memories, 0);
    expect(batch.events.map(({ told }) => told.id)).toEqual(['ping/web1///1/events', 'ping/web1///2/events']);
    expect(batch.monitorMemory).toEqual([{ monitor: 'ping', facility: 'web1', item: '', state: { count: 2 } }]);
    expect(batch.notifyMemory.map(({ sub, toldPriority }) => [sub, toldPriority])).toEqual([
      ['1', 'critical'],
      ['2', 'critical'],
    ]);
    const again = operate(countingRules(), { samples: [] }, memories, 0);
    expect([again.monitorMemory, again.notifyMemory]).toEqual([[], []]);
  });
  it('is the same whatever was asked of it before with the same memories', () => {
    const make = () => operate(countingRules(), { samples: [sample('1'), sample('2')] }, new Memories(NOTHING), 5);
    expect(make()).toEqual(make());
  });
  it('is nothing where nobody asks for such samples any more', () => {
    const batch = operate(countingRules({ judge: () => null }), { samples: [sample('1')] }, new Memories(NOTHING), 0);
    expect([batch.events, batch.monitorMemory]).toEqual([[], []]);
  });
  it('is an event of ourselves where a monitor cannot judge, and what it remembers stays', () => {
    const broken = countingRules({
      judge: () => {
        throw new Error('no such group');
      },
    });
    const batch = operate(broken, { samples: [sample('1'), sample('2')] }, new Memories(NOTHING), 61_000);
    expect(new Set(batch.events.map(({ told }) => told.id)).size).toBe(1);
    expect(batch.events[0]?.told.result).toMatchObject({
      priority: 'unknown',
      message: 'The monitor ping could not judge what it saw: no such group',
    });
    expect(batch.monitorMemory).toEqual([]);
  });
  it('is an event of ourselves where somebody cannot be told', () => {
    const broken = countingRules({
      event: (told) => {
        if (told.result.trigger === 'monitor') throw new Error('no path');
        return { told, state: 'unconfirmed', scope: '' };
      },
    });
    const { events } = operate(broken, { samples: [sample('1')] }, new Memories(NOTHING), 0);
    expect(events.map(({ told }) => told.result.message)).toEqual(['The monitor ping could not be told of: seen: no path']);
  });
  it('tells results of ourselves that name nobody as events', () => {
    const { events } = operate(countingRules(), { samples: [], results: [internal('disk')] }, new Memories(NOTHING), 0);
    expect(events.map(({ told }) => [told.id, told.notification])).toEqual([['disk/INTERNAL', 'INTERNAL']]);
  });
  it('is one event where there are masses of the same, which says how many', () => {
    const same = Array.from({ length: 100 }, (_, at) => ({ ...internal('disk'), id: `disk${at}` }));
    const { events, folds } = operate(countingRules(), { samples: [], results: same }, new Memories(NOTHING), 0);
    expect(events).toHaveLength(21);
    expect(folds?.at(-1)).toEqual({ into: 'disk20/INTERNAL', count: 80, atMs: 1 });
  });
});
