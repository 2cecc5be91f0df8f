import { signal } from '../os/containment.js';
import { processFact, titledChildren } from '../os/processes.js';

/** As ps shows them: `postgres: <cluster_name>: walwriter`, of a session `postgres: <cluster_name>: <role> <database> <address> <state>`. */
const TITLE = /^postgres: (?:\S+: )?(\S.*)/;
const AUXILIARY = /^(startup|checkpointer|background writer|walwriter|walsender|walreceiver)\b/;

const LOOK_EVERY_MS = 1_000;
const STOPPED_MS = 3_000;
/** Running for so long after it was continued: the matter is over. */
const FORGOTTEN_MS = 60_000;

interface Suspect {
  /** Seen in state T since; null: it runs. */
  sinceMs: number | null;
  continuedMs: number | null;
}

export interface StoppedProcess {
  readonly pid: number;
  readonly name: string;
}

/**
 * PostgreSQL's own processes in state T (SIGSTOP, a debugger that let go badly; P8). Such a server answers every probe and does half of its
 * work: a stopped checkpointer fills the disk, a stopped walsender or startup process leaves the partner or itself ever further behind, and
 * a session that was stopped in the middle of a write may hold a lock of a page or of the table's end that no view of PostgreSQL shows:
 * everybody who writes there waits for it, until all connections are in use (pattern 19).
 * Each is continued once. One of PostgreSQL's own that is stopped again is somebody's doing that we cannot undo, and the server is of no
 * use; a session that is stopped again is left alone: it harms who waits for it, and another Master would not know its client.
 */
export class StoppedProcesses {
  readonly #continued: (process: StoppedProcess) => void;
  readonly #suspects = new Map<string, Suspect>();
  #lookedMs = Number.NEGATIVE_INFINITY;
  #given: string | null = null;

  constructor(continued: (process: StoppedProcess) => void) {
    this.#continued = continued;
  }

  /** @returns why this server is of no use; null: nothing is stopped for long. */
  look(postmaster: number, nowMs: number): string | null {
    if (nowMs - this.#lookedMs < LOOK_EVERY_MS) return this.#given;
    this.#lookedMs = nowMs;
    this.#given = null;
    const seen = new Set<string>();
    for (const { pid, title } of titledChildren(postmaster)) {
      const fact = processFact(pid);
      const said = TITLE.exec(title)?.[1];
      if (fact === null || said === undefined) continue;
      const own = AUXILIARY.exec(said)?.[1];
      const name = own ?? `session (${said.split(' ').slice(0, 3).join(' ')})`;
      const key = `${pid}/${fact.startTicks}`;
      seen.add(key);
      if (this.#judge(key, { pid, name }, fact.state === 'T', nowMs) && own !== undefined)
        this.#given = `PostgreSQL's ${name} (process ${pid}) was stopped again after it had been continued`;
    }
    for (const key of this.#suspects.keys()) if (!seen.has(key)) this.#suspects.delete(key);
    return this.#given;
  }

  /** @returns true: given up. */
  #judge(key: string, { pid, name }: StoppedProcess, stopped: boolean, nowMs: number): boolean {
    const suspect = this.#suspects.get(key) ?? { sinceMs: null, continuedMs: null };
    if (!stopped) {
      suspect.sinceMs = null;
      if (suspect.continuedMs === null || nowMs - suspect.continuedMs > FORGOTTEN_MS) this.#suspects.delete(key);
      return false;
    }
    this.#suspects.set(key, suspect);
    suspect.sinceMs ??= nowMs;
    if (nowMs - suspect.sinceMs < STOPPED_MS) return false;
    if (suspect.continuedMs !== null) return true;
    suspect.continuedMs = nowMs;
    suspect.sinceMs = null;
    signal(pid, 'SIGCONT');
    this.#continued({ pid, name });
    return false;
  }
}
