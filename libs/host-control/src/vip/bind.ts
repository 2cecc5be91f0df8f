import { type ChildProcess, spawn } from 'node:child_process';
import type { Log } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import type { VipDriver } from '@yosugara/runtime';
import { childProgram } from '../os/child-program.js';
import { onJsonLines, sendLine } from '../os/lines.js';
import { heldMarker, markerEntry } from '../os/markers.js';

export interface ForwarderSetup {
  readonly listen: { readonly host: string; readonly port: number };
  readonly to: { readonly host: string; readonly port: number };
}
export type FromForwarder = { readonly listening: true } | { readonly waiting: string };

const RESTART_PAUSE_MS = 200;

/**
 * Loopback clusters: whoever is told to hold the VIP binds its ports there. PostgreSQL cannot add an address without a restart, so a
 * child process forwards VIP:port to it. Killing the child frees the port and cuts every session at once.
 */
export class BindDriver implements VipDriver {
  readonly kind = 'bind';
  readonly #setup: ForwarderSetup;
  readonly #marker: string;
  readonly #log: Log;
  #child: ChildProcess | null = null;
  #held = false;
  #retry: NodeJS.Timeout | null = null;

  constructor(config: NodeConfig, vip: string, own: string, log: Log) {
    const port = config.ports.postgres;
    this.#setup = { listen: { host: vip, port }, to: { host: own, port } };
    this.#marker = heldMarker('vip', config);
    this.#log = log;
  }

  async hold(): Promise<void> {
    this.#held = true;
    if (this.#child === null && this.#retry === null) this.#start();
  }

  async release(): Promise<void> {
    this.#held = false;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
  }

  async held(): Promise<boolean> {
    return this.#held;
  }

  #start(): void {
    this.#retry = null;
    const child = spawn(process.execPath, [childProgram('vip/forwarder-main.js')], {
      cwd: '/',
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { PATH: '/usr/bin:/bin', ...markerEntry(this.#marker) },
    });
    this.#child = child;
    child.stdin.on('error', () => {});
    sendLine(child.stdin, this.#setup);
    onJsonLines<FromForwarder>(child.stdout, (message) => {
      if ('waiting' in message) this.#log.warn('vip.waiting', { ...this.#setup.listen, why: message.waiting });
      else this.#log.info('vip.bound', this.#setup.listen);
    });
    const ended = () => {
      if (this.#child !== child) return;
      this.#child = null;
      // Killed by the dead man, or by accident: as long as the VIP is ours, another one.
      if (this.#held) this.#retry = setTimeout(() => this.#start(), RESTART_PAUSE_MS);
    };
    child.once('exit', ended);
    child.once('error', ended);
  }
}
