import { setTimeout as sleep } from 'node:timers/promises';
import { explain, type Log } from '@yosugara/kernel';
import type { VipDriver } from '@yosugara/runtime';
import { VipError } from '../errors.js';
import { type RunResult, run } from '../os/run.js';
import { ANNOUNCER_TIMES, Announcer, type AnnouncerTimes } from './announcer.js';
import { Neighbours } from './neighbours.js';

export interface IpOptions {
  readonly address: string;
  readonly prefixLength: number;
  /** Without a configured interface: the one that carries this address. */
  readonly nextTo: string;
  readonly interface: string | null;
  readonly commandPrefix: readonly string[];
  readonly log: Log;
  readonly times?: AnnouncerTimes;
}

interface AddressFact {
  readonly ifname: string;
  readonly addr_info: readonly { readonly local?: string }[];
}

const IP_DEADLINE_MS = 2_000;
/** Decision 0006: a take-over does not wait a full second for an answer that comes within a millisecond or never. */
const PROBE_WAIT_MS = 150;
/** A question that was asked ahead counts for so long: what came on the cable since then is found by the announcer. */
const AHEAD_FRESH_MS = 3_000;

interface Question {
  readonly device: string;
  readonly sinceMs: number;
  readonly answer: Promise<string | null>;
}

/**
 * The address on a network interface, with a lifetime in the kernel (ruling 12 of failover.md): when nobody renews it, because the
 * controller is gone or frozen, the kernel drops it by itself, so a frozen host does not go on answering ARP for it.
 */
export class IpDriver implements VipDriver {
  readonly kind = 'ip';
  readonly #options: IpOptions;
  readonly #log: Log;
  /** One at a time: it reads the lease when it sets the address, so a renewal that finds one at work has nothing to add. */
  #working: Promise<void> | null = null;
  readonly #neighbours: Neighbours;
  readonly #announcer: Announcer;
  #wanted = false;
  #ahead: Question | null = null;

  constructor(options: IpOptions) {
    this.#options = options;
    this.#log = options.log;
    const run = (words: readonly string[], deadlineMs: number) => this.#run(words, deadlineMs);
    this.#neighbours = new Neighbours(options.address, options.prefixLength, run, options.log);
    this.#announcer = new Announcer(this.#neighbours, options.log, options.times ?? ANNOUNCER_TIMES);
  }

