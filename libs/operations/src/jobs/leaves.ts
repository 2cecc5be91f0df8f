import { assertNever } from '@yosugara/kernel';
import type { JobOf } from '@yosugara/protocol';
import { render } from '../notifications/index.js';
import { approvalAsks, beginLinkReceive, startLinkSend } from './asking.js';
import type { Draft } from './draft.js';
import { endOfChildren, finish, isOverWithin } from './ending.js';
import { setSessionVariables } from './news.js';
import { openNodes, patchNode, pumpCommand, startCommand } from './nodes.js';
import { endBy } from './numbers.js';
import { isOver, isUnderWay } from './states.js';
import type { SessionInput } from './step-types.js';
import { MINUTE_MS } from './times.js';
import { beginTransfer, lookAtTransfer } from './transfer.js';
import { valuesIn } from './variables.js';

type InputOf<Kind extends SessionInput['kind']> = Extract<SessionInput, { kind: Kind }>;

/** It runs from now on: what of it is done outside. */
export function startJob(draft: Draft, id: string): void {
  const { body } = draft.job(id);
  switch (body.type) {
    case 'jobnet':
      for (const child of draft.childrenOf(id)) draft.touch(child);
      return;
    case 'command':
      return startCommand(draft, id, body);
    case 'file-transfer':
      return beginTransfer(draft, id, body);
    case 'file-check':
      return startFileCheck(draft, id, body);
    case 'approval':
      return approvalAsks(draft, id, body);
    case 'monitor':
      return startMonitor(draft, id, body);
    case 'link-send':
      return startLinkSend(draft, id, body);
    case 'link-receive':
      return beginLinkReceive(draft, id, body);
    default:
      assertNever(body);
  }
}

/** Something happened to a job that runs: what may start of it does, and it ends when all of it has. */
export function lookAtRunning(draft: Draft, id: string): void {
  const { body } = draft.job(id);
  switch (body.type) {
    case 'jobnet':
      if (isOverWithin(draft, id)) finish(draft, id, endOfChildren(draft, id));
      return;
    case 'command':
      return pumpCommand(draft, id, body);
    case 'file-transfer':
      return lookAtTransfer(draft, id, body);
    case 'file-check':
      return lookAtFileCheck(draft, id, body);
    case 'monitor':
      return lookAtMonitor(draft, id, body);
    default:
  }
}

/** Its time is over, for those that wait for something: each attempt has its own. */
export function timeoutMs(draft: Draft, id: string): number | null {
  const { body } = draft.job(id);
  const { startedAtMs, attemptedAtMs } = draft.run(id);
  if (startedAtMs === null || !('otherwise' in body) || !('timeoutMinutes' in body) || body.timeoutMinutes === null) return null;
  return (attemptedAtMs ?? startedAtMs) + body.timeoutMinutes * MINUTE_MS;
}

export function timeOut(draft: Draft, id: string): void {
  const { body } = draft.job(id);
  if (!('otherwise' in body) || !('timeoutMinutes' in body)) return;
  const what = {
    'file-check': 'no such file was seen',
    monitor: 'the monitor said nothing',
    'link-receive': 'no such message came',
  };
  finish(draft, id, body.otherwise, `${what[body.type]} within ${body.timeoutMinutes} minutes`);
}

function startFileCheck(draft: Draft, id: string, body: JobOf<'file-check'>): void {
  if (!openNodes(draft, id, body.facility)) return;
  for (const node of draft.run(id).nodes) {
    if (draft.env.hasAgent(node.facility))
      patchNode(draft, id, node.facility, { state: 'running', startedAtMs: draft.env.nowMs });
    else patchNode(draft, id, node.facility, { state: 'not-started', message: 'no agent has joined on it' });
  }
  watchFiles(draft, id, body);
}

