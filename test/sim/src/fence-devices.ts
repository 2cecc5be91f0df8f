import type { NodeId } from '@yosugara/kernel';
import type { Agenda } from './agenda.js';
import type { Rng } from './rng.js';

/** F1–F7, F17. `liar`: it says off and the host runs on; the adapter's read-back asks a second sensor and sees it. `lies`: nobody sees it. */
export type DeviceMood = 'ok' | 'timeout' | 'error' | 'liar' | 'late' | 'credentials' | 'flaps' | 'lies';

export interface FenceAnswer {
  readonly off: boolean;
  readonly says: string;
}

interface Powered {
  readonly powered: boolean;
  powerOff(): void;
  powerOn(): void;
}

const DEADLINE_MS = 6_000;

/** The power controller of one host, on a network of its own. What the fence port would make of its answers, as one answer. */
export class FenceDevice {
  readonly target: NodeId;
  readonly #agenda: Agenda;
  readonly #rng: Rng;
  readonly #host: () => Powered;
  mood: DeviceMood = 'ok';
  /** F6: without mains of its own it dies with its host. */
  diesWithHost = false;
  inFlight = 0;
  #calledOff = 0;
  orders = 0;

  constructor(target: NodeId, agenda: Agenda, rng: Rng, host: () => Powered) {
    this.target = target;
    this.#agenda = agenda;
    this.#rng = rng;
    this.#host = host;
  }

  get healthy(): boolean {
    return this.#mood() === 'ok' || this.#mood() === 'late' || this.#mood() === 'liar' || this.#mood() === 'lies';
  }

  /** What was not yet told to the device is not told (F10). */
  callOff(): void {
    this.#calledOff = this.orders;
  }

  off(then: (answer: FenceAnswer) => void): void {
    this.#order('off', then);
  }
  on(then: (answer: FenceAnswer) => void): void {
    this.#order('on', then);
  }

  #mood(): DeviceMood {
    if (this.diesWithHost && !this.#host().powered) return 'timeout';
    return this.mood === 'flaps' ? this.#rng.pick(['ok', 'timeout', 'error'] as const) : this.mood;
  }

  #order(what: 'off' | 'on', answered: (answer: FenceAnswer) => void): void {
    this.inFlight += 1;
    this.orders += 1;
    const order = this.orders;
    const then = (answer: FenceAnswer): void => {
      this.inFlight -= 1;
      answered(answer);
    };
    const after = (ms: number, run: () => void): void => this.#agenda.after(ms, run);
    const does = (): void => (what === 'off' ? this.#host().powerOff() : this.#host().powerOn());
    const quick = this.#rng.between(300, 2_000);
    switch (this.#mood()) {
      case 'ok':
        return after(quick, () => {
          if (this.#calledOff >= order) return then({ off: false, says: 'called off' });
          does();
          after(this.#rng.between(50, 400), () =>
            then({ off: !this.#host().powered, says: this.#host().powered ? 'reads on' : 'reads off' }),
          );
        });
      case 'late':
        // Its answer misses the deadline, the deed does not.
        after(this.#rng.between(DEADLINE_MS, DEADLINE_MS + 4_000), does);
        return after(DEADLINE_MS, () => then({ off: false, says: 'no answer in time' }));
      case 'liar':
        return after(quick, () => then({ off: !this.#host().powered, says: 'it said off, and reads on' }));
      case 'lies':
        return after(quick, () => then({ off: true, says: 'reads off' }));
      case 'error':
      case 'credentials':
        return after(quick / 4, () => then({ off: false, says: `refused (${this.mood})` }));
      case 'timeout':
      case 'flaps':
        return after(DEADLINE_MS, () => then({ off: false, says: 'unreachable' }));
    }
  }
}
