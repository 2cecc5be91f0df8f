import type { NodeId } from '@yosugara/kernel';
import type { ManagerReport } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { keyAlarms, keyForecast } from './key-alarms.js';

const report = (keys?: ManagerReport['keys']) => ({
  node: 'b' as NodeId,
  manager: {
    ...{ process: 'manager' as const, pid: 1, mode: 'passive' as const, epoch: 1, ready: true, vipBound: false },
    ...(keys === undefined ? {} : { keys }),
  },
});

describe('a node that lacks a key', () => {
  const lacking = report({ ids: ['11111111'], lacks: ['22222222'] });
  it('is an alarm that names the node, the key and what mends it, and is in the forecast of a take-over by it', () => {
    expect(keyAlarms(lacking)).toEqual([
      { level: 'red', code: 'KEY_MISSING', text: expect.stringMatching(/^b lacks the key 22222222 .*import-keys/) },
    ]);
    expect(keyForecast('b', new Map([['b', lacking]]))).toContain('it lacks the key 22222222');
    expect(keyForecast('a', new Map([['b', lacking]]))).toBe('');
  });
  it('is none of an older version, of one that has all keys, or of one that is not heard', () => {
    for (const each of [report(), report({ ids: ['22222222'], lacks: [] }), { node: 'b' as NodeId, manager: null }]) {
      expect(keyAlarms(each)).toEqual([]);
      expect(keyForecast('b', new Map([['b', each]]))).toBe('');
    }
    expect(keyForecast(null, new Map())).toBe('');
  });
});
