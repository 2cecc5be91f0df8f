import { type ChildProcess, spawn } from 'node:child_process';
import { childProgram } from '../os/child-program.js';
import { onJsonLines, sendLine } from '../os/lines.js';
import type { ProbeRow } from './probe-query.js';
import type { SqlTarget } from './sql.js';

export type ProbeOrder = { readonly target: SqlTarget } | { readonly id: number };
type FromProber = { ready: true } | { id: number; row: ProbeRow } | { id: number; code: string; message: string };

export type ProbeAnswer =
  | { readonly kind: 'row'; readonly row: ProbeRow }
  /** Somebody answered, or nobody listens: SQLSTATE or errno. */
  | { readonly kind: 'error'; readonly code: string; readonly message: string }
  | { readonly kind: 'late' };

/** A child may need a while to start on a busy machine; that says nothing about PostgreSQL. */
const CHILD_START_MS = 5_000;

/** Asks PostgreSQL through a child process; a probe that misses its deadline costs the child its life. */
export class Prober {
  readonly #target: SqlTarget;
  readonly #deadlineMs: number;
  #child: ChildProcess | null = null;
  #ready: Promise<boolean> = Promise.resolve(false);
  #answer: ((answer: ProbeAnswer) => void) | null = null;
  #nextId = 1;
  #closed = false;

  constructor(target: SqlTarget, deadlineMs: number) {
    this.#target = target;
    this.#deadlineMs = deadlineMs;
  }

  pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** One at a time. */
  async probe(): Promise<ProbeAnswer> {
    if (this.#child === null) this.#start();
    if (!(await this.#ready)) {
      this.#replace();
      return { kind: 'late' };
    }
    const id = this.#nextId++;
    const answer = await new Promise<ProbeAnswer>((resolve) => {
      const timer = setTimeout(() => resolve({ kind: 'late' }), this.#deadlineMs);
      this.#answer = (given) => {
        clearTimeout(timer);
        resolve(given);
      };
      sendLine(this.#child?.stdin ?? null, { id });
    });
    this.#answer = null;
    if (answer.kind === 'late') this.#replace();
    return answer;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
  }

  #replace(): void {
    this.#child?.kill('SIGKILL');
    this.#child = null;
    if (!this.#closed) this.#start();
  }

  #start(): void {
    const child = spawn(process.execPath, [childProgram('postgres/prober-main.js')], {
      cwd: '/',
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { PATH: '/usr/bin:/bin' },
    });
    this.#child = child;
    child.stdin.on('error', () => {});
    this.#ready = new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), CHILD_START_MS);
      const settle = (ready: boolean) => {
        clearTimeout(timer);
        resolve(ready);
      };
      onJsonLines<FromProber>(child.stdout, (message) => {
        if ('ready' in message) settle(true);
        else if (child === this.#child) this.#hear(message);
      });
      child.once('error', () => settle(false));
      child.once('exit', () => {
        settle(false);
        if (child !== this.#child) return;
        this.#child = null;
        this.#answer?.({ kind: 'late' });
      });
    });
    sendLine(child.stdin, { target: this.#target });
  }

  #hear(message: Exclude<FromProber, { ready: true }>): void {
    if (message.id !== this.#nextId - 1) return;
    if ('row' in message) this.#answer?.({ kind: 'row', row: message.row });
    else this.#answer?.({ kind: 'error', code: message.code, message: message.message });
  }
}
