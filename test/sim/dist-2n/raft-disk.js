const EMPTY = {
    hardState: { term: 0, votedFor: null },
    snapshot: null,
    entries: [],
    incarnation: '1',
    boots: 0,
    written: 0,
};
/** The consensus disk of a host: what was written and fsynced, and what can go wrong with it (D3, D6–D8, D16, H12). */
export class RaftDiskModel {
    #now = EMPTY;
    #kept = null;
    slowMs = 0;
    /** Every write fails: EIO, or no space. The driver ends the process at once and never tries an fsync again. */
    failing = 'no';
    /** Grows with every wipe and rollback: for the checkers, which must forget what this disk once promised. */
    lives = 0;
    lost = false;
    get hardState() {
        return this.#now.hardState;
    }
    get entries() {
        return this.#now.entries;
    }
    get snapshot() {
        return this.#now.snapshot;
    }
    get lastIndex() {
        return Math.max(this.#now.entries.at(-1)?.index ?? 0, this.#now.snapshot?.index ?? 0);
    }
    holds(index, term) {
        const { entries, snapshot } = this.#now;
        if (snapshot !== null && index <= snapshot.index)
            return true;
        const first = entries[0]?.index ?? 0;
        return entries[index - first]?.term === term && entries[index - first]?.index === index;
    }
    /** A start: it is counted, as libs/journal does. */
    restored() {
        this.#now = { ...this.#now, entries: [...this.#now.entries], boots: this.#now.boots + 1 };
        this.lost = false;
        return { ...this.#now, entries: [...this.#now.entries] };
    }
    /** `whole` false: the power went after the first of its parts. */
    write(change, whole) {
        const now = this.#now;
        now.written += 1;
        if (change.hardState !== undefined)
            now.hardState = change.hardState;
        if (!whole)
            return;
        if (change.truncateFrom !== undefined)
            now.entries = now.entries.filter((entry) => entry.index < change.truncateFrom);
        if (change.append !== undefined)
            now.entries.push(...change.append);
        if (change.snapshot !== undefined)
            now.snapshot = change.snapshot;
        if (change.dropThrough !== undefined)
            now.entries = now.entries.filter((entry) => entry.index > change.dropThrough);
    }
    /** D16: the directory was emptied while nothing ran. `marked`: the mark beside it, that there was a log, is still there. */
    wipe(marked) {
        this.lives += 1;
        this.lost = marked;
        this.#now = { ...EMPTY, incarnation: `w${this.lives}` };
    }
    /** It goes on as another member's life. @returns its incarnation. */
    renew() {
        this.lives += 1;
        this.#now.incarnation = `r${this.lives}`;
        this.lost = false;
        return this.#now.incarnation;
    }
    keep() {
        this.#kept = { ...this.#now, entries: [...this.#now.entries] };
    }
    /** H12: an old snapshot of the machine is put back. @returns false: none was kept. */
    rollBack() {
        if (this.#kept === null)
            return false;
        this.#now = { ...this.#kept, entries: [...this.#kept.entries] };
        this.lives += 1;
        return true;
    }
}
//# sourceMappingURL=raft-disk.js.map