import { closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Restored } from '@yosugara/consensus';

/**
 * Says, outside the consensus directory, that this member has once known a committed epoch. That a directory is another one than before
 * shows in its incarnation, which the other members' configuration names. What the mark adds: this member knows it by itself, so that it
 * refuses its vote also to a member whose configuration is too old to name anybody, and says at once what it needs. A log that was lost
 * together with the mark is still caught by the incarnation.
 */
export class TaughtMark {
  readonly #path: string;
  #isSet: boolean;

  constructor(stateDir: string) {
    this.#path = join(stateDir, 'taught');
    this.#isSet = existsSync(this.#path);
  }

  /** One sentence; null: the log is there, or there never was one. */
  whyLost(restored: Restored): string | null {
    // A term is no log: it comes with any message, and is all that a directory may hold which was begun anew and is started again.
    if (restored.snapshot !== null || restored.entries.length > 0) return null;
    // The first entry of another branch comes from whoever leads it. Three that went on without one would agree on a log of their own.
    if ((restored.branch ?? '') !== '')
      return 'the consensus log here was begun anew, and nobody who leads it has told anything yet';
    if (!this.#isSet) return null;
    return `the consensus log of this member is gone, though ${this.#path} says that it had one`;
  }

  set(): void {
    if (this.#isSet) return;
    const file = openSync(this.#path, 'a', 0o600);
    fsyncSync(file);
    closeSync(file);
    this.#isSet = true;
  }
}
