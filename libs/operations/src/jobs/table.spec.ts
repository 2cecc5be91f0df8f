import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { OPERATION_RULES, STATES_OF, whyNot } from './operation-rules.js';
import { isEnded, newNode, newRun } from './states.js';
import type { SessionInput } from './step-types.js';
import { JOB_EVENTS, JOB_TRANSITIONS, transitionFor } from './table.js';
import { command, Desk, endOf, jobnet, SPOOL, unitOf } from './testing/desk.js';
import { operationTable, transitionTable } from './testing/tables.js';
import { JOB_OPERATIONS, JOB_STATES, type JobOperation, type JobRun, type JobSession, type JobState } from './types.js';

const unit = unitOf([
  command('a', { queue: 'q' }),
  { type: 'approval', id: 'ok', role: 'ops', sentence: '?' },
  jobnet('net', [command('in')]),
]);
const ref = { job: 'a', facility: 'web1', attempt: 1 };
const place = { of: 'queue', id: 'q', session: '20261122010000-000', job: 'a' } as const;

/** A job as it is in that state, as the engine would leave it. */
function runIn(job: string, state: JobState): JobRun {
  const isUnderWay = state === 'running' || state === 'stopping' || state === 'suspended';
  const began = isUnderWay || state === 'ended' || state === 'stopped' || state === 'error' || state === 'modified';
  const node = { ...newNode('web1', 1), epoch: 7, claimedAtMs: 1, spool: SPOOL, startedAtMs: 1 };
  const nodeState = isUnderWay ? 'running' : state === 'error' ? 'unknown' : 'ended';
  return {
    ...newRun(job),
    ...{ state, startedAtMs: began ? 1 : null, runs: 1, queuedAtMs: state === 'queued' ? 1 : null },
    ...(isEnded(state) ? { endStatus: 'normal', endValue: 0, endedAtMs: 2 } : {}),
    nodes:
      job !== 'net' && job !== 'ok' && began
        ? [{ ...node, state: nodeState, returnValue: nodeState === 'ended' ? 0 : null }]
        : [],
  };
}

function deskWith(job: string, state: JobState): Desk {
  const desk = new Desk(unit);
  const jobs = new Map(desk.session.jobs).set(job, runIn(job, state));
  if (job === 'net')
    jobs.set(
      'in',
      runIn(
        'in',
        state === 'running' || state === 'suspended' || state === 'stopping' ? state : isEnded(state) ? 'ended' : 'waiting',
      ),
    );
  desk.session = { ...desk.session, jobs };
  return desk;
}

const INPUTS: readonly SessionInput[] = [
  { kind: 'tick' },
  { kind: 'resume' },
  { kind: 'agent-here', facility: 'web1', spool: SPOOL },
  { kind: 'agent-here', facility: 'web1', spool: 'b'.repeat(32) },
  { kind: 'agent-silent', facility: 'web1' },
  { kind: 'start-check', ...ref, spool: SPOOL, epoch: 7, nonce: 'n' },
  { kind: 'run-started', ...ref, atMs: 5 },
  { kind: 'run-refused', ...ref, why: 'old' },
  { kind: 'run-state', ...ref, spool: SPOOL, state: 'never' },
  { kind: 'run-state', ...ref, spool: SPOOL, state: 'running' },
  ...(['exited', 'signal', 'stopped', 'timeout', 'not-started', 'lost'] as const).map(
    (outcome) =>
      ({ kind: 'run-ended', ...ref, end: endOf({ nowMs: 9 }, ref, { outcome, code: outcome === 'exited' ? 0 : null }) }) as const,
  ),
  { kind: 'granted', place },
  { kind: 'refused', place },
  { kind: 'past-end' },
  { kind: 'linked', message: { id: 'm', messageId: 'm', message: '', priority: 'info', values: {}, atMs: 1 } },
  { kind: 'link-sent', job: 'a', attempt: 1, ok: true, why: '' },
  { kind: 'file-seen', ...ref, directory: '/', name: 'f', sizeBytes: 1, modifiedAtMs: 1 },
  { kind: 'monitor-result', ...ref, priority: 'info', message: '' },
  { kind: 'transfer-ended', ...ref, ok: true, why: '', away: false },
  { kind: 'transfer-progress', ...ref, message: 'half' },
];

/** Every change of state of that step, as the history has it, is a row of the table. */
function movesOf(desk: Desk): readonly string[] {
  return desk
    .of('history')
    .flatMap(({ line: { job, from, to } }) => (from === null || to === null ? [] : [`${job} ${from} ${to}`]));
}

function expectRows(desk: Desk): void {
  for (const move of movesOf(desk)) {
    const [job, from, to] = move.split(' ') as [string, JobState, JobState];
    const of = job === '' ? 'session' : 'job';
    const rows = [...JOB_EVENTS, ...JOB_OPERATIONS].filter((on) => transitionFor(of, on, from, to) !== undefined);
    expect(rows, move).not.toEqual([]);
  }
}

