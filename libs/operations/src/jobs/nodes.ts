import type { JobOf } from '@yosugara/protocol';
import { shortened } from '../monitors/index.js';
import { render } from '../notifications/index.js';
import type { Draft } from './draft.js';
import { end, finish, nodeKey, placePriorityOf } from './ending.js';
import { instructionFor } from './instruction.js';
import { endBy, isWorse, statusOf } from './numbers.js';
import { isOut, isOver, newNode } from './states.js';
import type { JobRun, NodeRun } from './types.js';
import { isReady } from './unstarted.js';
import { valuesIn } from './variables.js';

const MAX_MESSAGE = 2_048;

export function patchNode(draft: Draft, id: string, facility: string, patch: Partial<Omit<NodeRun, 'facility'>>): void {
  const { nodes } = draft.run(id);
  const message = patch.message === undefined ? {} : { message: shortened(patch.message, MAX_MESSAGE) };
  draft.patch(id, { nodes: nodes.map((node) => (node.facility === facility ? { ...node, ...patch, ...message } : node)) });
}

export const nodeOf = (run: JobRun | undefined, facility: string, attempt: number): NodeRun | undefined =>
  run?.nodes.find((node) => node.facility === facility && node.attempt === attempt);

/** Those it is to run on, by now; a sentence: there are none. Not those that are told to stay as they are. */
export function nodesFor(draft: Draft, id: string, written: string, needsAgent: boolean): readonly string[] | string {
  const facility = render(written, valuesIn(draft, id, null));
  const nodes = draft.env.nodesOf(facility);
  if (nodes === null) return `there is no node or scope ${facility}`;
  if (nodes.length === 0) return `no enabled node is in ${facility}`;
  if (needsAgent && !nodes.some((node) => draft.env.hasAgent(node))) return `no agent has joined on ${nodes.join(', ')}`;
  return nodes;
}

export const NOT_MANAGED = { status: 'abnormal', value: -1 } as const;

/** Its nodes, each waiting; false: it ended, since there are none. */
export function openNodes(draft: Draft, id: string, written: string, needsAgent = true): boolean {
  const found = nodesFor(draft, id, written, needsAgent);
  if (typeof found === 'string') {
    end(draft, id, 'over', 'not-managed', NOT_MANAGED, found);
    return false;
  }
  const attempt = draft.run(id).runs + 1;
  draft.patch(id, { runs: attempt, nodes: [...new Set(found)].map((node) => newNode(node, attempt)) });
  return true;
}

export function startCommand(draft: Draft, id: string, body: JobOf<'command'>): void {
  if (draft.hasMark(id, 'some-nodes')) draft.unmark(id, 'some-nodes');
  else {
    if (!openNodes(draft, id, body.facility)) return;
    const rank = (node: NodeRun) => draft.env.nodeJob(node.facility).priority;
    // One after the other: the one with the higher priority first.
    if (body.nodes === 'one') draft.patch(id, { nodes: [...draft.run(id).nodes].sort((one, other) => rank(other) - rank(one)) });
  }
  draft.touch(id);
}

/** Starts what may start on its nodes, and ends the job when nothing more comes of them. Only while the job runs. */
export function pumpCommand(draft: Draft, id: string, body: JobOf<'command'>): void {
  if (draft.isOpen(draft.parentOf(id))) {
    if (body.nodes === 'all') {
      for (const node of draft.run(id).nodes)
        if (node.state === 'waiting' && isReady(node, draft.env.nowMs)) startNode(draft, id, body, node);
    } else startNext(draft, id, body);
  }
  if (draft.state(id) !== 'running') return;
  const { nodes } = draft.run(id);
  const isOne = body.nodes === 'one';
  const decided = isOne ? nodes.find((node) => isNormal(body, node)) : undefined;
  const unknown = nodes.find(({ state }) => state === 'unknown');
  const isGoingOn = nodes.some((node) => isOut(node) || node.state === 'queued');
  const hasMore = nodes.some(({ state }) => state === 'waiting') && !(isOne && (decided !== undefined || unknown !== undefined));
  if (isGoingOn) return;
  if (hasMore) {
    // It was heard of after all that is around it was stopped: what would follow never does, and the job is stopped with it.
    if (draft.isShut(draft.parentOf(id))) draft.move(id, 'halted', 'stopped');
    return;
  }
  if (unknown !== undefined && decided === undefined) draft.move(id, 'unknown', 'error', {}, unknown.message);
  else finishNodes(draft, id, body, decided);
}

