import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, renameSync, statSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { THREAD_POOL } from '@yosugara/kernel';
import { MARK, removePidFile, signal, writePidFile } from './processes.js';

export interface ServiceSpec {
  readonly name: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** null: our own output. */
  readonly logFile: string | null;
  readonly pidFile: string;
  /** The cluster's state folder, by which its processes are found again. */
  readonly state: string;
}

const FIRST_BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 5_000;
/** A process that ran that long starts again at once: whatever ended it is not a start that fails. */
const STEADY_MS = 10_000;
const MAX_LOG_BYTES = 32 * 1024 * 1024;

/** One process kept running, as systemd's `Restart=always` would: a new start after every end, slower each time it fails early. */
export class Service {
  readonly spec: ServiceSpec;
  #child: ChildProcess | null = null;
  #timer: NodeJS.Timeout | null = null;
  #backoffMs = FIRST_BACKOFF_MS;
  #stopping = false;
  #ended: () => void = () => undefined;
  readonly #end = new Promise<void>((resolve) => {
    this.#ended = resolve;
  });

  constructor(spec: ServiceSpec) {
    this.spec = spec;
    for (const file of [spec.logFile, spec.pidFile])
      if (file !== null) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    if (spec.logFile !== null) rotate(spec.logFile);
  }

  start(): void {
    this.#timer = null;
    const startedMs = performance.now();
    // The child owns the file itself: its log goes on when we die, and it never waits for us to read.
    const log = this.spec.logFile === null ? null : openSync(this.spec.logFile, 'a', 0o600);
    try {
      const child = spawn(process.execPath, ['--enable-source-maps', ...this.spec.args], {
        cwd: this.spec.cwd,
        env: { ...THREAD_POOL, ...process.env, [MARK]: this.spec.state },
        stdio: ['ignore', log ?? 'inherit', log ?? 'inherit'],
        // Own session: Ctrl-C reaches us, and we stop things in order.
        detached: true,
      });
      this.#child = child;
      if (child.pid !== undefined) writePidFile(this.spec.pidFile, child.pid);
      child.once('error', () => this.#afterEnd(startedMs));
      child.once('exit', () => this.#afterEnd(startedMs));
    } finally {
      if (log !== null) closeSync(log);
    }
  }

  #afterEnd(startedMs: number): void {
    if (this.#child === null) return;
    this.#child = null;
    removePidFile(this.spec.pidFile);
    if (this.#stopping) return this.#ended();
    if (performance.now() - startedMs > STEADY_MS) this.#backoffMs = FIRST_BACKOFF_MS;
    this.#timer = setTimeout(() => this.start(), this.#backoffMs);
    this.#backoffMs = Math.min(MAX_BACKOFF_MS, this.#backoffMs * 2);
  }

  /** Logs grow while the process holds them open (append mode), so a long one is copied away and cut. */
  trimLog(): void {
    const { logFile } = this.spec;
    if (logFile === null || !existsSync(logFile) || statSync(logFile).size < MAX_LOG_BYTES) return;
    copyFileSync(logFile, `${logFile}.1`);
    truncateSync(logFile, 0);
  }

  /** SIGTERM, and SIGKILL to its process group after the grace time. Resolves when it has ended. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    signal(pid, 'SIGTERM');
    const kill = setTimeout(() => signal(-pid, 'SIGKILL'), graceMs);
    await this.#end;
    clearTimeout(kill);
  }
}

/** The log of the run before is kept, once. */
function rotate(file: string): void {
  if (existsSync(file)) renameSync(file, `${file}.1`);
}
