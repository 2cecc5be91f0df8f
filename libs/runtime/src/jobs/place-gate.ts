import { holderName, type PlaceAnswer, type PlaceKey, Places, type SessionInput, type Want } from '@yosugara/operations';
import type { PlaceBook } from './outside.js';

export interface PlaceGateOptions {
  readonly limitsOf: ConstructorParameters<typeof Places>[0];
  readonly hear: (session: string, input: SessionInput) => void;
}

/** Places, which are given to nobody after a take-over before all sessions have said which ones they have. */
export class PlaceGate implements PlaceBook {
  readonly #places: Places;
  readonly #hear: PlaceGateOptions['hear'];
  /** By whom they are of. */
  #held: Map<string, Want> | null = new Map();

  constructor({ limitsOf, hear }: PlaceGateOptions) {
    this.#places = new Places(limitsOf);
    this.#hear = hear;
  }

  want(want: Want): void {
    if (this.#held !== null && !want.has) this.#held.set(nameOf(want.key), want);
    else this.#answer(this.#places.want(want));
  }

  leave(key: PlaceKey): void {
    if (this.#held?.delete(nameOf(key)) === undefined) this.#answer(this.#places.leave(key));
    else this.#places.leave(key);
  }

  /**
   * All have said what they have. Safe to call twice. Nobody wants or leaves a place before it is done.
   * @param between lets others have their turn: very many may wait.
   */
  async open(between: () => Promise<void> | null = () => null): Promise<void> {
    const held = this.#held;
    if (held === null) return;
    this.#held = null;
    // Sessions said it in any order; who would be first in a queue is first.
    const inOrder = [...held.values()].sort((a, b) => b.priority - a.priority || a.sinceMs - b.sinceMs);
    for (const want of inOrder) {
      this.want(want);
      const pause = between();
      if (pause !== null) await pause;
    }
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

const nameOf = (key: PlaceKey): string => `${key.of}\0${key.id}\0${holderName(key)}`;