describe('whatever happens to a job in whatever state', () => {
  const cases = ['a', 'ok', 'net'].flatMap((job) =>
    JOB_STATES.filter((state) => state !== 'scheduled').map((state) => [job, state] as const),
  );

  it.each(cases)('%s %s: moves are rows of the table, and what means nothing to it changes nothing', (job, state) => {
    for (const input of INPUTS) {
      const desk = deskWith(job, state);
      const before = desk.session;
      desk.step(input);
      expectRows(desk);
      const kept =
        desk.session === before ||
        [...desk.session.jobs].some(([id, run]) => run !== before.jobs.get(id)) ||
        desk.session.state !== before.state ||
        desk.session.variables !== before.variables;
      expect(kept, `${input.kind} makes a new session of the same`).toBe(true);
    }
  });

  it.each(cases)('%s %s: each operation is done where the table has it, and refused with a reason elsewhere', (job, state) => {
    const level = job === 'net' ? 'jobnet' : 'job';
    for (const operation of JOB_OPERATIONS) {
      const desk = deskWith(job, state);
      const before = desk.session;
      desk.operate(operation, job);
      expectRows(desk);
      const not = whyNot(operation, level, state);
      if (not !== null) {
        expect([desk.refusal, desk.session === before], operation).toEqual([not, true]);
        continue;
      }
      if ((operation === 'approve' || operation === 'deny') && job !== 'ok') expect(desk.refusal).toContain('asks nobody');
      else {
        expect(desk.refusal, operation).toBe(null);
        const first = movesOf(desk).find((move) => move.startsWith(`${job} ${state} `));
        expect(first, operation).toBeDefined();
        expect(transitionFor('job', operation, state, first!.split(' ')[2] as JobState), operation).toBeDefined();
      }
    }
  });
});

describe('whatever happens to a session in whatever state', () => {
  const states = [
    'scheduled',
    'held',
    'skipped',
    'running',
    'stopping',
    'stopped',
    'suspended',
    'ended',
    'modified',
    'ended-skip',
  ] as const;
  const deskIn = (state: JobState): Desk => {
    const desk = new Desk(
      unit,
      state === 'scheduled' || state === 'held' || state === 'skipped' ? { premade: true, scheduledAtMs: Date.UTC(2027, 0) } : {},
    );
    const ended = isEnded(state) ? ({ endStatus: 'normal', endValue: 0, endedAtMs: 5 } as const) : {};
    const jobs: JobSession['jobs'] =
      isEnded(state) || state === 'stopped'
        ? new Map([...desk.session.jobs.keys()].map((id) => [id, runIn(id, 'ended')]))
        : desk.session.jobs;
    desk.session = { ...desk.session, state, jobs, ...ended };
    return desk;
  };

  it.each(states)('%s: each operation is done where the table has it, and refused with a reason elsewhere', (state) => {
    for (const operation of JOB_OPERATIONS) {
      const desk = deskIn(state);
      const before = desk.session;
      desk.operate(operation, null);
      expectRows(desk);
      const not = whyNot(operation, 'session', state);
      if (not === null) expect(desk.session.state, operation).not.toBe(state === 'modified' ? 'x' : state);
      else expect([desk.refusal, desk.session === before], operation).toEqual([not, true]);
    }
  });

  it.each(states)('%s: moves are rows of the table', (state) => {
    for (const input of INPUTS) {
      const desk = deskIn(state);
      desk.step(input);
      expectRows(desk);
    }
  });
});

describe('operations', () => {
  it('have a rule for each level that they are possible at, with states of that level', () => {
    for (const { operation, level, states, elsewhere } of OPERATION_RULES) {
      expect(states.length, `${operation} ${level}`).toBeGreaterThan(0);
      for (const state of states) expect(STATES_OF[level]).toContain(state);
      expect(elsewhere).not.toBe('');
    }
    const named = new Set<JobOperation>(OPERATION_RULES.map(({ operation }) => operation));
    expect([...named].sort()).toEqual([...JOB_OPERATIONS].sort());
  });

  it('let every state that is no end be left', () => {
    const left = new Set(JOB_TRANSITIONS.filter(({ of }) => of !== 'session').flatMap(({ from }) => from));
    for (const state of JOB_STATES) if (state !== 'scheduled') expect(left.has(state), state).toBe(true);
  });

  it('and transitions reach every state', () => {
    const reached = new Set(JOB_TRANSITIONS.flatMap(({ to }) => to));
    expect(JOB_STATES.filter((state) => !reached.has(state))).toEqual([]);
  });
});

describe('docs/jobs.md (YOSUGARA_WRITE_DOCS=1 writes it)', () => {
  const PAGE = new URL('../../../../docs/jobs.md', import.meta.url);
  it.each([
    ['transitions', transitionTable],
    ['operations', operationTable],
  ])('has the table of %s', (name, table) => {
    const page = readFileSync(PAGE, 'utf8');
    const part = new RegExp(`(<!-- ${name}: made by [^>]*-->\\n)[^]*?(<!-- /${name} -->)`);
    expect(page).toMatch(part);
    const wanted = page.replace(part, (_, begin: string, end: string) => `${begin}${table()}\n${end}`);
    if (process.env['YOSUGARA_WRITE_DOCS'] === '1') writeFileSync(PAGE, wanted);
    else expect(page).toBe(wanted);
  });
});
