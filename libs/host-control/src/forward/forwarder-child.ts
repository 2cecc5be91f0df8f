import { type ChildProcess, spawn } from 'node:child_process';
import { childProgram } from '../os/child-program.js';
import { onJsonLines, sendLine } from '../os/lines.js';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** One TCP port that is forwarded. */
export interface Way {
  readonly listen: Endpoint;
  readonly to: Endpoint;
  /** Address of this host that the connections come from; absent: the kernel's choice. */
  readonly from?: string;
}

export interface ForwarderSetup {
  readonly ways: readonly Way[];
  /** What comes back from all of them together; null: as much as there is. What goes there is never held back. */
  readonly bytesPerSecond: number | null;
}
export type FromForwarder = { readonly listening: Endpoint } | { readonly waiting: string; readonly at: Endpoint };

const RESTART_PAUSE_MS = 200;

/** A forwarder in a process of its own, from `start` to `stop`: whatever ends it in between, there is another one. */
export class ForwarderChild {
  readonly #setup: ForwarderSetup;
  readonly #env: Readonly<Record<string, string>>;
  readonly #hear: (message: FromForwarder) => void;
  #child: ChildProcess | null = null;
  #wanted = false;
  #retry: NodeJS.Timeout | null = null;

  /** @param env by which it is found, beside `PATH`. */
  constructor(setup: ForwarderSetup, env: Readonly<Record<string, string>>, hear: (message: FromForwarder) => void) {
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
    const child = spawn(process.execPath, [childProgram('forward/forwarder-main.js')], {
      cwd: '/',
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { PATH: '/usr/bin:/bin', ...this.#env },
    });
    this.#child = child;
    child.stdin.on('error', () => {});
    sendLine(child.stdin, this.#setup);
    onJsonLines<FromForwarder>(child.stdout, this.#hear);
    const ended = () => {
      if (this.#child !== child) return;
      this.#child = null;
      if (this.#wanted) this.#retry = setTimeout(() => this.#spawn(), RESTART_PAUSE_MS);
    };
    child.once('exit', ended);
    child.once('error', ended);
  }
}
