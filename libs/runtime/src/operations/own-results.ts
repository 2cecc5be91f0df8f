import { YosugaraError } from '@yosugara/kernel';
import type { EndingWindow, Result } from '@yosugara/operations';
import { INTERNAL_NOTIFICATION } from './operate.js';

const INTERNAL = {
  trigger: 'internal',
  plugin: 'internal',
  monitor: INTERNAL_NOTIFICATION,
  facility: INTERNAL_NOTIFICATION,
  sender: null,
} as const;

interface Told {
  readonly result: Result;
  readonly stored: () => void;
  readonly failed: (error: Error) => void;
}

/** Results that others tell; kept until they are stored, so many at most. */
export class ToldResults {
  readonly #most: number;
  readonly #told: Told[] = [];
  #lost = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#told.length;
  }

  /** Since the process began. */
  get lost(): number {
    return this.#lost;
  }

  /** @returns resolves when it is stored. @throws when there are too many, or they end before. */
  async add(result: Result, isOver: boolean): Promise<void> {
    if (this.#told.length >= this.#most || isOver) {
      this.#lost++;
      throw new YosugaraError('NOT_TOLD', `nobody is told of: ${result.message}`);
    }
    await new Promise<void>((stored, failed) => void this.#told.push({ result, stored, failed }));
  }

  /** Oldest first; they stay until `stored` says how many of them were. */
  results(): readonly Result[] {
    return this.#told.map(({ result }) => result);
  }

  stored(count: number): void {
    for (const { stored } of this.#told.splice(0, count)) stored();
  }

  end(): void {
    for (const { failed } of this.#told.splice(0)) failed(new YosugaraError('NOT_TOLD', 'the loop that stores it has ended'));
  }
}

/** What nobody looked at before this owner came. */
export const resultOfSkipped = (skipped: number, id: string, atMs: number): Result => ({
  ...INTERNAL,
  ...{ id: `${INTERNAL_NOTIFICATION}/ticks_skipped/${id}`, item: '', sub: 'ticks_skipped', priority: 'warning', original: '' },
  ...{ application: 'yosugara', atMs, notifications: [] },
  message: `Before this node began to serve, ${skipped} looks of monitors were due that nobody made; they are not made up for.`,
});

export const resultOfEnding = ({ id, message, facilities }: EndingWindow, atMs: number): Result => ({
  ...INTERNAL,
  ...{ id, item: id, sub: 'maintenance_ends', priority: 'warning', application: 'yosugara', message, atMs, notifications: [] },
  original: `It is for ${facilities.join(', ')}.`,
});
