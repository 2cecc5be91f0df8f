import { runIdOf } from '@yosugara/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { whyNot } from './operation-rules.js';
import { isAhead, isEnded, isUnderWay } from './states.js';
import type { RunRef, SessionInput } from './step-types.js';
import { transitionFor } from './table.js';
import { ALL_KINDS, COMMANDS, jobsOf } from './testing/arbitrary.js';
import { Desk, endOf, MINUTE, SPOOL, unitOf } from './testing/desk.js';
import { JOB_OPERATIONS, type JobSession } from './types.js';

/** Of each property; without it as many as are over in seconds. `JOB_WALKS=30000 npx vitest run --testTimeout 0 <this file>` */
const RUNS = Number(process.env['JOB_WALKS'] ?? 0);

/** Numbers that another order of what came in may draw otherwise. */
const withoutNumbers = (session: JobSession) => ({
  ...session,
  jobs: [...session.jobs.values()].map(({ runs: _, nodes, ...run }) => ({
    ...run,
    nodes: nodes.map(({ attempt: __, ...node }) => node),
  })),
});

/** What the n-th run of a job on a node comes to. */
function endingOf(
  codes: readonly number[],
  { job, facility }: RunRef,
  nth: number,
): { readonly outcome: 'exited' | 'lost'; readonly code: number } {
  const place = [...job, ...facility].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7) + nth;
  const code = codes[place % codes.length]!;
  return { outcome: code < 0 ? 'lost' : 'exited', code };
}

/** Places are there for everybody, and each run says what it has to say, in its own order; `next` says whose turn it is, and what is said again. */
function play(desk: Desk, codes: readonly number[], next: (most: number) => number): JobSession {
  const ready: SessionInput[][] = [];
  const said: SessionInput[] = [];
  const known = new Set<string>();
  const counts = new Map<string, number>();
  const look = () => {
    for (const effect of desk.effects) {
      if (effect.kind === 'want-place' && !effect.want.has) ready.push([{ kind: 'granted', place: effect.want.key }]);
      if (effect.kind !== 'claim' || known.has(effect.instruction.run)) continue;
      known.add(effect.instruction.run);
      const { job, facility, attempt } = effect;
      const ref = { job, facility, attempt };
      const nth = counts.get(`${job}/${facility}`) ?? 0;
      counts.set(`${job}/${facility}`, nth + 1);
      ready.push([
        { kind: 'start-check', ...ref, spool: SPOOL, epoch: desk.epoch, nonce: 'n' },
        { kind: 'run-started', ...ref, atMs: desk.nowMs },
        { kind: 'run-ended', ...ref, end: endOf(desk, ref, endingOf(codes, ref, nth)) },
      ]);
    }
  };
  look();
  for (let guard = 0; ready.length > 0 && guard < 5_000; guard++) {
    const at = next(ready.length + 3);
    // What was said before, once more; a new Master; an agent that comes again.
    if (at === ready.length && said.length > 0) desk.step(said[next(said.length)]!);
    else if (at === ready.length + 1) desk.step({ kind: 'resume' });
    else if (at === ready.length + 2) desk.step({ kind: 'agent-here', facility: 'web1', spool: SPOOL });
    else {
      const chain = ready[at % ready.length]!;
      const input = chain.shift()!;
      if (chain.length === 0) ready.splice(at % ready.length, 1);
      said.push(input);
      desk.step(input);
    }
    look();
  }
  return desk.session;
}

describe('whatever comes twice, late, or in another order', () => {
  it('a session has the same end', () => {
    fc.assert(
      fc.property(
        jobsOf(COMMANDS),
        fc.array(fc.constantFrom(0, 0, 0, 1, 2, -1), { minLength: 3, maxLength: 12 }),
        fc.infiniteStream(fc.nat(1_000_000)),
        (jobs, codes, stream) => {
          const unit = unitOf(jobs);
          const straight = play(new Desk(unit), codes, () => 0);
          const shuffled = play(new Desk(unit), codes, (most) => stream.next().value % most);
          expect(withoutNumbers(shuffled)).toEqual(withoutNumbers(straight));
        },
      ),
      { numRuns: RUNS || 300 },
    );
  });
});

