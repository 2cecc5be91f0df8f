import type { JobOf } from '@yosugara/protocol';
import { render } from '../notifications/index.js';
import type { Draft } from './draft.js';
import { end, finish } from './ending.js';
import { NOT_MANAGED, nodeOf, nodesFor, patchNode } from './nodes.js';
import { endBy, statusOf } from './numbers.js';
import { isOver, newNode } from './states.js';
import type { SessionInput, TransferFile } from './step-types.js';
import type { NodeRun } from './types.js';
import { valuesIn } from './variables.js';

type InputOf<Kind extends SessionInput['kind']> = Extract<SessionInput, { kind: Kind }>;
type Transfer = JobOf<'file-transfer'>;

const MINUTE_MS = 60_000;

/** Begins the name of the step that asks the source. */
const LIST = 'list ';

/**
 * Steps that nobody wrote down: the list at the source, then a copy for each target (checked by its SHA-256 there). The first node of the run
 * is the source, the others are targets; a scope as the source means its first node.
 */
export function beginTransfer(draft: Draft, id: string, body: Transfer): void {
  const sources = nodesFor(draft, id, body.source.facility, true);
  const targets = nodesFor(draft, id, body.target.facility, true);
  if (typeof sources === 'string' || typeof targets === 'string') {
    end(draft, id, 'over', 'not-managed', NOT_MANAGED, typeof sources === 'string' ? sources : String(targets));
    return;
  }
  const attempt = draft.run(id).runs + 1;
  const source = sources.find((node) => draft.env.hasAgent(node))!;
  // From a node to itself is a copy between its folders: the step of the list has a name that no node has.
  const names = [`${LIST}${source}`, ...new Set(targets)];
  draft.patch(id, { runs: attempt, nodes: names.map((name) => newNode(name, attempt)) });
  list(draft, id, body);
}

const sourceOf = (step: NodeRun) => step.facility.slice(LIST.length);

/** As a command's agent is asked: once a minute, so often. */
const patienceOf = ({ agentRetry }: Transfer): number | null =>
  agentRetry.end === null ? null : agentRetry.attempts * MINUTE_MS;

function list(draft: Draft, id: string, body: Transfer): void {
  const step = draft.run(id).nodes[0]!;
  patchNode(draft, id, step.facility, { state: 'running', startedAtMs: draft.env.nowMs, message: 'looks which files there are' });
  const source = sourceOf(step);
  const values = valuesIn(draft, id, source);
  const [directory, name] = [render(body.source.directory, values), render(body.source.name, values)];
  const { facility, attempt } = step;
  const patienceMs = patienceOf(body);
  draft.effects.push({ kind: 'transfer-list', job: id, facility, attempt, source, directory, name, patienceMs });
}

/** After a take-over: what is not there yet is begun once more from the list; copying again does no harm. */
export function resumeTransfer(draft: Draft, id: string, body: Transfer): void {
  list(draft, id, body);
}

export function transferListed(draft: Draft, { job, facility, attempt, files, why, away }: InputOf<'transfer-listed'>): void {
  const run = draft.jobs.get(job);
  const body = run === undefined ? undefined : draft.job(job).body;
  const step = nodeOf(run, facility, attempt);
  if (body?.type !== 'file-transfer' || step?.state !== 'running' || run?.state !== 'running') return;
  // No file is no success.
  const trouble = why ?? (files.length === 0 ? `no file in ${body.source.directory} is named ${body.source.name}` : null);
  const ended = { state: 'ended', endedAtMs: draft.env.nowMs } as const;
  if (trouble !== null) {
    const returnValue = away ? body.agentRetry.end : null;
    patchNode(draft, job, facility, { ...ended, returnValue, message: trouble });
    finish(draft, job, endBy(body.endStatus, returnValue), trouble);
    return;
  }
  patchNode(draft, job, facility, { ...ended, returnValue: 0, message: files.map(({ name }) => name).join(', ') });
  const open = draft
    .run(job)
    .nodes.slice(1)
    .filter((node) => !isOver(node));
  for (const node of body.target.nodes === 'all' ? open : open.slice(0, 1)) copy(draft, job, body, node, files);
  draft.touch(job);
}

function copy(draft: Draft, id: string, body: Transfer, { facility, attempt }: NodeRun, files: readonly TransferFile[]): void {
  const source = sourceOf(draft.run(id).nodes[0]!);
  const from = render(body.source.directory, valuesIn(draft, id, source));
  const to = render(body.target.directory, valuesIn(draft, id, facility));
  const { checksum, user } = body;
  if (!draft.env.hasAgent(facility)) {
    patchNode(draft, id, facility, {
      state: 'not-started',
      returnValue: body.agentRetry.end,
      message: 'no agent has joined on it',
    });
    return;
  }
  patchNode(draft, id, facility, { state: 'running', startedAtMs: draft.env.nowMs });
  const patienceMs = patienceOf(body);
  draft.effects.push({ kind: 'transfer-copy', job: id, facility, attempt, source, from, to, files, checksum, user, patienceMs });
}

export function transferProgress(draft: Draft, { job, facility, attempt, message }: InputOf<'transfer-progress'>): void {
  const run = draft.jobs.get(job);
  const node = nodeOf(run, facility, attempt);
  if (run === undefined || node?.state !== 'running' || draft.job(job).body.type !== 'file-transfer') return;
  patchNode(draft, job, facility, { message });
}

export function transferEnded(draft: Draft, { job, facility, attempt, ok, why, away }: InputOf<'transfer-ended'>): void {
  const run = draft.jobs.get(job);
  const node = nodeOf(run, facility, attempt);
  const body = run === undefined ? undefined : draft.job(job).body;
  if (node?.state !== 'running' || body?.type !== 'file-transfer') return;
  const returnValue = ok ? 0 : away ? body.agentRetry.end : null;
  patchNode(draft, job, facility, { endedAtMs: draft.env.nowMs, state: 'ended', returnValue, message: why });
  draft.touch(job);
}

/** All targets, or the first that has it. */
export function lookAtTransfer(draft: Draft, id: string, body: Transfer): void {
  const [step, ...targets] = draft.run(id).nodes;
  if (step === undefined || step.state !== 'ended' || targets.some(({ state }) => state === 'running')) return;
  const isDone = ({ state, returnValue }: NodeRun) => state === 'ended' && statusOf(body.endStatus, returnValue) === 'normal';
  const left = targets.find(({ state }) => state === 'waiting');
  const isOne = body.target.nodes === 'one';
  if (left !== undefined && !(isOne && targets.some(isDone))) {
    // The next one: the list is made anew, since nobody keeps it.
    if (draft.isOpen(draft.parentOf(id))) list(draft, id, body);
    return;
  }
  const failed = targets.find((node) => isOver(node) && !isDone(node));
  const bad = isOne ? (targets.some(isDone) ? undefined : failed) : failed;
  finish(
    draft,
    id,
    endBy(body.endStatus, bad === undefined ? 0 : bad.returnValue),
    bad === undefined ? '' : `${bad.facility}: ${bad.message}`,
  );
}
