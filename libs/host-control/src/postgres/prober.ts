import { type ChildProcess, spawn } from 'node:child_process';
import { childProgram } from '../os/child-program.js';
import { onJsonLines, sendLine } from '../os/lines.js';
import type { ProbeRow } from './probe-query.js';
import type { SqlTarget } from './sql.js';

export type ProbeKind = 'look' | 'write';
export type ProbeOrder = { readonly target: SqlTarget; readonly probe: ProbeKind } | { readonly id: number };
type Answer = { id: number; row: ProbeRow } | { id: number; code: string; message: string };
type FromProber = { ready: true } | Answer;

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
  readonly #kind: ProbeKind;
  #child: ProbeChild | null = null;
  /** Begun when an answer is overdue by half: the next probe must not wait for a Node process to start. */
  #spare: ProbeChild | null = null;
  #closed = false;

  constructor(target: SqlTarget, deadlineMs: number, kind: ProbeKind = 'look') {
    this.#kind = kind;
    this.#target = target;
    this.#deadlineMs = deadlineMs;
  }

  /** One at a time. */
  async probe(): Promise<ProbeAnswer> {
    const child = this.#next();
    if (child === null) return { kind: 'late' };
    const overdue = setTimeout(() => this.#prepareSpare(), this.#deadlineMs / 2);
    try {
      if (!(await child.ready)) {
        child.kill();
        return { kind: 'error', code: 'PROBER_NOT_STARTED', message: `no probe could be made within ${CHILD_START_MS} ms` };
      }
      const answer = await child.ask(this.#deadlineMs);
      if (answer === null) {
        child.kill();
        return { kind: 'late' };
      }
      return 'row' in answer ? { kind: 'row', row: answer.row } : { kind: 'error', code: answer.code, message: answer.message };
    } finally {
      clearTimeout(overdue);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#child, this.#spare].map((child) => child?.end()));
  }

  #next(): ProbeChild | null {
    if (this.#closed) return null;
    if (this.#child?.alive !== true) {
      this.#child = this.#spare?.alive === true ? this.#spare : new ProbeChild(this.#target, this.#kind);
      this.#spare = null;
    }
    return this.#child;
  }

  #prepareSpare(): void {
    if (!this.#closed && this.#spare?.alive !== true) this.#spare = new ProbeChild(this.#target, this.#kind);
  }
}

class ProbeChild {
  /** false: it did not start. */
  readonly ready: Promise<boolean>;
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;
  #onAnswer: ((answer: Answer | null) => void) | null = null;
  #nextId = 1;
  #alive = true;

  constructor(target: SqlTarget, probe: ProbeKind) {
    const child = spawn(process.execPath, [childProgram('postgres/prober-main.js')], {
      cwd: '/',
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { PATH: '/usr/bin:/bin' },
    });
    this.#process = child;
    child.stdin.on('error', () => {});
    this.#exited = new Promise((resolve) => {
      const ended = () => {
        this.#alive = false;
        this.#onAnswer?.(null);
        resolve();
      };
      child.once('exit', ended);
      child.once('error', ended);
    });
    this.ready = new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), CHILD_START_MS);
      const settle = (ready: boolean) => {
        clearTimeout(timer);
        resolve(ready);
      };
      onJsonLines<FromProber>(child.stdout, (message) => {
        if ('ready' in message) settle(true);
        else if (message.id === this.#nextId - 1) this.#onAnswer?.(message);
      });
      void this.#exited.then(() => settle(false));
    });
    sendLine(child.stdin, { target, probe });
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** null: no answer in time, or the child has ended. */
  async ask(deadlineMs: number): Promise<Answer | null> {
    if (!this.#alive) return null;
    const id = this.#nextId++;
    const answer = await new Promise<Answer | null>((resolve) => {
      const timer = setTimeout(() => resolve(null), deadlineMs);
      this.#onAnswer = (given) => {
        clearTimeout(timer);
        resolve(given);
      };
      sendLine(this.#process.stdin, { id });
    });
    this.#onAnswer = null;
    return answer;
  }

  kill(): void {
    this.#alive = false;
    this.#process.kill('SIGKILL');
  }

  async end(): Promise<void> {
    this.kill();
    await this.#exited;
  }
}
