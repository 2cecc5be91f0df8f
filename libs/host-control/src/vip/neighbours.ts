import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { explain, type Log } from '@yosugara/kernel';
import type { RunResult } from '../os/run.js';

export type RunCommand = (words: readonly string[], deadlineMs: number) => Promise<RunResult>;

const PROBE_DEADLINE_MS = 3_000;
const ANNOUNCE_DEADLINE_MS = 6_000;
const NEIGHBOUR_LOOK_MS = 40;
const SEND_UA = ['/usr/libexec/heartbeat/send_ua', '/usr/lib/heartbeat/send_ua'];

/** What the hosts on one cable know about an address, by ARP (RFC 826, 5227) or neighbour discovery (RFC 4861). */
export class Neighbours {
  readonly #address: string;
  readonly #prefixLength: number;
  readonly #run: RunCommand;
  readonly #log: Log;
  readonly #v6: boolean;
  #missing = false;

  constructor(address: string, prefixLength: number, run: RunCommand, log: Log) {
    this.#address = address;
    this.#prefixLength = prefixLength;
    this.#run = run;
    this.#log = log;
    this.#v6 = address.includes(':');
  }

  /**
   * Does another host answer for the address? Resolves at once when one does.
   * @param held is it on this host? Then only ARP can tell: our own kernel would answer a neighbour solicitation.
   */
  async other(device: string, waitMs: number, held = false): Promise<string | null> {
    if (this.#v6 || this.#missing) return held ? null : await this.#solicit(device, waitMs);
    const answer = await this.#arping(['-D', '-c', '1', '-w', '1', '-I', device, this.#address], PROBE_DEADLINE_MS);
    if (answer === null) return held ? null : await this.#solicit(device, waitMs);
    if (answer.code !== 1 || !/Received [1-9]/.test(answer.stdout)) return null;
    return `another host on ${device} answers for ${this.#address}: ${answer.stdout.trim().split('\n').slice(1, 2).join('')}`;
  }

  /** Gratuitous ARP (RFC 5227 §3) or unsolicited neighbour advertisements (RFC 4861 §7.2.6). */
  async announce(device: string, times: number): Promise<void> {
    if (!this.#v6) {
      await this.#arping(['-U', '-c', String(times), '-I', device, this.#address], ANNOUNCE_DEADLINE_MS);
      return;
    }
    const program = SEND_UA.find((path) => existsSync(path));
    if (program === undefined) {
      if (!this.#missing)
        this.#log.warn('vip.announce', { effect: 'no unsolicited neighbour advertisement: install resource-agents (send_ua)' });
      this.#missing = true;
      return;
    }
    const words = [program, '-c', String(times), '-i', '200', this.#address, String(this.#prefixLength), device];
    const done = await this.#run(words, ANNOUNCE_DEADLINE_MS).catch((cause: unknown) => ({ code: 1, stderr: explain(cause) }));
    if (done.code !== 0) this.#log.warn('vip.announce', { why: done.stderr.trim() });
  }

  /** Lets the kernel ask, and reads what it learnt. Its own duplicate detection (RFC 4862 §5.4) takes up to two seconds. */
  async #solicit(device: string, waitMs: number): Promise<string | null> {
    const entry = [this.#address, 'dev', device];
    const neigh = ['ip', this.#v6 ? '-6' : '-4', '-j', 'neigh'];
    const act = async (...words: string[]) => await this.#run([...neigh, ...words], PROBE_DEADLINE_MS);
    await act('del', ...entry); // What was true before does not count; mostly there is none.
    const asked = await act('replace', ...entry, 'use');
    if (asked.code !== 0) {
      this.#log.warn('vip.probe', { why: asked.stderr.trim(), effect: 'no duplicate probe' });
      return null;
    }
    try {
      for (const until = performance.now() + waitMs; ; await sleep(NEIGHBOUR_LOOK_MS)) {
        const known = JSON.parse((await act('show', ...entry)).stdout || '[]') as { readonly lladdr?: string }[];
        const [found] = known;
        if (found?.lladdr !== undefined)
          return `another host on ${device} answers for ${this.#address}: neighbour ${found.lladdr}`;
        if (performance.now() > until) return null;
      }
    } finally {
      await act('del', ...entry);
    }
  }

  async #arping(args: readonly string[], deadlineMs: number): Promise<RunResult | null> {
    if (this.#missing) return null;
    try {
      const done = await this.#run(['arping', ...args], deadlineMs);
      // A prefix such as `ip netns exec` says by 255 or 127 that it found no program.
      if (done.code !== 127 && done.code !== 255) return done;
      return this.#noArping(done.stderr.trim());
    } catch (error) {
      return this.#noArping(explain(error));
    }
  }

  #noArping(why: string): null {
    this.#missing = why.includes('ENOENT') || why.includes('No such file');
    this.#log.warn('vip.arping', { why, effect: 'no gratuitous ARP: install iputils-arping' });
    return null;
  }
}