/** Tasks of agents; said once more they are the same. */
export function watchFiles(draft: Draft, id: string, body: JobOf<'file-check'>): void {
  for (const { facility, attempt, state, startedAtMs } of draft.run(id).nodes) {
    if (state !== 'running') continue;
    const values = valuesIn(draft, id, facility);
    const file = { ...body.file, directory: render(body.file.directory, values), name: render(body.file.name, values) };
    draft.effects.push({ kind: 'watch', job: id, facility, attempt, file, sinceMs: startedAtMs ?? draft.env.nowMs });
  }
}

export function fileSeen(draft: Draft, input: InputOf<'file-seen'>): void {
  const { job, facility, attempt, directory, name, sizeBytes, modifiedAtMs } = input;
  const run = draft.jobs.get(job);
  const node = run?.nodes.find((each) => each.facility === facility && each.attempt === attempt);
  if (run === undefined || node?.state !== 'running' || draft.job(job).body.type !== 'file-check') return;
  draft.effects.push({ kind: 'unwatch', job, facility, attempt });
  patchNode(draft, job, facility, {
    state: 'ended',
    returnValue: 0,
    endedAtMs: draft.env.nowMs,
    message: `${directory}/${name}`,
  });
  setSessionVariables(draft, {
    ...{
      FFILENAME: name,
      FDIRECTORY: directory,
      FFILESIZE: String(sizeBytes),
      FTIMESTAMP: String(modifiedAtMs),
      FFACILITY_ID: facility,
    },
  });
  draft.touch(job);
}

function lookAtFileCheck(draft: Draft, id: string, body: JobOf<'file-check'>): void {
  const { nodes } = draft.run(id);
  const isAny = body.satisfiedBy === 'any' || body.nodes === 'one';
  const isMet = isAny ? nodes.some(({ state }) => state === 'ended') : nodes.every(({ state }) => state === 'ended');
  if (!isMet) return;
  finish(draft, id, endBy(body.endStatus, 0));
}

function startMonitor(draft: Draft, id: string, body: JobOf<'monitor'>): void {
  if (!openNodes(draft, id, body.facility, false)) return;
  for (const { facility } of draft.run(id).nodes)
    patchNode(draft, id, facility, { state: 'running', startedAtMs: draft.env.nowMs });
  runMonitors(draft, id, body);
}

export function runMonitors(draft: Draft, id: string, body: JobOf<'monitor'>): void {
  for (const { facility, attempt, state } of draft.run(id).nodes) {
    const timeoutMs = body.timeoutMinutes * MINUTE_MS;
    if (state === 'running')
      draft.effects.push({ kind: 'monitor-run', job: id, facility, attempt, monitor: body.monitor, timeoutMs });
  }
}

const SEVERITY = ['critical', 'unknown', 'warning', 'info'] as const;

export function monitorResult(draft: Draft, { job, facility, attempt, priority, message }: InputOf<'monitor-result'>): void {
  const run = draft.jobs.get(job);
  const body = run === undefined ? undefined : draft.job(job).body;
  const node = run?.nodes.find((each) => each.facility === facility && each.attempt === attempt);
  if (body?.type !== 'monitor' || node?.state !== 'running' || !isUnderWay(run!.state)) return;
  const returnValue = body.values[priority];
  // `asked` of a node that nobody asks: how bad it was, so that the worst one decides whatever values the job gives them.
  const asked = SEVERITY.indexOf(priority);
  patchNode(draft, job, facility, {
    state: 'ended',
    returnValue,
    endedAtMs: draft.env.nowMs,
    message: `${priority}: ${message}`,
    asked,
  });
  draft.touch(job);
}

/** Its end value is that of the worst priority; the ranges say how it ended. */
function lookAtMonitor(draft: Draft, id: string, body: JobOf<'monitor'>): void {
  const { nodes } = draft.run(id);
  if (!nodes.every(isOver)) return;
  const worst = nodes.reduce((one, other) => (other.asked < one.asked ? other : one));
  const { status } = endBy(body.endStatus, worst.returnValue);
  finish(draft, id, { status, value: worst.returnValue ?? -1 }, `${worst.facility}: ${worst.message}`);
}
