import { type ChildProcess, spawn } from 'node:child_process';
import { childProgram } from '../os/child-program.js';
import { onJsonLines, sendLine } from '../os/lines.js';

const RESTART_PAUSE_MS = 200;

/** A program of ours in a process of its own, from `start` to `stop`: whatever ends it in between, there is another one. */
export class KeptChild<Setup, Said> {
  readonly #program: string;
  readonly #setup: Setup;
  readonly #env: Readonly<Record<string, string>>;
  readonly #hear: (message: Said) => void;
  #child: ChildProcess | null = null;
  #wanted = false;
  #retry: NodeJS.Timeout | null = null;

  /** @param program file below `dist`. @param setup what it is told first. @param env by which it is found, beside `PATH`. */
  constructor(program: string, setup: Setup, env: Readonly<Record<string, string>>, hear: (message: Said) => void) {
    this.#program = program;
    this.#setup = setup;
    this.#env = env;
    this.#hear = hear;
  }

  start(): void {
    this.#wanted = true;
    if (this.#child === null && this.#retry === null) this.#spawn();
  }

  /** Killed: its ports are free, and every connection is cut at once. */
  async stop(): Promise<void> {
    this.#wanted = false;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
  }

  #spawn(): void {
    this.#retry = null;
    const child = spawn(process.execPath, [childProgram(this.#program)], {
      cwd: '/',
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { PATH: '/usr/bin:/bin', ...this.#env },
    });
    this.#child = child;
    child.stdin.on('error', () => {});
    sendLine(child.stdin, this.#setup);
    onJsonLines<Said>(child.stdout, this.#hear);
    const ended = () => {
      if (this.#child !== child) return;
      this.#child = null;
      if (this.#wanted) this.#retry = setTimeout(() => this.#spawn(), RESTART_PAUSE_MS);
    };
    child.once('exit', ended);
    child.once('error', ended);
  }
}