/** Anything that may come in, of what is there or not. */
function anything(desk: Desk, pick: (most: number) => number): SessionInput | 'time' {
  const of = <T>(list: readonly T[]): T => list[pick(list.length)]!;
  const runs = [...desk.session.jobs.values()];
  const run = of(runs);
  const node = run.nodes.length > 0 && pick(8) > 0 ? of(run.nodes) : { facility: of(['web1', 'web2', '']), attempt: pick(3) };
  const ref = { job: run.job, facility: node.facility, attempt: pick(8) === 0 ? pick(4) : node.attempt };
  const spool = pick(6) === 0 ? 'b'.repeat(32) : SPOOL;
  const place = { session: desk.session.id, job: run.job };
  const kind = pick(24);
  if (kind < 8) {
    const operation = of(JOB_OPERATIONS);
    const job = pick(5) === 0 ? null : run.job;
    const facility = job !== null && pick(4) === 0 ? node.facility : null;
    const end = pick(2) === 0 ? null : { status: of(['normal', 'abnormal'] as const), value: pick(3) };
    return { kind: 'operate', operation, job, facility, who: 'ada', end };
  }
  return of<() => SessionInput | 'time'>([
    () => 'time',
    () => ({ kind: 'tick' }),
    () => ({ kind: 'resume' }),
    () => ({ kind: 'past-end' }),
    () => ({ kind: 'agent-here', facility: of(['web1', 'web2']), spool }),
    () => ({ kind: 'agent-silent', facility: 'web1' }),
    () => ({ kind: 'start-check', ...ref, spool, epoch: desk.epoch, nonce: 'n' }),
    () => ({ kind: 'start-check', ...ref, spool, epoch: desk.epoch, nonce: 'n' }),
    () => ({ kind: 'run-started', ...ref, atMs: desk.nowMs }),
    () => ({
      kind: 'run-ended',
      ...ref,
      end: endOf(desk, ref, { code: pick(3), outcome: of(['exited', 'exited', 'lost', 'not-started', 'stopped']) }),
    }),
    () => ({ kind: 'run-ended', ...ref, end: endOf(desk, ref, { code: pick(3) }) }),
    () => ({ kind: 'run-refused', ...ref, why: 'old' }),
    () => ({ kind: 'run-state', ...ref, spool, state: of(['never', 'taken', 'running', 'ended']) }),
    () => ({ kind: of(['granted', 'granted', 'refused']), place: { of: 'queue', id: 'q1', ...place } }),
    () => ({ kind: 'granted', place: { of: 'node', id: node.facility, ...place } }),
    () => ({ kind: 'file-seen', ...ref, directory: '/in', name: 'f', sizeBytes: 1, modifiedAtMs: 1 }),
    () => ({ kind: 'monitor-result', ...ref, priority: of(['info', 'warning', 'critical', 'unknown']), message: '' }),
    () => ({ kind: 'linked', message: { id: 'x', messageId: 'm', message: '', priority: 'info', values: {}, atMs: desk.nowMs } }),
    () => ({ kind: 'link-sent', job: run.job, attempt: ref.attempt, ok: pick(2) === 0, why: '' }),
    () => ({
      kind: 'transfer-listed',
      ...ref,
      files: pick(3) === 0 ? [] : [{ name: 'f', sizeBytes: 1, mode: 0o644 }],
      why: null,
      away: pick(3) === 0,
    }),
    () => ({ kind: 'transfer-ended', ...ref, ok: pick(3) > 0, why: '', away: pick(3) === 0 }),
  ])();
}

const refOf = ({ job, facility, attempt }: RunRef): RunRef => ({ job, facility, attempt });

/** What was seen of a session's runs, by their ids. */
interface RunMemory {
  readonly allowed: Map<string, string>;
  readonly ended: Set<string>;
}
const memories = new WeakMap<Desk, RunMemory>();
function memoryOf(desk: Desk): RunMemory {
  const known = memories.get(desk) ?? { allowed: new Map(), ended: new Set() };
  memories.set(desk, known);
  return known;
}

const walks = fc.record({
  jobs: jobsOf(ALL_KINDS),
  limits: fc.constantFrom(0, 0, 1),
  stream: fc.infiniteStream(fc.nat(1_000_000)),
});

/** Looked at after each step of a walk in which anything may happen. */
type Look = (desk: Desk, before: JobSession, input: SessionInput) => void;

/** An agent says nothing of a run that it was never told of, and of one that it was not let launch only that it did not start. */
function isPossible(desk: Desk, input: SessionInput): boolean {
  if (input.kind !== 'run-ended' && input.kind !== 'run-started' && input.kind !== 'run-state') return true;
  const isOf = (effect: { readonly job: string; readonly facility: string; readonly attempt: number }) =>
    effect.job === input.job && effect.facility === input.facility && effect.attempt === input.attempt;
  if (!desk.of('claim', desk.all).some(isOf)) return false;
  const wasLet = desk.of('start-answer', desk.all).some((effect) => effect.go && isOf(effect));
  if (input.kind === 'run-ended') return wasLet || input.end.outcome === 'not-started';
  return wasLet || (input.kind === 'run-state' && input.state !== 'running');
}

function walk(look: Look, numRuns: number): void {
  fc.assert(
    fc.property(walks, ({ jobs, limits, stream }) => {
      const pick = (most: number) => stream.next().value % most;
      const desk = new Desk(unitOf(jobs), {}, (each) => each.nodeJobs.set('web2', { priority: 20, multiplicity: limits }));
      const said: string[] = [];
      for (let steps = 0; steps < 120; steps++) {
        const input = anything(desk, pick);
        if (input === 'time') {
          desk.nowMs += pick(3) * MINUTE;
          if (pick(4) === 0) desk.epoch++;
          continue;
        }
        if (!isPossible(desk, input)) continue;
        const before = desk.session;
        said.push(`${desk.nowMs} ${JSON.stringify(input)}`);
        try {
          look(desk.step(input), before, input);
        } catch (error) {
          throw new Error(`after ${said.slice(-6).join('\n')}`, { cause: error });
        }
      }
    }),
    { numRuns: RUNS || numRuns },
  );
}

