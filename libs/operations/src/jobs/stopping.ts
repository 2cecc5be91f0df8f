import type { Draft } from './draft.js';
import { end, endWatches, leaveNodes, leaveQueue } from './ending.js';
import { isOut, isUnderWay } from './states.js';
import type { EndWith } from './types.js';

/** Nothing more of it starts; what runs is stopped. */
export function stopJob(draft: Draft, id: string, on: 'stop' | 'late-end', sends = true): void {
  const { body } = draft.job(id);
  if (draft.state(id) === 'queued') {
    leaveQueue(draft, id);
    draft.move(id, 'stop', 'stopped');
    return;
  }
  draft.move(id, on, 'stopping');
  if (body.type === 'jobnet') stopWithin(draft, id, sends);
  else if (sends || body.type !== 'command') stopNodes(draft, id, 'command');
  else leaveNodes(draft, id, ({ state }) => state === 'queued');
}

/** @param sends false: what runs goes on to its own end, and nothing follows it. */
export function stopWithin(draft: Draft, id: string, sends = true): void {
  for (const each of draft.descendants(id)) {
    const state = draft.state(each);
    if (state === 'queued' || state === 'running' || state === 'suspended') stopJob(draft, each, 'stop', sends);
  }
}

/** Tells the agents. Whose launch nobody allowed is not started any more: its start check will be refused. */
function stopNodes(draft: Draft, id: string, how: 'command' | 'kill'): void {
  const { body } = draft.job(id);
  endWatches(draft, id);
  leaveNodes(draft, id, ({ state }) => state === 'queued');
  const message = 'it was stopped before it began';
  const nodes = draft.run(id).nodes.map((node) => {
    if (!isOut(node)) return node;
    const { facility, attempt } = node;
    if (body.type === 'file-transfer') {
      draft.effects.push({ kind: 'transfer-stop', job: id, facility, attempt });
      return { ...node, state: 'not-started' as const, message: `it was stopped. ${node.message}`.trim() };
    }
    if (body.type !== 'command') return { ...node, state: 'not-started' as const, message };
    draft.effects.push({ kind: 'stop', job: id, facility, attempt, how });
    return node.state === 'claimed' && node.spool === null
      ? { ...node, state: 'not-started' as const, endedAtMs: draft.env.nowMs, message }
      : { ...node, state: 'stopping' as const };
  });
  draft.patch(id, { nodes });
}

/** Without waiting for its commands, which are killed. */
export function forceStop(draft: Draft, id: string): void {
  if (draft.state(id) === 'queued') return stopJob(draft, id, 'stop');
  for (const child of draft.childrenOf(id)) if (isUnderWay(draft.state(child))) forceStop(draft, child);
  stopNodes(draft, id, 'kill');
  leaveQueue(draft, id);
  leaveNodes(draft, id);
  draft.move(id, 'force-stop', 'stopped', { notBeforeMs: null });
}

/** At once; what runs of it goes on by itself, and changes nothing any more. */
export function forceEnd(draft: Draft, id: string, as: EndWith): void {
  for (const child of draft.childrenOf(id)) if (isUnderWay(draft.state(child))) forceEnd(draft, child, as);
  end(draft, id, 'force-end', 'modified', as);
}
