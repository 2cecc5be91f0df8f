import { type JobOf, PRIORITIES, type RunEnd } from '@yosugara/protocol';
import type { Draft } from './draft.js';
import { end, leaveNodes } from './ending.js';
import { claim, nextAttempt, nodeOf, patchNode } from './nodes.js';
import { statusOf } from './numbers.js';
import { isOut } from './states.js';
import type { RunRef, SessionInput } from './step-types.js';
import { ASK_MS } from './times.js';
import type { JobRun, JobState, NodeRun } from './types.js';
import { delayAfter } from './unstarted.js';

type InputOf<Kind extends SessionInput['kind']> = Extract<SessionInput, { kind: Kind }>;

/** The command job and the node that a run is of, while it is the newest one there. */
function current(
  draft: Draft,
  ref: RunRef,
): { readonly run: JobRun; readonly node: NodeRun; readonly body: JobOf<'command'> } | null {
  const run = draft.jobs.get(ref.job);
  const node = nodeOf(run, ref.facility, ref.attempt);
  const body = run === undefined ? undefined : draft.job(ref.job).body;
  return run === undefined || node === undefined || body?.type !== 'command' ? null : { run, node, body };
}

/** Said to the agent that is there: only a claim that nobody was let launch may be told again. */
export function agentHere(draft: Draft, { facility, spool }: InputOf<'agent-here'>): void {
  for (const [id, { nodes }] of draft.jobs)
    for (const node of nodes) if (node.facility === facility && isOut(node)) agentHas(draft, id, node, spool);
}

function agentHas(draft: Draft, id: string, node: NodeRun, spool: string): void {
  const { body } = draft.job(id);
  if (body.type !== 'command') return;
  const { facility, attempt } = node;
  const ref = { job: id, facility, attempt };
  if (node.spool !== null && node.spool !== spool) {
    becomeUnknown(draft, ref, 'the agent has another disk than the one that was let run it: nobody knows what became of it');
  } else if (node.state === 'stopping') draft.effects.push({ kind: 'stop', ...ref, how: 'command' });
  else if (node.state === 'claimed' && node.spool === null) claim(draft, id, body, facility);
}

/** A run is lost to us: never sent again. */
function becomeUnknown(draft: Draft, { job, facility, attempt }: RunRef, message: string): void {
  leaveNodes(draft, job, (node) => node.facility === facility);
  patchNode(draft, job, facility, { state: 'unknown', endedAtMs: draft.env.nowMs, message });
  draft.history(job, message, { facility });
  const { notify } = draft.job(job).body;
  draft.tell(
    job,
    `unknown ${facility}`,
    notify.abnormal,
    `Job ${job} of session ${draft.session.id} on ${facility}: ${message}.`,
    { which: `:${attempt}` },
  );
  draft.touch(job);
}

/**
 * May it be launched? The answer leaves when this step is stored, so that whoever is Master no more cannot give one. The disk that was let
 * launch it is remembered: that one knows whether it did, and no other one is ever let.
 */
export function startCheck(draft: Draft, input: InputOf<'start-check'>): void {
  const { job, facility, attempt, nonce, spool } = input;
  const why = refusalOf(draft, input);
  if (why === null) patchNode(draft, job, facility, { spool, epoch: draft.env.epoch });
  const answer = { go: why === null, why: why ?? '', nonce };
  draft.effects.push({ kind: 'start-answer', job, facility, attempt, ...answer });
}

function refusalOf(draft: Draft, { spool, epoch, ...ref }: InputOf<'start-check'>): string | null {
  const found = current(draft, ref);
  if (epoch > draft.env.epoch)
    return `it was told to start in epoch ${epoch}, and this is the Master of epoch ${draft.env.epoch}`;
  if (found === null) return 'no such run is wanted (any more)';
  if (found.node.state !== 'claimed') return `the run is ${found.node.state} already`;
  if (found.run.state !== 'running' && found.run.state !== 'suspended') return `the job is ${found.run.state}`;
  return found.node.spool === null || found.node.spool === spool ? null : 'another disk of this agent was let run it';
}

export function runStarted(draft: Draft, { atMs, ...ref }: InputOf<'run-started'>): void {
  const found = current(draft, ref);
  if (found === null || found.node.state !== 'claimed') return;
  patchNode(draft, ref.job, ref.facility, { state: 'running', startedAtMs: atMs });
}

/** It did not start: by an epoch that is over. What is still wanted is told again when the agent is there, or asked. */
export function runRefused(draft: Draft, { why, ...ref }: InputOf<'run-refused'>): void {
  const found = current(draft, ref);
  if (found?.node.state !== 'claimed' || found.node.message === why) return;
  patchNode(draft, ref.job, ref.facility, { message: why });
  draft.history(ref.job, `the agent refused it: ${why}`, { facility: ref.facility });
}

