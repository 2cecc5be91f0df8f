import { accessSync, constants } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Log } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import type { VipDriver } from '@yosugara/runtime';
import { VipError } from '../errors.js';
import { type BoundedEnd, lastLine, runBounded } from '../os/bounded.js';

type Verb = 'hold' | 'release' | 'held';
type Vip = NonNullable<NodeConfig['cluster']['vip']>;

/** A program that moves the VIP: which one, and how it says that it holds it. */
interface VipProgram {
  readonly kind: 'ocf' | 'command';
  readonly name: string;
  call(verb: Verb, deadlineMs: number, leaseLeftMs: number): Promise<BoundedEnd>;
  /** null: neither held nor not. */
  heldBy(end: BoundedEnd): boolean | null;
}

const OCF_ROOT = '/usr/lib/ocf';
/** Cloud interfaces take seconds. */
const MOVE_MS = 20_000;
const LOOK_MS = 10_000;
/** We are asked twice a second; the program, which may call a cloud's API, less often. */
const LOOK_EVERY_MS = 5_000;

/** `ocf:heartbeat:IPaddr2` and its kin: OCF Resource Agent API 1.1; `start`, `stop` and `monitor` (0 runs, 7 does not). */
export function ocfProgram(vip: Vip, prefix: readonly string[]): VipProgram {
  const [, provider, type] = /^ocf:([\w.-]+):([\w.-]+)$/.exec(vip.agent ?? '') ?? [];
  if (provider === undefined || type === undefined)
    throw new VipError('VIP_FAILED', `cluster.vip.agent: ${JSON.stringify(vip.agent ?? '')} is not like ocf:heartbeat:IPaddr2`);
  const program = mustRun(join(OCF_ROOT, 'resource.d', provider, type), 'the Debian package resource-agents brings it');
  const own: Record<string, string> =
    type === 'IPaddr2'
      ? { ip: vip.address, cidr_netmask: String(vip.prefixLength), ...(vip.interface ? { nic: vip.interface } : {}) }
      : {};
  const given = Object.entries({ ...own, ...vip.options }).map(([name, value]) => [`OCF_RESKEY_${name}`, String(value)]);
  return {
    kind: 'ocf',
    name: vip.agent!,
    call: (verb, deadlineMs) => {
      const action = verb === 'hold' ? 'start' : verb === 'release' ? 'stop' : 'monitor';
      const [first, ...args] = [...prefix, program, action] as string[] as [string, ...string[]];
      const env = {
        ...Object.fromEntries(given),
        OCF_ROOT,
        OCF_RA_VERSION_MAJOR: '1',
        OCF_RA_VERSION_MINOR: '1',
        OCF_RESOURCE_INSTANCE: 'yosugara-vip',
        OCF_RESOURCE_TYPE: type,
        OCF_RESOURCE_PROVIDER: provider,
        OCF_RESKEY_CRM_meta_timeout: String(deadlineMs),
      };
      return runBounded({ program: first, args, env, deadlineMs });
    },
    heldBy: ({ code }) => (code === 0 ? true : code === 7 ? false : null),
  };
}

/** An operator's program, called with `hold|release|held`; `held` exits 0 when this host holds the VIP and 1 when it does not. */
export function commandProgram(vip: Vip, config: NodeConfig): VipProgram {
  const path = vip.agent ?? '';
  if (!isAbsolute(path))
    throw new VipError(
      'VIP_FAILED',
      `cluster.vip.agent: the program of driver command is an absolute path, not ${JSON.stringify(path)}`,
    );
  const program = mustRun(path, 'it must be there and executable');
  const input = Object.entries(vip.options ?? {}).map(([name, value]) => `${name}=${value}\n`);
  return {
    kind: 'command',
    name: path,
    call: (verb, deadlineMs, leaseLeftMs) =>
      runBounded({
        program,
        args: [verb],
        input: input.join(''),
        env: {
          YOSUGARA_VIP: vip.address,
          YOSUGARA_NODE: config.node,
          YOSUGARA_CLUSTER: config.cluster.id,
          YOSUGARA_LEASE_MS: String(Math.max(0, Math.floor(leaseLeftMs))),
        },
        deadlineMs,
      }),
    heldBy: ({ code }) => (code === 0 ? true : code === 1 ? false : null),
  };
}

