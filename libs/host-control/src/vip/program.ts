import type { Log } from '@yosugara/kernel';
import type { VipDriver } from '@yosugara/runtime';
import { VipError } from '../errors.js';
import { type BoundedEnd, lastLine, runBounded } from '../os/bounded.js';
import { MOVE_MS, type Verb, type VipProgram } from './program-call.js';

const LOOK_MS = 10_000;
/** We are asked twice a second; the program, which may call a cloud's API, less often. */
const LOOK_EVERY_MS = 5_000;

/**
 * The VIP is somebody else's to move. What such a program sets up has no lifetime of its own: after the end of a lease it stays until
 * it is released. For a controller that died or is frozen the dead man does that (`giveBackCall`); on a host that is gone nobody can.
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
    const end = await runBounded(this.#program.call('hold', MOVE_MS, leaseLeftMs()));
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
    const end = await runBounded(this.#program.call('release', MOVE_MS, 0));
    if (end.kind !== 'ended' || end.code !== 0) throw this.#failure('release', end);
    this.#known = { held: false, atMs: performance.now() };
  }

  async #look(): Promise<boolean> {
    const end = await runBounded(this.#program.call('held', LOOK_MS, 0));
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