export function runState(draft: Draft, { spool, state, ...ref }: InputOf<'run-state'>): void {
  const found = current(draft, ref);
  if (found === null || !isOut(found.node)) return;
  const { node, body } = found;
  if (node.spool !== null && node.spool !== spool) return agentHas(draft, ref.job, node, spool);
  if (state === 'running' && node.state === 'claimed')
    return patchNode(draft, ref.job, ref.facility, { state: 'running', startedAtMs: draft.env.nowMs });
  if (state !== 'never') return;
  // The disk that was let launch it and has never heard of it is not what it was.
  if (node.spool !== null) becomeUnknown(draft, ref, 'its agent does not know of it any more');
  else if (node.state === 'claimed') claim(draft, ref.job, body, ref.facility);
}

export function agentSilent(draft: Draft, facility: string): void {
  const message = 'its agent does not answer';
  for (const [id, { nodes }] of draft.jobs)
    for (const node of nodes)
      if (node.facility === facility && node.state === 'claimed' && node.message === '')
        patchNode(draft, id, facility, { message });
}

/** Of nodes that were told to start and have not said that they did: once a minute. */
export function askAgents(draft: Draft, id: string, body: JobOf<'command'>): void {
  const { nowMs } = draft.env;
  for (const node of draft.run(id).nodes) {
    const atMs = askAtMs(node, body);
    if (atMs === null || nowMs < atMs) continue;
    const { facility, attempt } = node;
    const asked = Math.max(node.asked + 1, Math.floor((nowMs - node.claimedAtMs!) / ASK_MS));
    const isOver = node.spool === null && asked >= body.agentRetry.attempts;
    if (isOver && body.agentRetry.end !== null) {
      leaveNodes(draft, id, (each) => each.facility === facility);
      const message = `its agent did not answer ${body.agentRetry.attempts} times`;
      patchNode(draft, id, facility, {
        state: 'not-started',
        asked,
        endedAtMs: nowMs,
        returnValue: body.agentRetry.end,
        message,
      });
      draft.history(id, message, { facility });
      draft.touch(id);
      continue;
    }
    patchNode(draft, id, facility, { asked });
    // Nobody was let launch it: it may be told once more. Else only its agent knows.
    if (node.spool === null) claim(draft, id, body, facility);
    else draft.effects.push({ kind: 'ask', job: id, facility, attempt });
  }
}

export function askAtMs(node: NodeRun, body: JobOf<'command'>): number | null {
  if (node.state !== 'claimed' || node.claimedAtMs === null) return null;
  if (node.spool === null && node.asked >= body.agentRetry.attempts) return null;
  return node.claimedAtMs + (node.asked + 1) * ASK_MS;
}

export function runEnded(draft: Draft, { end: ended, ...ref }: InputOf<'run-ended'>): void {
  const { job, facility, attempt } = ref;
  const found = current(draft, ref);
  // Also of a run that people gave up, or that another one came after: what it wrote is kept. What did not start wrote nothing: kept, it would
  // stand in the place of what another disk of the same agent may still have to tell of this run.
  if (ended.outcome !== 'not-started' && attempt <= (draft.jobs.get(job)?.runs ?? 0))
    draft.effects.push({ kind: 'output', job, facility, attempt, end: ended });
  // Where it was given up for not started it cannot have run since.
  if (found === null || !(isOut(found.node) || found.node.state === 'unknown')) return;
  const { node, run, body } = found;
  const isWanted = run.state === 'running' || run.state === 'suspended' || run.state === 'stopping' || run.state === 'error';
  if (ended.outcome === 'lost') {
    if (node.state !== 'unknown') becomeUnknown(draft, ref, `${messageOf(ended)}: nobody knows how far it came`);
    return;
  }
  if (ended.outcome === 'not-started') {
    notStarted(draft, ref, ended, isWanted && run.state !== 'stopping');
    return;
  }
  const returnValue = ended.outcome === 'exited' ? ended.code : null;
  const times = { startedAtMs: ended.startedAtMs ?? node.startedAtMs, endedAtMs: ended.atMs };
  patchNode(draft, job, facility, { state: 'ended', returnValue, message: messageOf(ended), ...times });
  draft.history(job, `run ${attempt}: ${messageOf(ended)}`, { facility });
  if (!isWanted) {
    leaveNodes(draft, job, (each) => each.facility === facility);
    return;
  }
  setSessionVariables(draft, ended.variables);
  if (run.state === 'error')
    draft.move(job, 'known', 'running', { endedAtMs: null }, `what became of the run on ${facility} is known after all`);
  if (wantsRetry(draft.state(job), body, node, returnValue))
    nextAttempt(draft, job, facility, { retries: node.retries + 1, unstarted: node.unstarted });
  else {
    leaveNodes(draft, job, (each) => each.facility === facility);
    if (ended.outputTrouble !== null) outputTrouble(draft, ref, body, ended.outputTrouble);
  }
  draft.touch(job);
}

