import { leaseUntilMs } from '@yosugara/consensus';
import type { Action } from '@yosugara/failover';
import type { Epoch, NodeId } from '@yosugara/kernel';
import type { RoleNotice } from '@yosugara/protocol';
import {
  type BranchOrder,
  type ControllerConfig,
  type ControllerEffect,
  type ControllerInput,
  type ControllerState,
  createController,
  hasJumped,
  isDoubted,
  isServing,
  observe,
  orderIsOver,
  type PeerMessage,
  passTime,
  stepController,
  type TraceEntry,
} from '@yosugara/runtime';
import { Acts } from './acts.js';
import type { Agenda } from './agenda.js';
import type { Checks } from './checks.js';
import { HostClock } from './clock.js';
import type { Coverage } from './coverage.js';
import { DeadManModel, WatchdogModel } from './dead-man.js';
import type { FenceDevice } from './fence-devices.js';
import { ManagerModel } from './manager-model.js';
import type { Network } from './network.js';
import { PostgresModel, type PostgresWorld } from './postgres-model.js';
import { Prober } from './prober.js';
import { type Persist, RaftDiskModel } from './raft-disk.js';
import type { Rng } from './rng.js';

export interface HostWorld extends PostgresWorld {
  readonly agenda: Agenda;
  readonly network: Network;
  readonly rng: Rng;
  readonly checks: Checks;
  readonly coverage: Coverage;
  readonly vipKind: 'bind' | 'ip';
  host(node: NodeId): HostModel;
  device(target: NodeId): FenceDevice | undefined;
  readonly nodes: readonly NodeId[];
  /** For the checkers; called at the moment it happens. */
  stepped(host: HostModel, effects: readonly ControllerEffect[]): void;
  said(host: HostModel, to: NodeId, message: PeerMessage): void;
  /** Its sockets are served again, what was asked of them meanwhile included. */
  woke(host: HostModel): void;
  /** A trace as a real controller writes it; null: nobody wants one. */
  readonly record: ((node: NodeId, entry: TraceEntry) => void) | null;
  announced(host: HostModel): void;
  /** A dead man's signed word to the others. */
  stopProof(node: NodeId, epoch: Epoch, boot: string): void;
  readonly tracing: boolean;
  trace(text: () => string): void;
}

type Untimed = ControllerInput extends infer I
  ? I extends ControllerInput
    ? Omit<I, 'nowMs' | 'wallMs' | 'random'>
    : never
  : never;

/** What the program before a promotion does. */
export type HookMood = 'passes' | 'vetoes' | 'hangs';

const TICK_MS = 50;
const MAX_INBOX = 300;
const RESTART_MS = 1_000;

/** One host: its clock, its consensus disk, its controller (the production core), its dead man, its PostgreSQL. */
export class HostModel {
  readonly node: NodeId;
  readonly kind: 'data' | 'witness';
  readonly clock: HostClock;
  readonly disk = new RaftDiskModel();
  readonly postgres: PostgresModel;
  readonly prober: Prober;
  readonly watchdog: WatchdogModel | null;
  /** null: a manager that always answers. */
  readonly manager: ManagerModel | null;
  readonly #acts: Acts;
  readonly #world: HostWorld;
  readonly #config: Omit<ControllerConfig, 'boot'>;
  powered = false;
  /** SIGSTOP on the controller alone; the freezer on the whole host; or the machine is paused, its clock too. */
  frozen: 'no' | 'controller' | 'host' = 'no';
  state: ControllerState | null = null;
  notice: RoleNotice | null = null;
  vipUntilMs = Number.NEGATIVE_INFINITY;
  /** Why its volumes cannot serve; told by probes. */
  unfit: string | null = null;
  /** When it last woke up: what it missed it could not see. */
  thawedMs = Number.NEGATIVE_INFINITY;
  boots = 0;
  /** Names this life of the controller, everywhere. */
  boot = '';
  /** Of this life: the epoch and the commit index up to which the checkers have looked. */
  judged = { epoch: 0, commit: 0 };
  /** Of the controller: what an earlier one planned does nothing. */
  life = 0;
  deadMan: DeadManModel | null = null;
  hook: HookMood = 'passes';
  /** How the program before a promotion last ended. */
  hookSaid: { readonly epoch: Epoch; readonly life: number; readonly passed: boolean } | null = null;
  /** Whom its controller has ordered off, until the answer. */
  fencing: NodeId | null = null;
  #inbox: Untimed[] = [];
  #offsetMs = 0;
  #vipStale = false;
  #atPersist: { readonly when: 'before' | 'after'; readonly run: () => void } | null = null;
  #persisting = false;
  #writing: Persist | null = null;
  #rest: ControllerEffect[] = [];

