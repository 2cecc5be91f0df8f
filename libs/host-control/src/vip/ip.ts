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
const ANNOUNCE_DEADLINE_MS = 6_000;

/**
 * The address on a network interface, with a lifetime in the kernel (ruling 12 of failover.md): when nobody renews it, because the
 * controller is gone or frozen, the kernel drops it by itself, so a frozen host does not go on answering ARP for it.
 */
export class IpDriver implements VipDriver {
  readonly kind = 'ip';
  readonly #options: IpOptions;
  readonly #log: Log;
  /** One at a time; while one is at work, of further renewals only the newest counts. */
  #working: Promise<void> | null = null;
  #newestUntil = 0;
  #wanted = false;
  #arpingMissing = false;

  constructor(options: IpOptions) {
    this.#options = options;
    this.#log = options.log;
  }

  async hold(leaseLeftMs: number): Promise<void> {
    this.#wanted = true;
    this.#newestUntil = performance.now() + leaseLeftMs;
    if (this.#working !== null) return await this.#working;
    this.#working = this.#hold().finally(() => {
      this.#working = null;
    });
    await this.#working;
  }

  async release(): Promise<void> {
    this.#wanted = false;
    await this.#working?.catch(() => {});
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

  async #hold(): Promise<void> {
    const { address, prefixLength } = this.#options;
    const facts = await this.#addresses();
    const here = facts.find((fact) => carries(fact, address));
    const device = here?.ifname ?? this.#options.interface ?? facts.find((fact) => carries(fact, this.#options.nextTo))?.ifname;
    if (device === undefined)
      throw new VipError('VIP_FAILED', `no interface carries ${this.#options.nextTo}: name one in cluster.vip.interface`);
    if (here === undefined) await this.#mustBeFree(device);
    const seconds = Math.floor((this.#newestUntil - performance.now()) / 1_000);
    if (seconds < 1 || !this.#wanted) return; // Too little left to be worth it: what is there runs out by itself.
    const lifetime = ['valid_lft', String(seconds), 'preferred_lft', String(seconds)];
    const done = await this.#run(
      ['ip', 'addr', 'replace', `${address}/${prefixLength}`, 'dev', device, ...lifetime],
      IP_DEADLINE_MS,
    );
    if (done.code !== 0) throw new VipError('VIP_FAILED', `cannot set ${address} on ${device}: ${done.stderr.trim()}`);
    if (here === undefined) void this.#announce(device);
  }

  /** RFC 5227 §2.1: ask before using. Only IPv4: for IPv6 the kernel itself detects duplicates (RFC 4862 §5.4). */
  async #mustBeFree(device: string): Promise<void> {
    const { address } = this.#options;
    const answer = await this.#arping(['-D', '-c', '1', '-w', '1', '-I', device, address], PROBE_DEADLINE_MS);
    if (answer !== null && answer.code === 1 && /Received [1-9]/.test(answer.stdout))
      throw new VipError(
        'VIP_DUPLICATE',
        `another host on ${device} answers for ${address}: ${answer.stdout.trim().split('\n').slice(1, 2).join('')}`,
      );
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