describe('whatever happens, in any state', () => {
  it('no operation is done that the table refuses, and one that is refused changes nothing', () =>
    walk((desk, before, input) => {
      if (input.kind !== 'operate') return;
      const { operation, job, facility } = input;
      // Time may have passed since: what was due is done first, so that only with nothing due the state is the one before.
      const due = desk.of('history').some(({ line }) => line.who === null && line.from !== null);
      if (due) return;
      const isNet = job !== null && desk.unit.jobs.get(job)!.body.type === 'jobnet';
      const level = facility !== null ? 'node' : job === null ? 'session' : isNet ? 'jobnet' : 'job';
      const run = job === null ? null : before.jobs.get(job)!;
      const state = facility !== null ? run!.nodes.find((node) => node.facility === facility)?.state : (run ?? before).state;
      const not = state === undefined ? 'there is no such node' : whyNot(operation, level, state);
      if (not !== null) expect(desk.refusal, `${operation} of a ${level} that is ${state}`).not.toBeNull();
      if (desk.refusal !== null) expect(desk.of('history').filter(({ line }) => line.who !== null)).toEqual([]);
    }, 300));

  it('every change of a state is one that the table has', () =>
    walk((desk, before) => {
      for (const { line } of desk.of('history')) {
        if (line.from === null || line.to === null) continue;
        const kind = line.job === '' ? 'session' : 'job';
        const events = EVENTS.filter((on) => transitionFor(kind, on, line.from!, line.to!) !== undefined);
        expect(events, `${kind} from ${line.from} to ${line.to}`).not.toEqual([]);
      }
      const { session } = desk;
      expect(session.endedAtMs !== null, `a session that is ${session.state}`).toBe(
        session.endStatus !== null && session.state !== 'skipped',
      );
      expect(session.jobs.size).toBe(before.jobs.size);
    }, 200));

  it('nothing of a session or jobnet that is at rest, or whose turn has not come, is under way', () =>
    walk((desk) => {
      for (const { job, state } of desk.session.jobs.values()) {
        const around = [desk.session.state, ...desk.unit.jobs.get(job)!.within.map((net) => desk.run(net).state)];
        const isAtRest = around.some((each) => isEnded(each) || each === 'stopped' || isAhead(each));
        expect(isAtRest && isUnderWay(state), `${job} is ${state} in ${around.join(', ')}`).toBe(false);
      }
    }, 300));

  it('no run that is over is told to begin, and one that was let launch is let launch nowhere else', () =>
    walk((desk, _, input) => {
      const runOf = (ref: RunRef) => runIdOf({ session: desk.session.id, unit: desk.unit.id, ...refOf(ref) });
      const { allowed, ended } = memoryOf(desk);
      for (const effect of desk.effects) {
        if (effect.kind === 'claim') {
          expect(ended.has(effect.instruction.run), `${effect.instruction.run} was over`).toBe(false);
          expect(allowed.has(effect.instruction.run), `${effect.instruction.run} may have begun`).toBe(false);
        }
        if (effect.kind === 'start-answer' && effect.go && input.kind === 'start-check') {
          const run = runOf(effect);
          const told = desk.of('claim', desk.all).some(({ instruction }) => instruction.run === run);
          expect(told, `${run} was never told to begin`).toBe(true);
          expect(allowed.get(run) ?? input.spool, `${run} was let launch elsewhere`).toBe(input.spool);
          expect(ended.has(run), `${run} was over`).toBe(false);
          allowed.set(run, input.spool);
        }
      }
      if (input.kind === 'run-ended') ended.add(runOf(input));
      for (const { job, runs, nodes } of desk.session.jobs.values())
        for (const { attempt, facility } of nodes) expect(attempt, `${job} on ${facility}`).toBeLessThanOrEqual(runs);
    }, 300));

  it('what is due by time wakes it: nothing waits for a tick that nobody asks for', () =>
    walk((desk) => {
      // A step with nothing new at the very time changes nothing more, unless it was asked for.
      const { session, wakeAtMs, nowMs } = desk;
      if (wakeAtMs !== null && wakeAtMs <= nowMs) return;
      const again = desk.step({ kind: 'tick' });
      expect(again.session).toBe(session);
      expect(again.wakeAtMs).toBe(wakeAtMs);
    }, 200));
});

const EVENTS = [
  ...['due', 'begin', 'queue', 'grant', 'full', 'skip-turn', 'closed', 'unmatched', 'excluded', 'late-start', 'late-end', 'over'],
  ...['halted', 'unknown', 'known', 'within-again', 'around-again'],
  ...JOB_OPERATIONS,
] as const as readonly Parameters<typeof transitionFor>[1][];