  constructor(
    node: NodeId,
    world: HostWorld,
    config: Omit<ControllerConfig, 'boot'>,
    watchdogMs: number | null,
    manages = false,
  ) {
    this.node = node;
    this.#world = world;
    this.#config = config;
    this.kind = config.kind;
    this.clock = new HostClock(world.agenda, world.rng);
    this.postgres = new PostgresModel(node, world);
    this.prober = new Prober(this, world);
    this.#acts = new Acts(this, world);
    this.watchdog = watchdogMs === null ? null : new WatchdogModel(this, world, watchdogMs);
    this.manager = manages ? new ManagerModel(this, world) : null;
  }

  local(): number {
    return this.clock.monotonicMs();
  }
  /** Anything at all runs here. */
  get awake(): boolean {
    return this.powered && this.frozen !== 'host';
  }
  get thinking(): boolean {
    return this.state !== null && this.frozen === 'no' && this.powered;
  }
  /** Until when its hands may act, as they were told, on its own clock. */
  get leaseLeftMs(): number {
    return this.deadMan === null || this.deadMan.untilMs === 0 ? 0 : this.deadMan.untilMs - this.local();
  }
  get leaseEnded(): boolean {
    return this.deadMan?.leaseEnded() ?? false;
  }

  /** Nobody serves without these. */
  mayServe(): boolean {
    const { state } = this;
    return state !== null && state.facts.kind === 'primary' && state.raft.lead !== null && this.thinking;
  }
  /** Would this host answer 200, or let a side effect out, at this very moment? */
  serves(): boolean {
    if (!this.mayServe()) return false;
    const state = this.state!;
    if (hasJumped(this.#aheadMs()) || isDoubted(state)) return false;
    // As the driver does, which looks at the clock first: whoever stood still heard nobody.
    passTime(state, this.local());
    return isServing(observe(state));
  }
  /** Believes, or will believe when it wakes up, that nobody else may lead now. */
  leases(): boolean {
    // Asked after every step of a leader: whoever leads nothing is told apart first.
    if (this.state === null || this.state.raft.lead === null || !this.powered || this.clock.paused) return false;
    // Once its dead man has struck it may believe what it likes: nothing is left here that could act.
    if (this.deadMan?.hasStruck(this.state.record.epoch) === true) return false;
    // After a pause it may look valid, and is not believed before a fresh round.
    if (hasJumped(this.#aheadMs()) || isDoubted(this.state)) return false;
    return this.local() < leaseUntilMs(this.state.raft) - this.#config.settings.timings.killBudgetMs;
  }
  /** The dead man will stop PostgreSQL if nobody tells it otherwise. */
  get armed(): boolean {
    return this.deadMan?.armed ?? false;
  }
  holdsVip(): boolean {
    // Asked after every event: whoever holds none is told apart first.
    if (this.vipUntilMs === Number.NEGATIVE_INFINITY || !this.powered) return false;
    return !this.clock.paused && !this.#vipStale && this.local() < this.vipUntilMs;
  }
  holdVip(untilMs: number): void {
    this.#vipStale = false;
    this.vipUntilMs = Math.max(this.local(), untilMs);
    this.push({ kind: 'vip', held: true });
    this.#world.announced(this);
  }
  dropVip(): void {
    this.vipUntilMs = Number.NEGATIVE_INFINITY;
  }

  powerOn(): void {
    if (this.powered) return;
    this.powered = true;
    this.frozen = 'no';
    this.postgres.frozen = false;
    this.startController();
  }

  powerOff(): void {
    if (!this.powered) return;
    this.#endController();
    this.deadMan?.vanish();
    this.deadMan = null;
    this.watchdog?.disarm();
    this.clock.resume();
    this.postgres.powerCut();
    this.postgres.frozen = false;
    this.dropVip();
    this.powered = false;
    this.frozen = 'no';
    this.manager?.end();
  }

  startController(): void {
    if (!this.powered || this.state !== null) return;
    // A new dead man begins by proving that no process of an older life is left.
    this.deadMan?.vanish();
    this.deadMan = null;
    this.postgres.kill();
    this.dropVip();
    this.boots += 1;
    const boot = `${this.node}${this.boots}`;
    this.boot = boot;
    this.judged = { epoch: 0, commit: 0 };
    this.#carryOut();
    // The mark beside the directory says that there was a log: an empty one is a loss (K6, the untaught witness).
    const damaged = this.disk.lost ? { consensusDamaged: 'the directory is empty, and it was not before' } : {};
    const { superseded } = this.disk;
    const config = { ...this.#config, ...damaged, ...(superseded === null ? {} : { superseded }), boot };
    const restored = this.disk.restored();
    const [nowMs, wallMs] = [this.local(), this.clock.wallMs()];
    this.#offsetMs = wallMs - nowMs;
    this.#world.record?.(this.node, { start: { config, restored, nowMs, wallMs } });
    const created = createController(config, restored, nowMs, wallMs);
    this.state = created.state;
    this.life += 1;
    this.prober.reset();
    if (this.kind === 'data') this.deadMan = new DeadManModel(this, this.#world, boot);
    this.#world.trace(() => `${this.node} controller starts, boot ${boot}`);
    this.tellHost();
    this.manager?.begin();
    this.#tick(this.life);
  }

  /** What the watch over the host and the dead man's read-back tell the controller. */
  tellHost(): void {
    if (this.state === null) return;
    const kind = this.watchdog !== null ? 'hardware' : this.kind === 'data' ? 'soft' : 'none';
    this.push({
      kind: 'host',
      host: {
        ...this.state.host,
        deadMan: kind,
        arming: { kind, timeoutMs: this.watchdog?.timeoutMs ?? null },
        unfit: this.unfit,
        processes: this.manager?.pid == null ? [] : [{ name: 'manager', pid: this.manager.pid }],
      },
    });
  }

  /** kill -9: the pipe to the dead man closes. */
  crashController(): void {
    // On a frozen host nothing dies: a kill is seen when it thaws, as if it came then.
    if (this.state === null || this.frozen === 'host') return;
    this.frozen = 'no';
    this.#world.trace(() => `${this.node} controller dies`);
    this.#endController();
    this.deadMan?.strikeNow();
    this.deadMan = null;
    this.manager?.end();
    // What binds the VIP's ports is killed; an address stays with the kernel until its time is over.
    if (this.#world.vipKind === 'bind') this.vipUntilMs = Math.min(this.vipUntilMs, this.local());
  }

  #endController(): void {
    this.state = null;
    this.notice = null;
    this.life += 1;
    this.#inbox = [];
    this.#rest = [];
    this.#persisting = false;
    // What it was writing may have reached the disk, in order, or not: by now, since its directory's lock goes with it.
    const partly = this.#world.rng.next();
    if (this.#writing !== null && partly < 0.5 && this.disk.failing === 'no') this.#write(this.#writing, partly < 0.25);
    this.#writing = null;
  }

  freeze(what: 'controller' | 'host' | 'pause'): void {
    // A host may freeze on which the controller was stopped before.
    if (!this.powered || this.frozen === 'host' || this.frozen === what) return;
    this.frozen = what === 'controller' ? 'controller' : 'host';
    if (this.frozen === 'host') this.postgres.frozen = true;
    if (what === 'pause') this.clock.pause();
  }

  thaw(): void {
    if (this.frozen === 'no') return;
    // The kernel's countdown stood still, too; neighbours go by who announced last, and this one has not since.
    if (this.clock.paused) this.#vipStale = true;
    this.clock.resume();
    this.frozen = 'no';
    this.thawedMs = this.#world.agenda.now;
    this.postgres.frozen = false;
    // It may answer before it steps.
    this.#world.stepped(this, []);
    this.#world.woke(this);
    this.#drain();
  }

  /** Once, right after the next fsync: before or after what waits for it is done. null: no more. */
  onNextPersist(when: 'before' | 'after', run: (() => void) | null): void {
    this.#atPersist = run === null ? null : { when, run };
  }

  push(input: Untimed): void {
    if (this.state === null || !this.powered) return;
    // Messages may be lost, as on a full mailbox; what this host's own hands and devices say never is (seed 4684).
    const lost = this.#inbox.length < MAX_INBOX ? -1 : this.#inbox.findIndex(({ kind }) => kind === 'message');
    if (lost >= 0) this.#inbox.splice(lost, 1);
    // Nearly always nothing waits.
    if (this.#inbox.length === 0 && this.thinking && !this.#persisting) this.#take(input);
    else this.#inbox.push(input);
    this.#drain();
  }

  /** How much further the wall clock went than the monotonic one since the last look at both. */
  #aheadMs(): number {
    return this.clock.wallMs() - this.local() - this.#offsetMs;
  }

  #tick(life: number): void {
    if (life !== this.life) return;
    if (this.frozen === 'no' && !this.#persisting) this.push({ kind: 'tick' });
    this.#world.agenda.after(TICK_MS / this.clock.rate, () => this.#tick(life));
  }

  /** One input at a time; what follows a persist waits for it. */
  #drain(): void {
    while (this.#inbox.length > 0 && this.thinking && !this.#persisting) this.#take(this.#inbox.shift()!);
  }

  #take(given: Untimed): void {
    let input = given;
    const nowMs = this.local();
    const wallMs = this.clock.wallMs();
    const aheadMs = wallMs - nowMs - this.#offsetMs;
    this.#offsetMs += aheadMs;
    if (hasJumped(aheadMs)) {
      this.#inbox.unshift(input);
      input = { kind: 'jump', aheadMs };
    }
    const timed = this.#timed(input, nowMs, wallMs);
    const { state } = this;
    this.#world.coverage.input(state!, timed);
    const effects = stepController(state!, timed);
    this.#world.record?.(this.node, { input: timed, effects });
    this.#world.stepped(this, effects);
    if (this.fencing !== null && timed.kind === 'tick' && orderIsOver(state!)) this.#world.device(this.fencing)?.callOff();
    if (effects.length > 0) this.#run(effects, 0);
  }

  /** Ticks, messages and looks are nearly all there is, and are spelt out; the rest is stepped once, and gets its times in place. */
  #timed(input: Untimed, nowMs: number, wallMs: number): ControllerInput {
    const random = this.#world.rng.next();
    if (input.kind === 'tick') return { kind: 'tick', nowMs, wallMs, random };
    if (input.kind === 'message') return { kind: 'message', from: input.from, message: input.message, nowMs, random };
    if (input.kind === 'facts') {
      // With the times that a recorded trace has of every input.
      const look = { kind: 'facts', facts: input.facts, nowMs, wallMs, random } as const;
      return look;
    }
    return Object.assign(input, { nowMs, wallMs, random }) as unknown as ControllerInput;
  }

  #run(effects: readonly ControllerEffect[], from: number): void {
    for (let i = from; i < effects.length; i += 1) {
      const effect = effects[i]!;
      if (effect.kind === 'persist') {
        this.#persist(effect, effects.slice(i + 1));
        return;
      }
      this.#perform(effect);
    }
  }

  #persist(change: Persist, rest: ControllerEffect[]): void {
    this.#persisting = true;
    this.#rest = rest;
    const { life } = this;
    this.#writing = change;
    this.#world.agenda.after(this.#world.rng.between(0.2, 4) + this.disk.slowMs, () => {
      if (life !== this.life) return;
      if (this.disk.failing !== 'no') return this.#fatal(life);
      this.#writing = null;
      this.#write(change, true);
      const blow = this.#atPersist;
      this.#atPersist = null;
      if (blow?.when === 'before') {
        blow.run();
        // Frozen, it did not die of it: it goes on where it was (seed 47365).
        return this.#goOn(life);
      }
      if (this.frozen !== 'no') return this.#goOn(life);
      this.#resume();
      if (blow !== null) return blow.run();
      this.#drain();
    });
  }

  /** An fsync that failed is never tried again: the process ends, and its init system starts it again. */
  #fatal(life: number): void {
    if (life !== this.life) return;
    // A frozen process hears of it when it wakes (seed 2951).
    if (this.frozen !== 'no') {
      this.#world.agenda.after(10, () => this.#fatal(life));
      return;
    }
    this.#world.trace(() => `${this.node} consensus disk: ${this.disk.failing}`);
    this.crashController();
    this.#world.agenda.after(RESTART_MS, () => this.startController());
  }

