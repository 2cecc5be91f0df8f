import type { Log } from '@yosugara/kernel';
import { explain } from '@yosugara/kernel';
import type { Listener } from './udp.js';

const RETRY_MS = 100;

/**
 * Sockets on the floating address, held only while told so. The address may come later than the word, and another node of the
 * same host (local cluster) may still have it: tried again every 100 ms until it works or the word changes.
 */
export class VipListeners {
  readonly #open: readonly (() => Promise<Listener>)[];
  readonly #log: Log;
  #wanted = false;
  #listeners: readonly Listener[] = [];
  #work: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;
  #waiting = false;

  constructor(open: readonly (() => Promise<Listener>)[], log: Log) {
    this.#open = open;
    this.#log = log;
  }

  get bound(): boolean {
    return this.#listeners.length > 0;
  }

  get listeners(): readonly Listener[] {
    return this.#listeners;
  }

  /** Says what is wanted; it happens by itself. */
  want(bound: boolean): void {
    if (this.#wanted === bound) return;
    this.#wanted = bound;
    clearTimeout(this.#retry);
    this.#turn();
  }

  async close(): Promise<void> {
    this.want(false);
    await this.#work;
  }

  #turn(): void {
    this.#work = this.#work.then(() => (this.#wanted ? this.#bind() : this.#unbind()));
  }

  async #bind(): Promise<void> {
    if (this.bound) return;
    const opened: Listener[] = [];
    try {
      for (const open of this.#open) opened.push(await open());
      this.#listeners = opened;
      this.#waiting = false;
      this.#log.info('vip.bound');
    } catch (error) {
      for (const listener of opened) await listener.close();
      if (!this.#waiting) this.#log.info('vip.waiting', { why: explain(error) });
      this.#waiting = true;
      if (this.#wanted) this.#retry = setTimeout(() => this.#turn(), RETRY_MS);
    }
    if (!this.#wanted) await this.#unbind();
  }

  async #unbind(): Promise<void> {
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) await listener.close();
    if (listeners.length > 0) this.#log.info('vip.released');
  }
}
