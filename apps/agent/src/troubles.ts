import type { Clock, Log } from '@yosugara/kernel';
import type { AgentNews } from '@yosugara/protocol/agents';

const SAME_TROUBLE_MS = 3_600_000;
const MOST_REMEMBERED = 1_000;
const MOST_TEXT = 4_096;

/** For people, at the managers: the same once an hour. */
export class Troubles {
  readonly #toldMs = new Map<string, number>();
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #tell: (news: AgentNews) => void;

  constructor(clock: Clock, log: Log, tell: (news: AgentNews) => void) {
    this.#clock = clock;
    this.#log = log;
    this.#tell = tell;
  }

  note(code: string, message: string): void {
    const nowMs = this.#clock.monotonicMs();
    const key = `${code} ${message}`;
    const lastMs = this.#toldMs.get(key);
    if (lastMs !== undefined && nowMs - lastMs < SAME_TROUBLE_MS) return;
    if (this.#toldMs.size >= MOST_REMEMBERED) this.#toldMs.clear();
    this.#toldMs.set(key, nowMs);
    this.#log.warn('trouble', { code, message });
    this.#tell({ kind: 'trouble', atMs: this.#clock.wallMs(), code, message: message.slice(0, MOST_TEXT) });
  }
}
