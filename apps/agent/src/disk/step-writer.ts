import { explain, type Log } from '@yosugara/kernel';
import type { AgentEffect, Change } from '@yosugara/operations/agent';
import { AgentDiskError } from '../errors.js';
import type { Ledger } from './ledger.js';

const DISK_FULL_RETRY_MS = 1_000;

interface Waiting {
  readonly keep: readonly Change[];
  readonly effects: readonly AgentEffect[];
  readonly done: (() => void) | null;
}

export interface StepWriterOptions {
  readonly ledger: Pick<Ledger, 'append' | 'drop' | 'state'>;
  readonly log: Log;
  readonly act: (effect: AgentEffect) => void;
  /** There may be news that were not on disk before. */
  readonly onWritten: () => void;
  readonly onFailure: (error: unknown) => void;
}

/** What a step keeps is on disk before what follows from it is done: in the order of the steps, and all that waits with one sync. */
export class StepWriter {
  readonly #o: StepWriterOptions;
  readonly #queue: Waiting[] = [];
  #isWriting = false;
  #isClosed = false;

  constructor(options: StepWriterOptions) {
    this.#o = options;
  }

  /** Steps that are not on disk yet. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** @param done when all of it was done, or nobody does it any more. */
  step(keep: readonly Change[], effects: readonly AgentEffect[], done: (() => void) | null): void {
    if (keep.length === 0 && this.#queue.length === 0 && !this.#isWriting) {
      for (const effect of effects) this.#o.act(effect);
      done?.();
      return;
    }
    this.#queue.push({ keep, effects, done });
    if (!this.#isWriting) void this.#write();
  }

  close(): void {
    this.#isClosed = true;
    for (const { done } of this.#queue.splice(0)) done?.();
  }

  async #write(): Promise<void> {
    const { act, onWritten, onFailure } = this.#o;
    this.#isWriting = true;
    try {
      while (this.#queue.length > 0 && !this.#isClosed) {
        const steps = this.#queue.splice(0);
        await this.#append(steps.map(({ keep }) => keep).filter((keep) => keep.length > 0));
        if (this.#isClosed) return;
        for (const { effects, done } of steps) {
          for (const effect of effects) act(effect);
          done?.();
        }
        onWritten();
      }
    } catch (error) {
      onFailure(error);
    } finally {
      this.#isWriting = false;
    }
  }

  async #append(steps: readonly (readonly Change[])[]): Promise<void> {
    const { ledger, log } = this.#o;
    if (steps.length === 0) return;
    const isLazy = steps.every((keep) => keep.every(({ kind }) => kind === 'acked' || kind === 'forgotten'));
    for (;;) {
      try {
        await ledger.append(steps, !isLazy);
        if (isLazy) await ledger.drop(ledger.state.acked);
        return;
      } catch (error) {
        if (!(error instanceof AgentDiskError) || this.#isClosed) throw error;
        // Nothing is said and nothing is launched meanwhile: who asks gets no answer, and says it again.
        log.error('disk.full', { why: explain(error) });
        await new Promise((resolve) => setTimeout(resolve, DISK_FULL_RETRY_MS));
      }
    }
  }
}
