import { assertNever, invariant } from '@yosugara/kernel';
import { granted, queueFull, queueWant, settle } from './advance.js';
import { linked, linkSent, sendLink } from './asking.js';
import type { CompiledUnit } from './compiled.js';
import { Draft, SESSION } from './draft.js';
import { firstState, nodeKey, placePriorityOf, queueOf } from './ending.js';
import { fileSeen, monitorResult, runMonitors, watchFiles } from './leaves.js';
import { agentHere, agentSilent, runEnded, runRefused, runStarted, runState, startCheck } from './news.js';
import { claim, patchNode } from './nodes.js';
import { operate } from './operate.js';
import { openSession } from './operate-session.js';
import { hasMark, isEnded, isOut, newRun } from './states.js';
import type { JobEnv, NewSession, PlaceKey, SessionInput, StepOutcome } from './step-types.js';
import { nextTimeMs, passTime } from './timers.js';
import { resumeTransfer, transferEnded, transferListed, transferProgress } from './transfer.js';
import type { JobRun, JobSession } from './types.js';

/** What becomes of a session by one thing that happened to it. Same inputs, same answer. */
export function stepSession(unit: CompiledUnit, session: JobSession, input: SessionInput, env: JobEnv): StepOutcome {
  return stepSessionAll(unit, session, [input], env);
}

/** The same for several in a row, at the price of one: effects in their order; `refusal` of the last `operate`. */
export function stepSessionAll(
  unit: CompiledUnit,
  session: JobSession,
  inputs: readonly SessionInput[],
  env: JobEnv,
): StepOutcome {
  const draft = new Draft(unit, session, env);
  // Whatever happens: what is due by now is done before it, so that no time is passed over.
  passTime(draft);
  settle(draft);
  for (const input of inputs) {
    happen(draft, input);
    settle(draft);
  }
  return outcome(draft);
}

const outcome = (draft: Draft): StepOutcome => ({
  session: draft.result(),
  effects: draft.effects,
  wakeAtMs: nextTimeMs(draft),
  refusal: draft.refusal,
});

/** When it wants a `tick`: of sessions that were just read. */
export const wakeOf = (unit: CompiledUnit, session: JobSession, env: JobEnv): number | null =>
  nextTimeMs(new Draft(unit, session, env));

/** A session that begins now, or is made beforehand, with the effects of what starts at once. Of a unit without mistakes. */
export function beginSession(unit: CompiledUnit, asked: NewSession, env: JobEnv): StepOutcome {
  const { id, root, trigger, scheduledAtMs, variables, ignoresTimes, testCommand, premade } = asked;
  invariant(unit.mistakes.length === 0, `unit ${unit.id} can run: ${unit.mistakes[0]}`);
  invariant(root === null || unit.jobs.has(root), `job ${root} is one of unit ${unit.id}`);
  const jobs = new Map<string, JobRun>();
  for (const job of unit.jobs.values())
    if (root === null || job.id === root || job.within.includes(root))
      // Who starts a job by hand wants it to run.
      jobs.set(job.id, { ...newRun(job.id), state: job.id === root ? 'waiting' : firstState(job.body) });
  const session: JobSession = {
    ...{ id, unit: unit.id, revision: unit.revision, root, trigger, scheduledAtMs, startedAtMs: premade ? null : env.nowMs },
    ...{ endedAtMs: null, state: premade ? 'scheduled' : 'running', endStatus: null, endValue: null },
    ...{ variables: { ...unit.body.variables, ...variables }, jobs, ignoresTimes, testCommand },
  };
  const draft = new Draft(unit, session, env);
  draft.history(SESSION, `begun by ${trigger.type}${trigger.info === '' ? '' : `: ${trigger.info}`}`, { to: session.state });
  if (!premade) openSession(draft);
  passTime(draft);
  settle(draft);
  return outcome(draft);
}

function happen(draft: Draft, input: SessionInput): void {
  switch (input.kind) {
    case 'tick':
      return;
    case 'resume':
      return resume(draft);
    case 'agent-here':
      return agentHere(draft, input);
    case 'agent-silent':
      return agentSilent(draft, input.facility);
    case 'start-check':
      return startCheck(draft, input);
    case 'run-started':
      return runStarted(draft, input);
    case 'run-ended':
      return runEnded(draft, input);
    case 'run-refused':
      return runRefused(draft, input);
    case 'run-state':
      return runState(draft, input);
    case 'operate':
      return operate(draft, input);
    case 'granted':
    case 'refused':
      return placed(draft, input.place, input.kind);
    case 'file-seen':
      return fileSeen(draft, input);
    case 'monitor-result':
      return monitorResult(draft, input);
    case 'linked':
      return linked(draft, input.message);
    case 'link-sent':
      return linkSent(draft, input);
    case 'transfer-listed':
      return transferListed(draft, input);
    case 'transfer-ended':
      return transferEnded(draft, input);
    case 'transfer-progress':
      return transferProgress(draft, input);
    case 'past-end':
      for (const [id, { state }] of draft.jobs) if (state === 'waiting' || state === 'skipped') draft.touch(id);
      return;
    default:
      assertNever(input);
  }
}

