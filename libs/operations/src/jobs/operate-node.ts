import { freshFor, reopenAround } from './again.js';
import type { Draft } from './draft.js';
import { leaveNodes } from './ending.js';
import { nextAttempt, patchNode } from './nodes.js';
import { whyNot } from './operation-rules.js';
import { isEnded } from './states.js';
import type { Operate } from './step-types.js';
import type { NodeRun } from './types.js';

/** One node of a command job. @returns why not. */
export function operateNode(draft: Draft, id: string, facility: string, { operation, end: as }: Operate): string | null {
  const node = draft.run(id).nodes.find((each) => each.facility === facility);
  if (draft.job(id).body.type !== 'command') return `Job ${id} runs no command on nodes.`;
  if (node === undefined) return `Job ${id} does not run on ${facility}.`;
  const not = whyNot(operation, 'node', node.state);
  if (not !== null) return not;
  const state = draft.state(id);
  const isOpen = state === 'running' || state === 'suspended' || state === 'stopping' || state === 'error';
  switch (operation) {
    case 'start':
      return startNodeAgain(draft, id, node);
    case 'stop':
    case 'force-stop':
      draft.effects.push({
        kind: 'stop',
        job: id,
        facility,
        attempt: node.attempt,
        how: operation === 'stop' ? 'command' : 'kill',
      });
      patchNode(
        draft,
        id,
        facility,
        // Whose launch nobody allowed is not started any more.
        node.spool === null && node.state === 'claimed'
          ? { state: 'not-started', endedAtMs: draft.env.nowMs, message: 'it was stopped before it began' }
          : { state: 'stopping' },
      );
      break;
    default:
      if (!isOpen) return `Job ${id} is ${state}: change-end changes how it ended.`;
      patchNode(draft, id, facility, {
        ...{
          state: 'ended',
          returnValue: as?.value ?? -1,
          endedAtMs: draft.env.nowMs,
          message: 'somebody said what it returned',
        },
      });
  }
  const { state: now } = draft.run(id).nodes.find((each) => each.facility === facility)!;
  if (now === 'ended' || now === 'not-started') leaveNodes(draft, id, (each) => each.facility === facility);
  draft.history(id, `${operation} of this node`, { facility });
  if (state === 'error') draft.move(id, 'known', 'running', { endedAtMs: null }, 'somebody said what became of it');
  draft.touch(id);
  return null;
}

function startNodeAgain(draft: Draft, id: string, { facility }: NodeRun): string | null {
  const state = draft.state(id);
  if (state === 'stopping' || state === 'waiting' || state === 'queued') return `Job ${id} is ${state}.`;
  draft.history(id, 'start of this node again', { facility });
  leaveNodes(draft, id, (each) => each.facility === facility);
  nextAttempt(draft, id, facility, { retries: 0, unstarted: 0 });
  if (isEnded(state) || state === 'stopped' || state === 'error') {
    const { nodes, runs } = draft.run(id);
    reopenAround(draft, id);
    draft.move(id, 'start', 'waiting', { ...freshFor(draft.run(id), ['now', 'some-nodes']), nodes, runs });
  } else draft.touch(id);
  return null;
}
