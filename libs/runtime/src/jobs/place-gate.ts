import { type PlaceAnswer, type PlaceKey, Places, type SessionInput, type Want } from '@yosugara/operations';
import type { PlaceBook } from './outside.js';

export interface PlaceGateOptions {
  readonly limitsOf: ConstructorParameters<typeof Places>[0];
  readonly hear: (session: string, input: SessionInput) => void;
}

/** Places, which are given to nobody after a take-over before all sessions have said which ones they have. */
export class PlaceGate implements PlaceBook {
  readonly #places: Places;
  readonly #hear: PlaceGateOptions['hear'];
  #held: Want[] | null = [];

  constructor({ limitsOf, hear }: PlaceGateOptions) {
    this.#places = new Places(limitsOf);
    this.#hear = hear;
  }

  want(want: Want): void {
    if (this.#held !== null && !want.has) this.#held.push(want);
    else this.#answer(this.#places.want(want));
  }

  leave(key: PlaceKey): void {
    if (this.#held !== null) {
      this.#held = this.#held.filter(({ key: { of, id, session, job } }) => !isSame(key, { of, id, session, job }));
      this.#places.leave(key);
    } else this.#answer(this.#places.leave(key));
  }

  /** All have said what they have. Safe to call twice. */
  open(): void {
    const held = this.#held;
    this.#held = null;
    // Sessions said it in any order; who would be first in a queue is first.
    const inOrder = (held ?? []).toSorted((a, b) => b.priority - a.priority || a.sinceMs - b.sinceMs);
    for (const want of inOrder) this.want(want);
  }

  limitsChanged(): void {
    if (this.#held === null) this.#answer(this.#places.refresh());
  }

  stuck(nowMs: number, afterMs: number) {
    return this.#places.stuck(nowMs, afterMs);
  }

  view() {
    return this.#places.view();
  }

  #answer(answers: readonly PlaceAnswer[]): void {
    for (const { kind, key } of answers) this.#hear(key.session, { kind, place: key });
  }
}

const isSame = (one: PlaceKey, other: PlaceKey): boolean =>
  one.of === other.of && one.id === other.id && one.session === other.session && one.job === other.job;
