import { closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Restored } from '@yosugara/consensus';
import { YosugaraError } from '@yosugara/kernel';

/**
 * Says, outside the consensus directory, that this member has once known a committed epoch. A member whose log is gone has forgotten what it
 * helped to commit; its vote could elect a node that never had it (a witness with amnesia must not vote). A log that was lost
 * together with this mark looks like a first start: then the member must be made anew under another name.
 */
export class TaughtMark {
  readonly #path: string;
  #isSet: boolean;

  constructor(stateDir: string) {
    this.#path = join(stateDir, 'taught');
    this.#isSet = existsSync(this.#path);
  }

  /** @throws YosugaraError CONSENSUS_LOST. */
  check(restored: Restored): void {
    const empty = restored.hardState.term === 0 && restored.snapshot === null && restored.entries.length === 0;
    if (!this.#isSet || !empty) return;
    throw new YosugaraError(
      'CONSENSUS_LOST',
      `the consensus log of this member is gone, though ${this.#path} says that it had one: it must not vote; bring it back as a new member`,
    );
  }

  set(): void {
    if (this.#isSet) return;
    const file = openSync(this.#path, 'a', 0o600);
    fsyncSync(file);
    closeSync(file);
    this.#isSet = true;
  }
}