  /** Frozen right after an fsync: the rest is done on waking. */
  #goOn(life: number): void {
    if (life !== this.life) return;
    if (this.frozen !== 'no') {
      this.#world.agenda.after(10, () => this.#goOn(life));
      return;
    }
    this.#resume();
    this.#drain();
  }

  #resume(): void {
    this.#persisting = false;
    const rest = this.#rest;
    this.#rest = [];
    this.#run(rest, 0);
  }

  #write(change: Persist, whole: boolean): void {
    this.disk.write(change, whole);
    this.#world.checks.persisted(this);
  }

  #perform(effect: ControllerEffect): void {
    switch (effect.kind) {
      case 'send': {
        const { to, message } = effect;
        this.#world.said(this, to, message);
        this.#world.network.send(this.node, to, () => this.#world.host(to).push({ kind: 'message', from: this.node, message }));
        break;
      }
      case 'act':
        this.#world.coverage.act(this.state!, effect.action);
        this.#acts.start(effect.resource, effect.action);
        break;
      case 'lease':
        this.deadMan?.lease(effect.untilMs, effect.epoch);
        break;
      case 'vipRenew':
        if (this.vipUntilMs > this.local()) {
          this.#vipStale = false;
          this.vipUntilMs = this.local() + effect.leaseLeftMs;
          this.#world.announced(this);
        }
        break;
      case 'notice':
        this.notice = effect.notice;
        this.#manager(effect.notice);
        break;
      case 'log':
        if (this.#world.tracing) this.#world.trace(() => `${this.node} ${effect.event} ${JSON.stringify(effect.fields)}`);
        break;
      case 'renew':
        this.#renew();
        break;
      case 'superseded':
        if (this.disk.superseded?.branch !== effect.superseded.branch) this.disk.supersededMs = this.#world.agenda.now;
        this.disk.superseded = effect.superseded;
        break;
      case 'branch':
        this.#world.checks.dr?.branches(this, effect.order);
        this.#branch(effect.order, this.life);
        break;
      default:
        break;
    }
  }

  /** Written down, then an orderly end; whoever keeps the process running starts it again, and that start begins the other log. */
  #branch(order: BranchOrder, life: number): void {
    this.#world.agenda.after(this.#world.rng.between(1, 10), () => {
      if (life !== this.life) return;
      if (this.frozen !== 'no') return this.#branch(order, life);
      this.disk.plan = order;
      this.#world.coverage.count(`branch ${order.kind}`);
      this.crashController();
      this.#world.agenda.after(RESTART_MS, () => this.startController());
    });
  }
  #carryOut(): void {
    const begun = this.disk.carryOut(this.node);
    if (begun === null) return;
    this.#world.trace(() => `${this.node} begins the log ${begun.order.branch}`);
    if (begun.snapshot !== null) this.#world.checks.branchBegan(begun.order.branch, begun.snapshot);
  }

  /** Its consensus directory goes on as a new one. */
  #renew(): void {
    const { life } = this;
    this.#world.agenda.after(this.#world.rng.between(1, 10), () => {
      if (life === this.life) this.push({ kind: 'renewed', incarnation: this.disk.renew() });
    });
  }

  /** The manager follows its notices within some 100 ms, if the database lets it. */
  #manager(notice: RoleNotice): void {
    const { life } = this;
    this.#world.agenda.after(this.#world.rng.between(5, 150), () => {
      if (life !== this.life || !this.awake) return;
      if (this.manager !== null) {
        if (!this.manager.acts) return;
        this.manager.follow(notice);
        return this.manager.tell();
      }
      this.push({
        kind: 'manager',
        report: {
          process: 'manager',
          pid: 1,
          mode: notice.mode,
          epoch: notice.epoch,
          ready: this.postgres.running && (notice.mode === 'passive' || this.postgres.writable),
          vipBound: notice.vip,
        },
      });
    });
  }
}

export type { Action };
