import type { Entry, HardState, Restored, Snapshot } from '@yosugara/consensus';
import type { NodeId } from '@yosugara/kernel';
import { type BranchOrder, beginBranch, type ControllerEffect, type Superseded } from '@yosugara/runtime';

export type Persist = Extract<ControllerEffect, { kind: 'persist' }>;
interface Contents {
  hardState: HardState;
  snapshot: Snapshot | null;
  entries: Entry[];
  incarnation: string;
  boots: number;
  written: number;
  /** Absent: the first log. */
  branch?: string;
}

const EMPTY: Contents = {
  hardState: { term: 0, votedFor: null },
  snapshot: null,
  entries: [],
  incarnation: '1',
  boots: 0,
  written: 0,
};

/** The consensus disk of a host: what was written and fsynced, and what can go wrong with it (D3, D6–D8, D16, H12). */
export class RaftDiskModel {
  #now: Contents = EMPTY;
  #kept: Contents | null = null;
  slowMs = 0;
  /** Every write fails: EIO, or no space. The driver ends the process at once and never tries an fsync again. */
  failing: 'no' | 'eio' | 'full' = 'no';
  /** Grows with every wipe and rollback: for the checkers, which must forget what this disk once promised. */
  lives = 0;
  lost = false;
  /** Files beside the directory: what the next start is to do, and the newer log that was heard of. */
  plan: BranchOrder | null = null;
  superseded: Superseded | null = null;
  /** When it was first heard of, for checkers. */
  supersededMs = Number.POSITIVE_INFINITY;
  /** Up to where its answers have acknowledged its entries. */
  #acknowledged = 0;
  /** What was emptied away, and up to where it had been acknowledged. */
  readonly #emptied: { readonly contents: Contents; readonly acknowledged: number }[] = [];

  get branch(): string {
    return this.#now.branch ?? '';
  }
  get incarnation(): string {
    return this.#now.incarnation;
  }
  get hardState(): HardState {
    return this.#now.hardState;
  }
  get entries(): readonly Entry[] {
    return this.#now.entries;
  }
  get snapshot(): Snapshot | null {
    return this.#now.snapshot;
  }
  get lastIndex(): number {
    return Math.max(this.#now.entries.at(-1)?.index ?? 0, this.#now.snapshot?.index ?? 0);
  }
  holds(index: number, term: number): boolean {
    return holdsIn(this.#now, index, term);
  }
  /** An answer left that says so. */
  acknowledge(index: number): void {
    if (index > this.#acknowledged) this.#acknowledged = index;
  }
  /**
   * It holds the entry; or it did, said so, and was emptied afterwards: a leader that stood still meanwhile counts a moment late what it
   * might have counted before (seed 1307).
   */
  hasHeld(index: number, term: number): boolean {
    return (
      holdsIn(this.#now, index, term) ||
      this.#emptied.some(({ contents, acknowledged }) => index <= acknowledged && holdsIn(contents, index, term))
    );
  }

  /** A start: it is counted, as libs/journal does. */
  restored(): Restored {
    this.#now = { ...this.#now, entries: [...this.#now.entries], boots: this.#now.boots + 1 };
    return { ...this.#now, entries: [...this.#now.entries] };
  }

  /** `whole` false: the power went after the first of its parts. */
  write(change: Persist, whole: boolean): void {
    const now = this.#now;
    now.written += 1;
    if (change.hardState !== undefined) now.hardState = change.hardState;
    if (!whole) return;
    if (change.truncateFrom !== undefined) now.entries = now.entries.filter((entry) => entry.index < change.truncateFrom!);
    // Told what there is: until then every start finds nothing, whatever term was heard of.
    if (change.append !== undefined || change.snapshot !== undefined) this.lost = false;
    if (change.append !== undefined) now.entries.push(...change.append);
    if (change.snapshot !== undefined) now.snapshot = change.snapshot;
    if (change.dropThrough !== undefined) now.entries = now.entries.filter((entry) => entry.index > change.dropThrough!);
  }

  /** A start begins the other log that was ordered, as apps/controller does (consensus-disk.ts). @returns the order, and with what a new log begins. */
  carryOut(self: NodeId): { readonly order: BranchOrder; readonly snapshot: Snapshot | null } | null {
    const order = this.plan;
    if (order === null) return null;
    this.plan = null;
    this.lives += 1;
    const held = this.#now;
    const blank = { ...EMPTY, incarnation: `b${this.lives}`, branch: order.branch };
    // What was acknowledged of the log before counts for nothing in this one.
    this.#acknowledged = 0;
    this.#emptied.length = 0;
    this.superseded = null;
    this.supersededMs = Number.POSITIVE_INFINITY;
    if (order.kind === 'join') {
      this.#now = blank;
      this.lost = true;
      return { order, snapshot: null };
    }
    const snapshot = beginBranch(self, order.away, held, blank.incarnation);
    this.#now = { ...blank, hardState: { term: Math.max(held.hardState.term, snapshot.term), votedFor: null }, snapshot };
    return { order, snapshot };
  }

  /** D16: the directory was emptied while nothing ran. `marked`: the mark beside it, that there was a log, is still there. */
  wipe(marked: boolean): void {
    this.lives += 1;
    this.lost = marked;
    this.#emptied.push({ contents: this.#now, acknowledged: this.#acknowledged });
    this.#acknowledged = 0;
    this.#now = { ...EMPTY, incarnation: `w${this.lives}` };
  }
  /** It goes on as another member's life. @returns its incarnation. */
  renew(): string {
    this.lives += 1;
    this.#now.incarnation = `r${this.lives}`;
    this.lost = false;
    return this.#now.incarnation;
  }
  keep(): void {
    this.#kept = { ...this.#now, entries: [...this.#now.entries] };
  }
  /** H12: an old snapshot of the machine is put back. @returns false: none was kept. */
  rollBack(): boolean {
    if (this.#kept === null) return false;
    this.#now = { ...this.#kept, entries: [...this.#kept.entries] };
    this.lives += 1;
    return true;
  }
}

function holdsIn({ entries, snapshot }: Contents, index: number, term: number): boolean {
  if (snapshot !== null && index <= snapshot.index) return true;
  const first = entries[0]?.index ?? 0;
  return entries[index - first]?.term === term && entries[index - first]?.index === index;
}