const isNormal = (body: JobOf<'command'>, node: NodeRun): boolean =>
  node.state === 'ended' && statusOf(body.endStatus, node.returnValue) === 'normal';

function startNext(draft: Draft, id: string, body: JobOf<'command'>): void {
  for (const node of draft.run(id).nodes) {
    if (isOut(node) || node.state === 'queued' || node.state === 'unknown' || isNormal(body, node)) return;
    if (node.state === 'waiting' && !isReady(node, draft.env.nowMs)) return;
    if (node.state === 'waiting') startNode(draft, id, body, node);
    // It may have ended at once: then the next one is looked at.
    const now = draft.run(id).nodes.find(({ facility }) => facility === node.facility)!;
    if (!isOver(now)) return;
  }
}

function finishNodes(draft: Draft, id: string, body: JobOf<'command'>, decided: NodeRun | undefined): void {
  const { nodes } = draft.run(id);
  const over = nodes.filter(isOver);
  const worst = (one: NodeRun, other: NodeRun) =>
    isWorse(statusOf(body.endStatus, other.returnValue), statusOf(body.endStatus, one.returnValue)) ? other : one;
  const by = decided ?? (body.nodes === 'one' ? over.at(-1)! : over.reduce(worst));
  const as = endBy(body.endStatus, by.returnValue);
  finish(draft, id, as, as.status === 'normal' ? '' : `${by.facility}: ${by.message}`);
}

/** Its place first, where the node has only so many; then the claim. */
export function startNode(draft: Draft, id: string, body: JobOf<'command'>, node: NodeRun): void {
  const { env } = draft;
  const { facility } = node;
  if (!env.hasAgent(facility)) {
    const returnValue = body.agentRetry.end;
    patchNode(draft, id, facility, {
      state: 'not-started',
      returnValue,
      endedAtMs: env.nowMs,
      message: 'no agent has joined on it',
    });
    return;
  }
  const { multiplicity } = env.nodeJob(facility);
  if (body.multiplicity !== null && multiplicity > 0 && node.queuedAtMs === null) {
    const has = draft.hasMark(id, 'forced');
    patchNode(draft, id, facility, { state: has ? 'waiting' : 'queued', queuedAtMs: env.nowMs });
    const waits = body.multiplicity.over === 'wait';
    const within = [...draft.withinOf(id)];
    const priority = placePriorityOf(draft, id);
    const want = { key: nodeKey(draft, id, facility), priority, sinceMs: env.nowMs, has, waits, within };
    draft.effects.push({ kind: 'want-place', want });
    if (!has) return;
  }
  claim(draft, id, body, facility);
}

/** The claim is in the session, and the instruction leaves when it is stored: told once more by whoever is Master then, with its epoch. */
export function claim(draft: Draft, id: string, body: JobOf<'command'>, facility: string): void {
  const { env } = draft;
  const node = draft.run(id).nodes.find((each) => each.facility === facility)!;
  const instruction = instructionFor(draft, id, body, facility, node.attempt);
  if (typeof instruction === 'string') {
    patchNode(draft, id, facility, { state: 'not-started', endedAtMs: env.nowMs, message: instruction });
    return;
  }
  if (node.state !== 'claimed')
    patchNode(draft, id, facility, { state: 'claimed', claimedAtMs: env.nowMs, asked: 0, epoch: env.epoch, notBeforeMs: null });
  else if (node.epoch !== env.epoch) patchNode(draft, id, facility, { epoch: env.epoch });
  draft.effects.push({ kind: 'claim', job: id, facility, attempt: node.attempt, instruction });
}

/** The same node once more, as another run: what was told of the one before has no meaning any more. */
export function nextAttempt(
  draft: Draft,
  id: string,
  facility: string,
  counts: Pick<NodeRun, 'retries' | 'unstarted' | 'notBeforeMs'>,
): void {
  const attempt = draft.run(id).runs + 1;
  const { queuedAtMs } = draft.run(id).nodes.find((node) => node.facility === facility)!;
  patchNode(draft, id, facility, { ...newNode(facility, attempt), ...counts, queuedAtMs, state: 'waiting' });
  draft.patch(id, { runs: attempt });
}
