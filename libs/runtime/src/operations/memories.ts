import {
  type NotifyMemory,
  REACHABILITY_LIMITS,
  Reachability,
  type ReachabilityMemory,
  type ReachabilityState,
  Storms,
} from '@yosugara/operations';
import type { MonitorMemory, OperationsBatch, OperationsMemory } from './ports.js';

type NotifyKey = Pick<NotifyMemory, 'notification' | 'monitor' | 'facility' | 'item' | 'sub'>;
const keyOf = (...parts: readonly string[]): string => parts.join('\0');
const notifyKey = ({ notification, monitor, facility, item, sub }: NotifyKey): string =>
  keyOf(notification, monitor, facility, item, sub);

/** No monitor has this id: in its name stands what is held, and who is down. */
const REACHABILITY = '';

/**
 * What monitors and notifications remember, as an owner has it in memory. It runs ahead of the database until the batch that it made is
 * stored; after any failure it is thrown away and read again.
 */
export class Memories {
  /** In mind only: after a take-over a storm begins anew, with as many events as make one. */
  readonly storms = new Storms();
  /** Only of whoever looks: there is one. */
  readonly reachability: Reachability;
  readonly #monitors = new Map<string, unknown>();
  readonly #notifications = new Map<string, NotifyMemory>();
  readonly #monitorChanges = new Map<string, MonitorMemory>();
  readonly #notifyChanges = new Map<string, NotifyMemory>();

  constructor(loaded: Pick<OperationsMemory, 'monitors' | 'notifications'>) {
    for (const { monitor, facility, item, state } of loaded.monitors) this.#monitors.set(keyOf(monitor, facility, item), state);
    const held = loaded.monitors.filter(({ monitor }) => monitor === REACHABILITY).map(({ state }) => state as ReachabilityState);
    this.reachability = new Reachability(REACHABILITY_LIMITS, held);
    for (const memory of loaded.notifications) this.#notifications.set(notifyKey(memory), memory);
  }

  /** null = nothing. */
  ofMonitor(monitor: string, facility: string, item: string): unknown {
    return this.#monitors.get(keyOf(monitor, facility, item)) ?? null;
  }

  setMonitor(monitor: string, facility: string, item: string, state: unknown): void {
    const key = keyOf(monitor, facility, item);
    const before = this.#monitors.get(key) ?? null;
    if (state === before || JSON.stringify(state) === JSON.stringify(before)) return;
    if (state === null) this.#monitors.delete(key);
    else this.#monitors.set(key, state);
    this.#monitorChanges.set(key, { monitor, facility, item, state });
  }

  setReachability({ key, state }: ReachabilityMemory): void {
    this.setMonitor(REACHABILITY, '', key, state);
  }

  ofNotification(key: NotifyKey): NotifyMemory | null {
    return this.#notifications.get(notifyKey(key)) ?? null;
  }

  setNotification(memory: NotifyMemory): void {
    const key = notifyKey(memory);
    if (this.#notifications.get(key) === memory) return;
    this.#notifications.set(key, memory);
    this.#notifyChanges.set(key, memory);
  }

  /** What changed since it was asked last: it belongs into the next batch. */
  takeChanges(): Pick<OperationsBatch, 'monitorMemory' | 'notifyMemory'> {
    const changes = { monitorMemory: [...this.#monitorChanges.values()], notifyMemory: [...this.#notifyChanges.values()] };
    this.#monitorChanges.clear();
    this.#notifyChanges.clear();
    return changes;
  }
}
