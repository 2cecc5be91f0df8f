import { type ClusterRecord, type Command, isReleased, type Timings, troublesOfCluster } from '@yosugara/failover';
import { observe } from '@yosugara/runtime';
import { WALL_MS } from './clock.js';
import type { HostModel } from './host-model.js';

type Fail = (invariant: string, says: string) => void;

/** For a manager that has not been ready for some seconds yet (libs/failover/src/manager.ts). */
const START_PATIENCE_MS = 20_000;
/** A record that is this old should be known to everybody who is heard. */
const TOLD_MS = 3_000;
/** Moves that the limit holds back; what cannot go on here at all is given up whatever the limit (docs/decisions/0010-who-may-move.md). */
const HELD = /PostgreSQL failed$|cannot serve|manager of/;

/** What a cluster may do by itself, from outside: the hook before a promotion (S-rule HOOK), the limit of take-overs (RATE). */
export class ExtraChecks {
  readonly #fail: Fail;
  readonly #now: () => number;
  /** Somebody’s wall clock was set: nobody can say any more how long ago a take-over was. */
  wallSet = false;
  limit: { readonly max: number; readonly withinMs: number } | null = null;
  /** Wall times of the take-overs that nobody asked for, as they were opened. */
  readonly #automatic: number[] = [];
  #claimed: 'automatic' | 'other' = 'other';
  #openedMs = Number.NEGATIVE_INFINITY;
  /** When the controllers last stood still. */
  readonly #heldUpMs = new Map<string, number>();

  constructor(fail: Fail, now: () => number) {
    this.#fail = fail;
    this.#now = now;
  }

  /** At the order to promote. */
  beforePromotion(host: HostModel): void {
    const state = host.state!;
    if (!state.config.settings.hooks.beforePromotion) return;
    const { hookSaid } = host;
    const { epoch } = state.record;
    if (hookSaid === null || hookSaid.life !== host.life || hookSaid.epoch !== epoch)
      this.#fail('HOOK', `${host.node} promotes in epoch ${epoch}, and its hook was not asked in it`);
    else if (!hookSaid.passed) this.#fail('HOOK', `${host.node} promotes in epoch ${epoch}, and its hook has refused`);
  }

  changed(before: ClusterRecord, record: ClusterRecord, command: Command): void {
    if (command.kind === 'claim') this.#claim(before, command);
    if (command.kind === 'forceClaim') this.#claimed = 'other';
    if (command.kind === 'release' && command.automatic !== false && HELD.test(command.cause) && this.reached(3_000))
      this.#fail('RATE', `${command.by} gives way by itself (${command.cause}), and the limit of take-overs is reached`);
    if (command.kind !== 'opened' || before.phase !== 'promoting' || record.phase !== 'serving') return;
    this.#openedMs = this.#now();
    if (this.#claimed === 'automatic') this.#automatic.push(command.atWallMs);
    this.#claimed = 'other';
  }

  #claim(before: ClusterRecord, command: Extract<Command, { kind: 'claim' }>): void {
    const moves = before.owner !== null && before.owner !== command.by && command.ordered === undefined;
    const released = isReleased(before);
    this.#claimed = moves && !(released && before.released?.automatic === false) ? 'automatic' : 'other';
    if (moves && !released && this.#within(command.atWallMs) >= (this.limit?.max ?? Number.POSITIVE_INFINITY))
      this.#fail('RATE', `${command.by} takes over from ${before.owner} by itself, and the limit of take-overs is reached`);
  }

  #within(wallMs: number, lessMs = 0): number {
    if (this.limit === null || this.wallSet) return 0;
    const { withinMs } = this.limit;
    return this.#automatic.filter((atMs) => wallMs - atMs < withinMs - lessMs).length;
  }

  /** By the clocks of all. */
  reached(lessMs: number): boolean {
    return this.limit !== null && this.#within(WALL_MS + this.#now(), lessMs) >= this.limit.max;
  }

  /** Now and then: nobody may have to guess why nothing happens. */
  alarms(hosts: readonly HostModel[], newest: ClusterRecord): boolean {
    if (!this.reached(500) || this.#now() - this.#openedMs < TOLD_MS) return false;
    for (const host of hosts) {
      if (!host.thinking || host.state!.record.version !== newest.version) continue;
      if (!troublesOfCluster(observe(host.state!), false).some(({ code }) => code === 'RATE_LIMITED'))
        this.#fail('RATE', `the limit of take-overs is reached, and ${host.node} shows no alarm`);
    }
    return true;
  }

  /** A controller that runs and hears nobody of its manager has it killed within a second of what its profile says. */
  managerOf(host: HostModel, { managerSilentMs }: Timings): void {
    const { manager } = host;
    if (manager === null) return;
    // A controller that stood still heard nobody.
    if (!host.thinking || host.state!.leaving || host.disk.slowMs > 0 || host.disk.failing !== 'no')
      this.#heldUpMs.set(host.node, this.#now());
    if (!manager.hung) return;
    const quietMs = Math.max(host.thawedMs, this.#heldUpMs.get(host.node) ?? 0);
    // Once it was restarted it may be spared: its node gives way, or it is restarted ever less often.
    if (manager.restarts > 0) return;
    const sinceMs = this.#now() - Math.max(manager.hungMs, quietMs);
    const boundMs = (manager.settled ? managerSilentMs : START_PATIENCE_MS) + 2_000;
    if (sinceMs > boundMs)
      this.#fail('MGR', `the manager of ${host.node} has hung for ${Math.round(sinceMs)} ms, and nobody restarts it`);
  }

  managersAtEnd(hosts: readonly HostModel[]): void {
    for (const host of hosts)
      if (host.manager !== null && host.serves() && host.manager.restarts < 3 && !host.manager.serves(host.state!.record.epoch))
        this.#fail('MGR', `at the end: ${host.node} serves, and its manager does not`);
  }
}
