import type { Action } from '@yosugara/failover';
import { explain, type NodeId, YosugaraError } from '@yosugara/kernel';
import type { PostgresPeer, Progress } from '../ports/host.js';
import type { CopyDone } from '../recover/types.js';
import type { DriverPorts } from './driver-ports.js';
import type { FenceHand } from './fence-hand.js';
import { HookHand } from './hook-hand.js';
import type { Untimed } from './input-queue.js';
import type { ActionResult, Resource } from './types.js';

type Hands = NonNullable<DriverPorts['host']>;
type Done = number | CopyDone | undefined;

const resultOf = (done: Done): ActionResult =>
  done === undefined ? { ok: true } : typeof done === 'number' ? { ok: true, lsn: done } : { ok: true, copied: done };

/** The controller's hand on its own host: one action is done beside the loop, and how it ended is an input like any other. */
export class HostHand {
  readonly #ports: DriverPorts;
  readonly #fence: FenceHand | null;
  readonly #hooks: HookHand;
  readonly #leaseLeftMs: () => number;
  readonly #push: (told: Untimed) => void;

  constructor(ports: DriverPorts, fence: FenceHand | null, leaseLeftMs: () => number, push: (told: Untimed) => void) {
    this.#ports = ports;
    this.#fence = fence;
    this.#hooks = new HookHand(ports.hooks, ports.log);
    this.#leaseLeftMs = leaseLeftMs;
    this.#push = push;
  }

  /** Never throws. */
  async act(resource: Resource, action: Action): Promise<void> {
    let result: ActionResult;
    try {
      result =
        action.kind === 'fence.off' || action.kind === 'fence.on' ? await this.#power(action) : resultOf(await this.#do(action));
      if (action.kind === 'vip.hold' || action.kind === 'vip.release')
        this.#push({ kind: 'vip', held: (await this.#ports.host?.vip.held()) ?? false });
    } catch (cause) {
      result = { ok: false, code: cause instanceof YosugaraError ? cause.code : 'UNEXPECTED', message: explain(cause) };
    }
    this.#push({ kind: 'done', resource, action, result });
  }

  /** The operator's program that runs, if one does. */
  callOffHook(why: string): void {
    this.#hooks.callOff(why);
  }

  async #do(action: Action): Promise<Done> {
    const { host } = this.#ports;
    if (host === null) return undefined;
    switch (action.kind) {
      case 'vip.hold':
        await host.vip.hold(this.#leaseLeftMs);
        return undefined;
      case 'vip.release':
        await host.vip.release();
        return undefined;
      case 'manager.restart':
        host.deadMan.restartManager(action.why);
        return undefined;
      case 'hook.run':
        await this.#hooks.run(action);
        return undefined;
      default:
        return await this.#onPostgres(host, action);
    }
  }

  async #onPostgres({ postgres, vip }: Hands, action: Action): Promise<Done> {
    const progress: Progress = (detail, fraction, more = {}) => this.#push({ kind: 'progress', detail, fraction, more });
    switch (action.kind) {
      case 'pg.initialise':
        await postgres.initialise();
        return undefined;
      case 'pg.startStandby':
        await postgres.startStandby(this.#peer(action.follow));
        return undefined;
      case 'pg.startPrimary':
        await postgres.startPrimary(action.names);
        return undefined;
      case 'pg.follow':
        // A cut comes before a promotion: its question to the network is answered until then.
        if (action.follow === null) vip.expect?.();
        await postgres.follow(this.#peer(action.follow), { sourceStopped: action.sourceStopped ?? false });
        return undefined;
      case 'pg.setNames':
        await postgres.setNames(action.names);
        return undefined;
      case 'pg.promote':
        // The names are in place before the first commit can be acknowledged (S4).
        await postgres.setNames(action.names);
        await postgres.promote({ above: action.above });
        return undefined;
      case 'pg.mark':
        return await postgres.forceWal();
      case 'pg.ensureSlot':
        await postgres.ensureSlot(action.node);
        return undefined;
      case 'pg.stop':
        await postgres.stop(action.mode, action.budgetMs);
        return undefined;
      case 'pg.rewind':
        return await postgres.rewind(this.#peer(action.source)!, progress);
      case 'pg.baseBackup':
        return await postgres.baseBackup(this.#peer(action.source)!, progress, action.givesUp);
      default:
        return undefined;
    }
  }

  async #power(action: Extract<Action, { kind: 'fence.off' | 'fence.on' }>): Promise<ActionResult> {
    if (this.#fence === null) throw new YosugaraError('FENCE_NO_DEVICE', `no power device of ${action.target} is there`);
    return await this.#fence.order(action);
  }

  #peer(node: NodeId | null): PostgresPeer | null {
    return node === null ? null : (this.#ports.peers.get(node) ?? null);
  }
}
