import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nodeId } from '@yosugara/kernel';
import { STATE_LAYOUT } from '@yosugara/protocol';
import type { Superseded } from '@yosugara/runtime';
import { z } from 'zod';

const Schema = z.object({ by: z.string().transform(nodeId), branch: z.string(), generation: z.int() });

/**
 * What an earlier life of this controller heard: a newer log of the cluster's goes on in another site. Known before anything else, so that
 * a node that starts again while the line is down does not serve what an operator gave up.
 */
export class SupersededFile {
  readonly #path: string;

  constructor(stateDir: string) {
    this.#path = join(stateDir, STATE_LAYOUT.superseded);
  }

  /** @throws — it is there and cannot be read: nobody knows then whether this node may serve. */
  read(): Superseded | null {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw cause;
    }
    return Schema.parse(JSON.parse(text));
  }

  /** Durable when it returns. */
  write(superseded: Superseded): void {
    const draft = `${this.#path}.draft`;
    const file = openSync(draft, 'w', 0o600);
    try {
      writeSync(file, `${JSON.stringify(superseded)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, this.#path);
    const dir = openSync(dirname(this.#path), 'r');
    try {
      fsyncSync(dir);
    } finally {
      closeSync(dir);
    }
  }

  /** This node is on that log now, or leads a newer one. */
  clear(): void {
    rmSync(this.#path, { force: true });
  }
}
