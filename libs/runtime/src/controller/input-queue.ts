import type { ControllerInput } from './types.js';

/** Inputs that wait for one fsync. More means a dead disk: the oldest messages are dropped, as a lost datagram would be. */
const MAX_QUEUE = 4_096;

/** An input without its times: they are those of the moment it is stepped, so that a stale burst renews nothing. */
export type Untimed = ControllerInput extends infer I
  ? I extends ControllerInput
    ? Omit<I, 'nowMs' | 'wallMs' | 'random'>
    : never
  : never;

/** What the controller is still to hear, in order and never more than so much. */
export class InputQueue {
  readonly #waiting: Untimed[] = [];

  get length(): number {
    return this.#waiting.length;
  }

  first(): Untimed | undefined {
    return this.#waiting[0];
  }

  shift(): Untimed | undefined {
    return this.#waiting.shift();
  }

  push(input: Untimed, place: 'first' | 'last'): void {
    if (this.#waiting.length >= MAX_QUEUE) {
      const oldest = this.#waiting.findIndex((queued) => queued.kind === 'message');
      this.#waiting.splice(Math.max(0, oldest), 1);
    }
    if (place === 'first') this.#waiting.unshift(input);
    else this.#waiting.push(input);
  }
}