function placed(draft: Draft, place: PlaceKey, answer: 'granted' | 'refused'): void {
  const run = draft.jobs.get(place.job);
  const isWanted =
    place.of === 'queue'
      ? run?.state === 'queued'
      : run?.nodes.some(({ facility, state }) => facility === place.id && state === 'queued');
  if (run === undefined || !isWanted) {
    // Nobody waits for it any more: whoever is next shall have it.
    if (answer === 'granted' && !holds(run, place)) draft.effects.push({ kind: 'leave-place', key: place });
    return;
  }
  if (place.of === 'queue') return answer === 'granted' ? granted(draft, place.job) : queueFull(draft, place.job);
  const { body } = draft.job(place.job);
  if (body.type !== 'command') return;
  if (answer === 'granted') {
    if (run.state === 'running' && draft.isOpen(draft.parentOf(place.job))) return claim(draft, place.job, body, place.id);
    // It keeps the place, and starts there when it goes on.
    return patchNode(draft, place.job, place.id, { state: 'waiting' });
  }
  const multiplicity = body.multiplicity!;
  const message = `as many commands as it may have run on ${place.id} already`;
  patchNode(draft, place.job, place.id, {
    ...{ state: 'not-started', returnValue: multiplicity.value, endedAtMs: draft.env.nowMs, queuedAtMs: null, message },
  });
  draft.history(place.job, message, { facility: place.id });
  draft.tell(
    place.job,
    `multiplicity ${place.id}`,
    multiplicity.notify,
    `Job ${place.job} of session ${draft.session.id}: ${message}.`,
    { which: `:${run.runs}` },
  );
  draft.touch(place.job);
}

const holds = (run: JobRun | undefined, place: PlaceKey): boolean =>
  run !== undefined &&
  (place.of === 'queue'
    ? hasMark(run, 'place')
    : run.nodes.some((node) => node.facility === place.id && node.queuedAtMs !== null));

/** Said once more by a new Master: it knows of places, tasks and questions only what sessions say. Claims wait for their agents. */
function resume(draft: Draft): void {
  if (isEnded(draft.session.state)) return;
  for (const [id, run] of draft.jobs) {
    const queue = run.queuedAtMs === null ? null : queueOf(draft, id);
    if (queue !== null) draft.effects.push({ kind: 'want-place', want: queueWant(draft, id, queue, hasMark(run, 'place')) });
    if (run.nodes.length > 0) resumeNodes(draft, id, run);
    // The one before may have gone before it could say that the session ended that this one waits for.
    if ((run.state === 'waiting' || run.state === 'skipped') && draft.unit.crossUnits.size > 0) draft.touch(id);
    if (run.state !== 'running') continue;
    const { body } = draft.job(id);
    if (body.type === 'file-check') watchFiles(draft, id, body);
    else if (body.type === 'monitor') runMonitors(draft, id, body);
    else if (body.type === 'link-send') sendLink(draft, id, body);
    else if (body.type === 'file-transfer') resumeTransfer(draft, id, body);
    else draft.touch(id);
  }
}

function resumeNodes(draft: Draft, id: string, run: JobRun): void {
  const { body } = draft.job(id);
  if (body.type !== 'command') return;
  const waits = body.multiplicity?.over !== 'end';
  for (const node of run.nodes) {
    const { facility, attempt, queuedAtMs, state } = node;
    if (queuedAtMs !== null) {
      const has = state !== 'queued';
      const within = [...draft.withinOf(id)];
      draft.effects.push({
        kind: 'want-place',
        want: {
          key: nodeKey(draft, id, facility),
          priority: placePriorityOf(draft, id),
          sinceMs: queuedAtMs,
          has,
          waits,
          within,
        },
      });
    }
    // What was claimed is told again when its agent is there: it says hello to every new Master.
    if (isOut(node) && state === 'claimed' && node.spool === null) claim(draft, id, body, facility);
    else if (state === 'stopping') draft.effects.push({ kind: 'stop', job: id, facility, attempt, how: 'command' });
  }
}
