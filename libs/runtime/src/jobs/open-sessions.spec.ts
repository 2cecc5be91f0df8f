import { type JobSession, type NodeRun, runAtFirst } from '@yosugara/operations';
import { type JobUnitBody, JobUnitBodySchema } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { JobTotals } from './job-counts.js';
import { JOB_ENGINE } from './job-engine.js';
import { OpenSessions } from './open-sessions.js';

const pinned = {
  ...{ id: 'unit', revision: 1, ownerRole: 'ops' },
  body: JobUnitBodySchema.parse({
    ...{ name: 'Unit', timeZone: 'UTC' },
    jobs: ['a', 'b'].map((id) => ({ type: 'command', id, facility: 'web1', command: 'true' })),
  }) as JobUnitBody,
};
const running = { facility: 'web1', attempt: 1, state: 'running' } as NodeRun;
const session = (id: string, isBusy = false): JobSession => ({
  ...{ id, unit: 'unit', revision: 1, root: null, trigger: { type: 'manual', id: null, info: '' }, scheduledAtMs: 1 },
  ...{ startedAtMs: 1, endedAtMs: null, state: 'running', endStatus: null, endValue: null, variables: {} },
  ...{ ignoresTimes: false, testCommand: null },
  jobs: new Map([
    ['a', { ...runAtFirst('a', 'waiting'), ...(isBusy ? { state: 'running', nodes: [running] } : {}) }],
    ['b', runAtFirst('b', 'held')],
  ]),
});

describe('sessions that were read from the database', () => {
  const read = (...all: readonly JobSession[]) => {
    const sessions = new OpenSessions(JOB_ENGINE, 7 as never, new JobTotals());
    sessions.pin(pinned);
    for (const each of all) sessions.put(each);
    return sessions;
  };
  const names = (taken: readonly JobSession[]) => taken.map(({ id }) => id);

  it('with something going on are told first that there is a new manager', () => {
    const sessions = read(session('waits'), session('runs', true), session('waits-too'));
    expect(names(sessions.takeFresh(1))).toEqual(['runs']);
    expect(sessions.fresh).toBe(2);
    expect(names(sessions.takeFresh(100)).sort()).toEqual(['waits', 'waits-too']);
    expect(sessions.fresh).toBe(0);
  });
  it('are taken so many jobs at a time, and never in parts', () => {
    const sessions = read(...['1', '2', '3', '4'].map((id) => session(id)));
    expect(sessions.takeFresh(3)).toHaveLength(2);
    expect(sessions.takeFresh(2)).toHaveLength(1);
    expect(sessions.takeFresh(1)).toHaveLength(1);
    expect(sessions.takeFresh(1)).toHaveLength(0);
  });
});
