import type { NodeId } from '@yosugara/kernel';
import type { RaftState } from './state.js';
import type { Entry, LogIndex, RaftEffect, RaftMessage, Snapshot } from './types.js';

interface PendingPersist {
  hardState: boolean;
  truncateFrom: LogIndex | null;
  append: Entry[] | null;
  snapshot: Snapshot | null;
  dropThrough: LogIndex | null;
  anew: boolean;
}

/** One step in the making. */
export interface Step {
  readonly s: RaftState;
  readonly nowMs: number;
  /** null when the input brought none. */
  readonly random: number | null;
  readonly effects: RaftEffect[];
  persist: PendingPersist | null;
}

export const toPersist = (c: Step): PendingPersist =>
  (c.persist ??= { hardState: false, truncateFrom: null, append: null, snapshot: null, dropThrough: null, anew: false });

export function send(c: Step, to: NodeId, message: RaftMessage): void {
  c.effects.push({ kind: 'send', to, message });
}

export function note(c: Step, event: string, fields: Readonly<Record<string, unknown>>): void {
  c.effects.push({ kind: 'note', event, fields });
}

/** Everything that a step says may depend on everything it wrote: one `persist`, first in the list (thesis §3.8). */
export function finish(c: Step): RaftEffect[] {
  const pending = c.persist;
  if (pending === null) return c.effects;
  c.s.written += 1;
  const persist: RaftEffect = {
    kind: 'persist',
    ...(pending.hardState && { hardState: { term: c.s.term, votedFor: c.s.votedFor } }),
    ...(pending.truncateFrom !== null && { truncateFrom: pending.truncateFrom }),
    ...(pending.append !== null && { append: pending.append }),
    ...(pending.snapshot !== null && { snapshot: pending.snapshot }),
    ...(pending.dropThrough !== null && { dropThrough: pending.dropThrough }),
    ...(pending.anew && { anew: true as const }),
  };
  c.effects.unshift(persist);
  return c.effects;
}