function wantsRetry(state: JobState, body: JobOf<'command'>, { retries }: NodeRun, returned: number | null): boolean {
  const { commandRetry, endStatus } = body;
  const goesOn = state === 'running' || state === 'suspended';
  if (!goesOn || commandRetry === null || retries >= commandRetry.attempts) return false;
  return !commandRetry.until.includes(statusOf(endStatus, returned));
}

/** It certainly never ran, so that another run does not double it: after a while that grows, and at most so often as the agent would be asked. */
function notStarted(draft: Draft, { job, facility }: RunRef, ended: RunEnd, again: boolean): void {
  const { body } = draft.job(job);
  const { nodes } = draft.run(job);
  const node = nodes.find((each) => each.facility === facility)!;
  if (body.type !== 'command') return;
  const delayMs = delayAfter(node.unstarted + 1);
  const text = `run ${node.attempt} did not start: ${ended.why}`;
  if (again && node.state === 'claimed' && node.unstarted < body.agentRetry.attempts) {
    draft.history(job, delayMs === 0 ? text : `${text}; it is told again in ${delayMs / 1_000} s`, { facility });
    const notBeforeMs = delayMs === 0 ? null : draft.env.nowMs + delayMs;
    nextAttempt(draft, job, facility, { retries: node.retries, unstarted: node.unstarted + 1, notBeforeMs });
  } else {
    draft.history(job, text, { facility });
    leaveNodes(draft, job, (each) => each.facility === facility);
    const returnValue = again ? body.agentRetry.end : null;
    patchNode(draft, job, facility, { state: 'not-started', endedAtMs: ended.atMs, returnValue, message: ended.why });
    if (again && draft.state(job) === 'error') draft.move(job, 'known', 'running', { endedAtMs: null });
  }
  draft.touch(job);
}

/** What waits for a variable is looked at again. */
export function setSessionVariables(draft: Draft, variables: Readonly<Record<string, string>>): void {
  const now = draft.session.variables;
  const changed = Object.entries(variables).filter(([name, value]) => !Object.hasOwn(now, name) || now[name] !== value);
  if (changed.length === 0) return;
  draft.patchSession({ variables: { ...now, ...Object.fromEntries(changed) } });
  for (const [id, { state }] of draft.jobs)
    if ((state === 'waiting' || state === 'skipped') && asksVariables(draft, id)) draft.touch(id);
}

const asksVariables = (draft: Draft, id: string): boolean =>
  draft.job(id).wait.groups.some(({ conditions }) => conditions.some(({ kind }) => kind === 'variable'));

function outputTrouble(draft: Draft, { job: id, facility, attempt }: RunRef, body: JobOf<'command'>, trouble: string): void {
  const files = [body.stdout, body.stderr].filter((file) => file !== null);
  const text = `its output could not be written: ${trouble}`;
  draft.history(id, text);
  const about = `Job ${id} of session ${draft.session.id} on ${facility}: ${text}.`;
  // Which of both it was, the agent says in words only: one word, with the worse priority of both.
  const priority = PRIORITIES.find((each) => files.some(({ notify }) => notify === each)) ?? null;
  draft.tell(id, `output ${facility}`, priority, about, { which: `:${attempt}` });
  if (draft.state(id) !== 'running') return;
  const ends = files.find(({ onFailure }) => onFailure === 'end');
  if (ends !== undefined) end(draft, id, 'over', 'output-failed', ends.end, text);
  else if (files.some(({ onFailure }) => onFailure === 'suspend')) draft.move(id, 'over', 'suspended', {}, text);
}

function messageOf({ outcome, code, signal, why }: RunEnd): string {
  const more = why === '' ? '' : ` (${why})`;
  switch (outcome) {
    case 'exited':
      return `it returned ${code}${more}`;
    case 'signal':
      return `it was killed by ${signal ?? 'a signal'}${more}`;
    case 'stopped':
      return `it was stopped${more}`;
    case 'timeout':
      return `it took too long and was killed${more}`;
    case 'lost':
      return `the agent or its host ended meanwhile${more}`;
    case 'not-started':
      return `it did not start${more}`;
  }
}
