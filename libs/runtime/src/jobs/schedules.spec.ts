import { JobTriggerBodySchema } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import type { JobTriggerSetting } from './job-rules.js';
import { Schedules } from './schedules.js';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 10, 22, 3, 0, 30);

function trigger(late: 'run-each' | 'run'): JobTriggerSetting {
  const schedule = { kind: 'interval', minutes: 1 };
  const body = { type: 'schedule', unit: 'u', timeZone: 'UTC', schedule, late };
  return { id: 't', revision: 1, body: JobTriggerBodySchema.parse(body) };
}

/** All that is fired, turn by turn, after so many minutes without a manager. */
function turns(late: 'run-each' | 'run', minutes: number, jobs: number): readonly (readonly number[])[] {
  const mark = { trigger: 't', firedUpToMs: NOW - minutes * MINUTE, state: { revision: 1 } };
  const schedules = new Schedules([mark]);
  const isOpen = () => true;
  schedules.follow([trigger(late)], new Map(), NOW, isOpen);
  const found: number[][] = [];
  for (let turn = 0; turn < 100; turn++) {
    const fired = schedules.fire(NOW, 200, { isOpen, notificationsOf: () => [], jobsOf: () => jobs });
    if (fired.length === 0) break;
    found.push(fired.flatMap(({ decisions }) => decisions.flatMap((each) => (each.kind === 'drop' ? [] : [each.dueMs]))));
  }
  return found;
}

describe('runs that nobody was there for', () => {
  it('begin some at a time where their unit is large, each once and in their order', () => {
    const found = turns('run-each', 20, 200);
    expect(found.flat()).toEqual(Array.from({ length: 20 }, (_, at) => NOW - 30_000 - (19 - at) * MINUTE));
    expect(Math.max(...found.map(({ length }) => length))).toBe(3);
  });

  it('begin together where it is small', () => expect(turns('run-each', 20, 1)).toHaveLength(1));

  it('begin, if only one does, however large it is', () => expect(turns('run', 20, 10_000)).toEqual([[NOW - 30_000]]));
});
