import { setTimeout as delay } from 'node:timers/promises';
import type { MasterAnswer } from '../check/types.js';
import { monotonicMs } from '../host/shell.js';
import { ask } from './api-writer.js';

const EVERY_MS = 100;
const DEADLINE_MS = 400;

/** Asks every node's load-balancer endpoint whether it is Master, as a load balancer would: evidence for S1. */
export class StatusPoller {
  readonly answers: MasterAnswer[] = [];
  #stopping = false;
  #loops: Promise<unknown> = Promise.resolve();

  start(nodes: readonly { readonly name: string; readonly address: string }[], port: number): void {
    this.#loops = Promise.all(nodes.map((node) => this.#poll(node.name, `http://${node.address}:${port}/status/master`)));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#loops;
  }

  async #poll(node: string, url: string): Promise<void> {
    while (!this.#stopping) {
      const answer = await ask(url, { method: 'GET', deadlineMs: DEADLINE_MS }).catch(() => null);
      if (answer?.status === 200) this.answers.push({ node, atMs: monotonicMs() });
      await delay(EVERY_MS);
    }
  }
}
