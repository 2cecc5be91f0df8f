import type { TakesAgain } from '@yosugara/runtime';

/** Of an intake that never refuses. */
export const ALWAYS_TAKES: TakesAgain = { whenTaking: () => () => undefined };

/** Of an intake that the test opens: who was refused is told then, and at no other time. */
export class Taking implements TakesAgain {
  readonly waiting = new Set<() => void>();

  whenTaking(then: () => void): () => void {
    this.waiting.add(then);
    return () => void this.waiting.delete(then);
  }

  /** It takes again. */
  tell(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const then of waiting) then();
  }
}
