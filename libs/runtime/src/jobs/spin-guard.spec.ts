import { type CompiledUnit, compileUnit, type StepOutcome } from '@yosugara/operations';
import { type JobUnitBody, JobUnitBodySchema } from '@yosugara/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { JobTotals } from './job-counts.js';
import { JOB_ENGINE, type JobEngine } from './job-engine.js';
import { OpenSessions } from './open-sessions.js';

const BEGAN_MS = Date.UTC(2026, 10, 22);
const WORLD = {
  ...{ isOpen: () => true, nodesOf: () => ['web1'], hasAgent: () => true, nodeJob: () => ({ priority: 16, multiplicity: 0 }) },
  ...{ nodeValue: () => undefined, matches: () => false },
};
const unit: CompiledUnit = compileUnit({
  ...{ id: 'unit', revision: 1, ownerRole: 'ops' },
  body: JobUnitBodySchema.parse({
    ...{ name: 'Unit', timeZone: 'UTC' },
    jobs: [{ type: 'command', id: 'a', facility: 'web1', command: 'true' }],
  }) as JobUnitBody,
});

let totals: JobTotals;
let nowMs = 0;
beforeEach(() => {
  totals = new JobTotals();
  nowMs = BEGAN_MS;
});

/** An engine of which each session is due at once, whatever it was told. @param more what each of its steps brings about. */
function spinning(more: () => Partial<StepOutcome> = () => ({})) {
  const engine: JobEngine = {
    beginSession: (...how) => ({ ...JOB_ENGINE.beginSession(...how), wakeAtMs: nowMs }),
    stepSessionAll: (_, session) => {
      const nothing: StepOutcome = { session, effects: [], wakeAtMs: nowMs, refusal: null };
      return { ...nothing, ...more() };
    },
  };
  const sessions = new OpenSessions(engine, 7 as never, totals);
  const asked = {
    ...{ root: null, trigger: { type: 'manual' as const, id: null, info: '' }, scheduledAtMs: BEGAN_MS, variables: {} },
    ...{ ignoresTimes: false, testCommand: null, premade: false, id: '20261122000000-000' },
  } as const;
  sessions.begin(
    unit,
    asked as never,
    { ownerRole: 'ops', request: null, keepDays: 1 } as never,
    sessions.env(WORLD as never, nowMs),
  );
  sessions.take();
  return sessions;
}

/** As the loop does: all that is due now. @returns how many steps that were, 1000 at most. */
function stepDue(sessions: OpenSessions): number {
  for (let steps = 0; ; steps++) {
    const [session] = sessions.takeDue(nowMs, 1);
    if (session === undefined || steps === 1_000) return steps;
    sessions.step(session, [{ kind: 'tick' }], sessions.env(WORLD as never, nowMs));
  }
}

describe('a session that is due again at once, and nothing came of it', () => {
  it('waits for a second, and others have their turn', () => {
    const sessions = spinning();
    expect(stepDue(sessions)).toBe(1);
    expect(sessions.nextWakeMs()).toBe(nowMs + 1_000);
    nowMs += 1_000;
    expect(stepDue(sessions)).toBe(1);
  });

  it('is told of once, and counted each time', () => {
    const sessions = spinning();
    const told = [0, 1, 2].map(() => {
      stepDue(sessions);
      nowMs += 1_000;
      return sessions.take().results.map(({ sub, item, trigger }) => [sub, item, trigger]);
    });
    expect(told).toEqual([[['session_spins', 'unit', 'internal']], [], []]);
    expect(sessions.counted().spins).toBe(3);
  });

  it('does at once what it hears meanwhile', () => {
    const sessions = spinning();
    stepDue(sessions);
    sessions.step('20261122000000-000', [{ kind: 'resume' }], sessions.env(WORLD as never, nowMs));
    expect(sessions.nextWakeMs()).toBe(nowMs);
  });
});

it('one of which something comes each time is not looked at without end at one instant', () => {
  const line = { job: '', atMs: 0, text: 'again', who: null, from: null, to: null, facility: '' };
  const sessions = spinning(() => ({ effects: [{ kind: 'history', line }] as never }));
  expect(stepDue(sessions)).toBe(100);
  expect(sessions.nextWakeMs()).toBe(nowMs + 1_000);
});

it('one that is due later is left alone', () => {
  const sessions = spinning(() => ({ wakeAtMs: nowMs + 5 }));
  stepDue(sessions);
  expect([sessions.nextWakeMs(), sessions.counted().spins, sessions.take().results]).toEqual([nowMs + 5, 0, []]);
});