  /** The duplicate-address probe takes as long as a promotion: it is done beside it. */
  expect(): void {
    this.#askAhead().catch((cause: unknown) =>
      this.#log.warn('vip.probe', { why: explain(cause), effect: 'asked when it is set' }),
    );
  }

  async #askAhead(): Promise<void> {
    const facts = await this.#addresses();
    const device = facts.some((fact) => carries(fact, this.#options.address)) ? undefined : this.#device(facts);
    if (device !== undefined) this.#ahead = this.#ask(device);
  }

  async hold(leaseLeftMs: () => number): Promise<void> {
    this.#wanted = true;
    if (this.#working !== null) return await this.#working;
    this.#working = this.#hold(leaseLeftMs).finally(() => {
      this.#working = null;
    });
    await this.#working;
  }

  async release(): Promise<void> {
    this.#wanted = false;
    this.#ahead = null;
    this.#announcer.stop();
    await this.#working?.catch(() => {});
    this.#announcer.stop(); // What was at work may have begun to announce.
    await this.#remove();
  }

  async #remove(): Promise<void> {
    const { address, prefixLength } = this.#options;
    const at = (await this.#addresses()).find((fact) => carries(fact, address));
    if (at === undefined) return;
    const done = await this.#run(['ip', 'addr', 'del', `${address}/${prefixLength}`, 'dev', at.ifname], IP_DEADLINE_MS);
    // It may have run out between the look and the deed.
    if (done.code !== 0 && (await this.held()))
      throw new VipError('VIP_FAILED', `cannot remove ${address}: ${done.stderr.trim()}`);
  }

  async held(): Promise<boolean> {
    return (await this.#addresses()).some((fact) => carries(fact, this.#options.address));
  }

  conflict(): string | null {
    return this.#announcer.conflict();
  }

  async #hold(leaseLeftMs: () => number): Promise<void> {
    const { address, prefixLength } = this.#options;
    const facts = await this.#addresses();
    const here = facts.find((fact) => carries(fact, address));
    const device = here?.ifname ?? this.#device(facts);
    if (device === undefined)
      throw new VipError('VIP_FAILED', `no interface carries ${this.#options.nextTo}: name one in cluster.vip.interface`);
    if (here === undefined) await this.#mustBeFree(device);
    if (!this.#wanted) return; // Released in the meantime.
    // Rounded down: the address must be gone when the lease is. What is there already runs out by itself.
    const leftMs = leaseLeftMs();
    const seconds = Math.floor(leftMs / 1_000);
    if (seconds < 1)
      throw new VipError('VIP_LEASE_TOO_SHORT', `${Math.round(leftMs)} ms of the lease are left: too little for ${address}`);
    const lifetime = ['valid_lft', String(seconds), 'preferred_lft', String(seconds)];
    // We asked ourselves. The kernel's own probe would leave an IPv6 address tentative, so unusable, for up to two seconds.
    const unprobed = address.includes(':') ? ['nodad'] : [];
    const done = await this.#run(
      ['ip', 'addr', 'replace', `${address}/${prefixLength}`, 'dev', device, ...unprobed, ...lifetime],
      IP_DEADLINE_MS,
    );
    if (done.code !== 0) throw new VipError('VIP_FAILED', `cannot set ${address} on ${device}: ${done.stderr.trim()}`);
    // Not only when it was set anew: a controller that began while it was here must see who takes it, too.
    if (here === undefined || !this.#announcer.isRunning) this.#announcer.start(device);
    const conflict = this.#announcer.conflict();
    if (conflict !== null) throw new VipError('VIP_DUPLICATE', conflict);
  }

  #device(facts: readonly AddressFact[]): string | undefined {
    return this.#options.interface ?? facts.find((fact) => carries(fact, this.#options.nextTo))?.ifname;
  }

  async #mustBeFree(device: string): Promise<void> {
    const ahead = this.#ahead;
    this.#ahead = null;
    const counts = ahead !== null && ahead.device === device && performance.now() - ahead.sinceMs < AHEAD_FRESH_MS;
    // Somebody who had it then may have lost it since: only silence counts from before.
    if (counts && (await this.#answerTo(ahead)) === null) return;
    const duplicate = await this.#answerTo(this.#ask(device));
    if (duplicate !== null) throw new VipError('VIP_DUPLICATE', duplicate);
  }

  #ask(device: string): Question {
    const answer = this.#neighbours.other(device, PROBE_WAIT_MS);
    answer.catch(() => {}); // Whoever waits for it is told.
    return { device, sinceMs: performance.now(), answer };
  }

  /**
   * RFC 5227 §2.1: ask before using. An answer ends the probe at once; without one it would wait its whole second, so we go on earlier
   * and leave it listening: should the answer come late, the address goes again.
   */
  async #answerTo({ sinceMs, answer }: Question): Promise<string | null> {
    const waiting = new AbortController();
    const leftMs = Math.max(0, sinceMs + PROBE_WAIT_MS - performance.now());
    const early = await Promise.race([answer, sleep(leftMs, undefined, { signal: waiting.signal }).catch(() => undefined)]);
    waiting.abort();
    if (early === undefined) void answer.then((late) => this.#answeredLate(late)).catch(() => {});
    return early ?? null;
  }

  async #answeredLate(duplicate: string | null): Promise<void> {
    if (duplicate === null) return;
    this.#log.error('vip.duplicate', { why: duplicate, effect: 'the address is removed here' });
    this.#announcer.stop();
    await this.#working?.catch(() => {});
    await this.#remove().catch((error: unknown) => this.#log.error('vip.duplicate', { why: explain(error) }));
  }

  async #addresses(): Promise<AddressFact[]> {
    const done = await this.#run(['ip', '-j', 'addr', 'show'], IP_DEADLINE_MS);
    if (done.code !== 0) throw new VipError('VIP_FAILED', `cannot read addresses: ${done.stderr.trim()}`);
    return JSON.parse(done.stdout) as AddressFact[];
  }

  async #run(words: readonly string[], deadlineMs: number): Promise<RunResult> {
    const [program, ...args] = [...this.#options.commandPrefix, ...words] as [string, ...string[]];
    try {
      return await run(program, args, { cwd: '/', deadlineMs });
    } catch (error) {
      throw new VipError('VIP_FAILED', `${words[0]} did not run`, error);
    }
  }
}

function carries(fact: AddressFact, address: string): boolean {
  return fact.addr_info.some(({ local }) => local === address);
}
