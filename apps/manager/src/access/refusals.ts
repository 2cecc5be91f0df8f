import { type Clock, explain, type Log } from '@yosugara/kernel';
import type { KnownRequest } from '../auth/identity.js';
import type { Authority } from '../control/authority.js';
import type { ManagerStore } from '../store/ports.js';

const MINUTE_MS = 60_000;
/** Lines a minute: whoever is refused again and again does not fill the log with it. */
const MOST_A_MINUTE = 60;

/** Writes down who was refused what. The same refusal once a minute; without a writable database only the program's own log has it. */
export class Refusals {
  readonly #store: Pick<ManagerStore, 'audit'>;
  readonly #authority: Authority;
  readonly #node: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #minute = 0;
  #seen = new Set<string>();

  constructor(store: Pick<ManagerStore, 'audit'>, authority: Authority, node: string, clock: Clock, log: Log) {
    this.#store = store;
    this.#authority = authority;
    this.#node = node;
    this.#clock = clock;
    this.#log = log;
  }

  /** Neither throws nor waits. */
  note(request: KnownRequest, code: string): void {
    const login = request.identity?.login ?? '';
    const path = request.url.split('?')[0]!.slice(0, 256);
    const refusal = { method: request.method, path, code };
    const minute = Math.floor(this.#clock.monotonicMs() / MINUTE_MS);
    if (minute !== this.#minute) this.#seen = new Set();
    this.#minute = minute;
    const key = JSON.stringify([login, refusal]);
    if (this.#seen.has(key) || this.#seen.size >= MOST_A_MINUTE) return;
    this.#seen.add(key);
    this.#log.warn('request.refused', { login, from: request.ip, ...refusal });
    const { mode, epoch } = this.#authority.now();
    if (mode !== 'active') return;
    const entry = { login, action: 'refused', detail: refusal, node: this.#node, epoch, done: false };
    this.#store
      .audit(entry, () => void this.#authority.demand('active', epoch))
      .catch((error: unknown) => this.#log.warn('audit.notStored', { login, why: explain(error) }));
  }
}