function mustRun(path: string, hint: string): string {
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch (cause) {
    throw new VipError('VIP_FAILED', `cluster.vip.agent: cannot run ${path}: ${hint}`, cause);
  }
}

/**
 * The VIP is somebody else's to move. What such a program sets up has no lifetime of its own: after the end of a lease it stays until
 * it is released. A controller that died leaves it there: its dead man proves the stop, so nobody is fenced, and the watchdog rests. It
 * goes when the controller starts again, or where the take-over itself moves it away, as a cloud does.
 */
export class ProgramDriver implements VipDriver {
  readonly kind: 'ocf' | 'command';
  readonly #program: VipProgram;
  readonly #log: Log;
  #working: Promise<unknown> = Promise.resolve();
  #holding: Promise<void> | null = null;
  #looking: Promise<boolean> | null = null;
  #known: { readonly held: boolean; readonly atMs: number } | null = null;

  constructor(program: VipProgram, log: Log) {
    this.kind = program.kind;
    this.#program = program;
    this.#log = log;
  }

  async hold(leaseLeftMs: () => number): Promise<void> {
    if (this.#fresh()?.held === true) return;
    this.#holding ??= this.#queued(() => this.#hold(leaseLeftMs)).finally(() => {
      this.#holding = null;
    });
    await this.#holding;
  }

  async release(): Promise<void> {
    this.#known = null;
    await this.#queued(() => this.#release());
  }

  async held(): Promise<boolean> {
    const known = this.#fresh();
    if (known !== null) return known.held;
    this.#looking ??= this.#queued(() => this.#look()).finally(() => {
      this.#looking = null;
    });
    return await this.#looking;
  }

  #fresh(): { readonly held: boolean } | null {
    return this.#known !== null && performance.now() - this.#known.atMs < LOOK_EVERY_MS ? this.#known : null;
  }

  async #hold(leaseLeftMs: () => number): Promise<void> {
    if (await this.#look()) return;
    if (leaseLeftMs() < 1_000)
      throw new VipError(
        'VIP_LEASE_TOO_SHORT',
        `${Math.round(leaseLeftMs())} ms of the lease are left: too little to move the VIP`,
      );
    const end = await this.#program.call('hold', MOVE_MS, leaseLeftMs());
    if (end.kind !== 'ended' || end.code !== 0) throw this.#failure('hold', end);
    this.#log.info('vip.moved', { program: this.#program.name, tookMs: end.tookMs });
    if (leaseLeftMs() <= 0) {
      await this.#release();
      throw new VipError('VIP_LEASE_TOO_SHORT', `the lease ended while ${this.#program.name} moved the VIP: it was given back`);
    }
    if (!(await this.#look()))
      throw new VipError('VIP_FAILED', `${this.#program.name} says that it moved the VIP, and does not hold it`);
  }

  async #release(): Promise<void> {
    this.#known = null;
    const end = await this.#program.call('release', MOVE_MS, 0);
    if (end.kind !== 'ended' || end.code !== 0) throw this.#failure('release', end);
    this.#known = { held: false, atMs: performance.now() };
  }

  async #look(): Promise<boolean> {
    const end = await this.#program.call('held', LOOK_MS, 0);
    const held = end.kind === 'ended' ? this.#program.heldBy(end) : null;
    this.#known = held === null ? null : { held, atMs: performance.now() };
    if (held === null) throw this.#failure('held', end);
    return held;
  }

  #failure(verb: Verb, end: BoundedEnd): VipError {
    const how = end.kind === 'late' ? 'did not end in time' : end.kind === 'failed' ? end.why : `ended with ${end.code}`;
    return new VipError('VIP_FAILED', `${this.#program.name} ${verb}: ${how}${lastLine(end) === '' ? '' : `: ${lastLine(end)}`}`);
  }

  /** One call at a time: agents are not made for two. */
  async #queued<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#working.then(work, work);
    this.#working = next.catch(() => {});
    return await next;
  }
}
