import { setTimeout as sleep } from 'node:timers/promises';
import { explain, type Log } from '@yosugara/kernel';
import type { VipDriver } from '@yosugara/runtime';
import { VipError } from '../errors.js';
import { type RunResult, run } from '../os/run.js';

export interface IpOptions {
  readonly address: string;
  readonly prefixLength: number;
  /** Without a configured interface: the one that carries this address. */
  readonly nextTo: string;
  readonly interface: string | null;
  readonly commandPrefix: readonly string[];
  readonly log: Log;
}

interface AddressFact {
  readonly ifname: string;
  readonly addr_info: readonly { readonly local?: string }[];
}

const IP_DEADLINE_MS = 2_000;
const PROBE_DEADLINE_MS = 3_000;
/** Decision 0006: a take-over does not wait a full second for an answer that comes within a millisecond or never. */
const PROBE_WAIT_MS = 300;
const ANNOUNCE_DEADLINE_MS = 6_000;

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
  #wanted = false;
  #arpingMissing = false;

  constructor(options: IpOptions) {
    this.#options = options;
    this.#log = options.log;
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
    await this.#working?.catch(() => {});
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

  async #hold(leaseLeftMs: () => number): Promise<void> {
    const { address, prefixLength } = this.#options;
    const facts = await this.#addresses();
    const here = facts.find((fact) => carries(fact, address));
    const device = here?.ifname ?? this.#options.interface ?? facts.find((fact) => carries(fact, this.#options.nextTo))?.ifname;
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
    const done = await this.#run(
      ['ip', 'addr', 'replace', `${address}/${prefixLength}`, 'dev', device, ...lifetime],
      IP_DEADLINE_MS,
    );
    if (done.code !== 0) throw new VipError('VIP_FAILED', `cannot set ${address} on ${device}: ${done.stderr.trim()}`);
    if (here === undefined) void this.#announce(device);
  }

  /**
   * RFC 5227 §2.1: ask before using. An answer ends arping at once; without one it would wait its whole second, so we go on earlier
   * and leave it listening: should the answer come late, the address goes again. Only IPv4: for IPv6 the kernel itself detects
   * duplicates (RFC 4862 §5.4).
   */
  async #mustBeFree(device: string): Promise<void> {
    const { address } = this.#options;
    const asked = this.#arping(['-D', '-c', '1', '-w', '1', '-I', device, address], PROBE_DEADLINE_MS).then((answer) =>
      answer !== null && answer.code === 1 && /Received [1-9]/.test(answer.stdout)
        ? `another host on ${device} answers for ${address}: ${answer.stdout.trim().split('\n').slice(1, 2).join('')}`
        : null,
    );
    const waiting = new AbortController();
    const early = await Promise.race([asked, sleep(PROBE_WAIT_MS, undefined, { signal: waiting.signal }).catch(() => undefined)]);
    waiting.abort();
    if (typeof early === 'string') throw new VipError('VIP_DUPLICATE', early);
    if (early === undefined) void asked.then((late) => this.#answeredLate(late));
  }

  async #answeredLate(duplicate: string | null): Promise<void> {
    if (duplicate === null) return;
    this.#log.error('vip.duplicate', { why: duplicate, effect: 'the address is removed here' });
    await this.#working?.catch(() => {});
    await this.#remove().catch((error: unknown) => this.#log.error('vip.duplicate', { why: explain(error) }));
  }

  /** Gratuitous ARP (RFC 5227 §3), three of them: neighbours and switches that missed one must not keep the old owner. */
  async #announce(device: string): Promise<void> {
    await this.#arping(['-U', '-c', '3', '-I', device, this.#options.address], ANNOUNCE_DEADLINE_MS);
  }

  async #arping(args: readonly string[], deadlineMs: number): Promise<RunResult | null> {
    if (this.#arpingMissing || this.#options.address.includes(':')) return null;
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
    this.#arpingMissing = why.includes('ENOENT') || why.includes('No such file');
    this.#log.warn('vip.arping', { why, effect: 'no duplicate probe and no gratuitous ARP: install iputils-arping' });
    return null;
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
