import type { Action } from '@yosugara/failover';
import { type Clock, explain, type Log, type NodeId } from '@yosugara/kernel';
import type { FencePort } from '../ports/fencing.js';
import type { ActionResult, ControllerInput } from './types.js';

type Health = Omit<Extract<ControllerInput, { kind: 'fenceHealth' }>, 'nowMs'>;

/** The controller's hand on other members' power: orders, one at a time, and a health check of every device now and then. */
export class FenceHand {
  readonly #port: FencePort;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #targets: readonly NodeId[];
  readonly #onHealth: (health: Health) => void;
  #order: AbortController | null = null;
  #timer: NodeJS.Timeout | null = null;
  #checking = false;
  #stopped = false;

  /** @param self never asked about: its own devices are the others' business. */
  constructor(
    port: FencePort,
    self: NodeId,
    ports: { readonly clock: Clock; readonly log: Log },
    onHealth: (health: Health) => void,
  ) {
    this.#port = port;
    this.#clock = ports.clock;
    this.#log = ports.log;
    this.#targets = port.targets.filter((target) => target !== self);
    this.#onHealth = onHealth;
  }

  start(everyMs: number): void {
    this.#timer = setInterval(() => void this.#checkAll(), everyMs);
    void this.#checkAll();
  }

  /** Only a read-back `off` is a success, and a read-back `on` for `on`. Everything else is a failure that says what it was. */
  async order(action: Extract<Action, { kind: 'fence.off' | 'fence.on' }>): Promise<ActionResult> {
    const { target } = action;
    const wanted = action.kind === 'fence.off' ? 'off' : 'on';
    if (!this.#targets.includes(target))
      return { ok: false, code: 'FENCE_NO_DEVICE', message: `${target} has no power device here` };
    const order = new AbortController();
    this.#order = order;
    try {
      this.#log.warn('fence.order', { target, wanted });
      const said = wanted === 'off' ? await this.#port.off(target, { signal: order.signal }) : await this.#port.on(target);
      this.#log.warn('fence.said', { target, wanted, ...said });
      if (said.power === wanted) return { ok: true, method: said.method, evidence: said.evidence };
      const code = said.power === 'unknown' ? 'FENCE_UNKNOWN' : 'FENCE_FAILED';
      return { ok: false, code, message: `${said.method}: ${said.evidence}` };
    } catch (cause) {
      return { ok: false, code: 'FENCE_FAILED', message: explain(cause) };
    } finally {
      this.#order = null;
    }
  }

  /** The order in flight is not wanted any more: what was not yet told to a device is not told (F10). */
  callOff(why: string): void {
    if (this.#order === null || this.#order.signal.aborted) return;
    this.#log.warn('fence.calledOff', { why });
    this.#order.abort(why);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.callOff('the controller ends');
    await this.#port.close();
  }

  /** One after the other: two agents at one board at once can block each other. */
  async #checkAll(): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    for (const target of this.#targets) {
      if (this.#stopped) break;
      try {
        const health = await this.#port.check(target);
        this.#onHealth({ kind: 'fenceHealth', health: { ...health, atMs: this.#clock.monotonicMs() } });
      } catch (cause) {
        const says = explain(cause);
        this.#log.warn('fence.check', { target, why: says });
        const atMs = this.#clock.monotonicMs();
        this.#onHealth({ kind: 'fenceHealth', health: { target, healthy: false, offMs: 0, atMs, says } });
      }
    }
    this.#checking = false;
  }
}
