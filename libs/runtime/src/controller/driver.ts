import { type DiskStamp, type Restored, stampsOf } from '@yosugara/consensus';
import type { Action } from '@yosugara/failover';
import { type Clock, explain, type Log, type NodeId, type Random, YosugaraError } from '@yosugara/kernel';
import type { ManagerReport, ReceiverReport, RoleNotice, Status } from '@yosugara/protocol';
import type { Mailbox, RaftDisk } from '../ports/consensus.js';
import type { FencePort, HookPort, HostWatch } from '../ports/fencing.js';
import type { DeadMan, PostgresHost, PostgresPeer, Progress, VipDriver } from '../ports/host.js';
import type { CopyDone, RecoverStore } from '../recover/types.js';
import { hasJumped, isDoubted } from './doubt.js';
import { DEFAULT_CHECK_MS } from './fence-facts.js';
import { FenceHand } from './fence-hand.js';
import { orderIsOver } from './fencing.js';
import { isServing, strikeAtMs } from './leasing.js';
import { hasLeft, leavePatienceMs } from './leaving.js';
import { observe } from './observe.js';
import { RecoverHand } from './recover-hand.js';
import { type ControllerState, createController } from './state.js';
import { type StatusContext, statusOf } from './status.js';
import { passTime, stepController } from './step.js';
import type { TraceEntry } from './trace.js';
import type {
  ActionResult,
  Answer,
  BranchOrder,
  ControllerConfig,
  ControllerEffect,
  ControllerInput,
  NodeReport,
  OperatorRequest,
  PeerMessage,
  Resource,
  Superseded,
} from './types.js';

const TICK_MS = 50;
const LOOK_EVERY_MS = 500;
/** Inputs that wait for one fsync. More means a dead disk: the oldest messages are dropped, as a lost datagram would be. */
const MAX_QUEUE = 4_096;
const YIELD_EVERY = 16;
const OPERATOR_DEADLINE_MS = 4_000;
const LINK_FRESH_MS = 2_000;
const LEAVE_LOOK_MS = 20;
/** For killing everything in a dead man's place. */
const END_ALONE_MS = 2_000;

export interface DriverPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly disk: RaftDisk;
  readonly mailbox: Mailbox;
  /** null on an arbiter. */
  readonly host: { readonly postgres: PostgresHost; readonly vip: VipDriver; readonly deadMan: DeadMan } | null;
  /** Volumes and event loop; absent: not watched (specifications). */
  readonly watch?: HostWatch;
  readonly peers: ReadonlyMap<NodeId, PostgresPeer>;
  /** How far the other members' consensus directories have come survives this controller. Absent: nobody remembers. Never throws. */
  readonly stamps?: { save(stamps: Readonly<Record<string, DiskStamp>>): void };
  /** What a recover did survives its controller. */
  readonly recover?: RecoverStore;
  readonly pid: number;
  /** Absent: none is configured. */
  readonly hooks?: HookPort;
  /** The power of other members. Absent: no device is configured. */
  readonly fence?: FencePort;
  /** Every input with its effects, before they are done. */
  readonly trace?: (entry: TraceEntry) => void;
  readonly onNotice: (notice: RoleNotice) => void;
  /** The consensus directory is to begin another log: written down, then this process ends in order and starts again. */
  readonly onBranch?: (order: BranchOrder) => void;
  /** Another log of the cluster's is newer than ours: the next start has to know. */
  readonly onSuperseded?: (by: Superseded) => void;
  /** The host goes down: this process is to hand over and end. */
  readonly onLeave?: (why: string) => void;
  /** The consensus disk failed, or the dead man is gone: this process must end at once. */
  readonly onFatal: (why: string) => void;
}

/** An input without its times: they are those of the moment it is stepped, so that a stale burst renews nothing. */
type Untimed = ControllerInput extends infer I
  ? I extends ControllerInput
    ? Omit<I, 'nowMs' | 'wallMs' | 'random'>
    : never
  : never;

const resultOf = (done: number | CopyDone | undefined): ActionResult =>
  done === undefined ? { ok: true } : typeof done === 'number' ? { ok: true, lsn: done } : { ok: true, copied: done };

/** The loop around the pure controller: one input at a time, effects in order, actions beside it. */
export class ControllerDriver {
  readonly #ports: DriverPorts;
  readonly #context: StatusContext;
  readonly #state: ControllerState;
  readonly #first: ControllerEffect[];
  readonly #queue: Untimed[] = [];
  readonly #answers = new Map<string, (answer: Omit<Answer, 'id'>) => void>();
  #timers: NodeJS.Timeout[] = [];
  #pumping = false;
  #tickQueued = false;
  #stopped = false;
  #renewing = false;
  #requests = 0;
  #pumped = 0;
  /** Wall time minus monotonic time at the last look at both. */
  #clockOffsetMs: number;
  readonly #fence: FenceHand | null;
  readonly #recover: RecoverHand;

  constructor(ports: DriverPorts, config: ControllerConfig, context: StatusContext, restored: Restored) {
    this.#ports = ports;
    this.#context = context;
    const [nowMs, wallMs] = [ports.clock.monotonicMs(), ports.clock.wallMs()];
    ports.trace?.({ start: { config, restored, nowMs, wallMs } });
    const created = createController(config, restored, nowMs, wallMs);
    this.#state = created.state;
    this.#first = created.effects;
    this.#clockOffsetMs = wallMs - nowMs;
    this.#recover = new RecoverHand(ports, (told) => this.#push(told));
    const { fence } = ports;
    this.#fence = fence === undefined ? null : new FenceHand(fence, config.self, ports, (health) => this.#push(health));
  }

  async start(): Promise<void> {
    const { mailbox, host } = this.#ports;
    for (const effect of this.#first) await this.#perform(effect);
    await this.#recover.load();
    mailbox.onMessage((from, body) => this.#receive(from, body));
    await mailbox.start();
    this.#ports.watch?.onChange(() => this.#look());
    host?.postgres.onFacts((facts) => this.#push({ kind: 'facts', facts }));
    host?.deadMan.onExit((why) => {
      if (!this.#stopped) void this.#endAlone(why);
    });
    host?.deadMan.onLeaving(() => {
      this.#push({ kind: 'leave' });
      this.#ports.onLeave?.('the dead man was told to end');
    });
    host?.deadMan.onStruck((epoch) => {
      this.#push({ kind: 'struck', epoch });
      // What holds the VIP was killed, too: nothing here may bring it back.
      void this.#act('vip', { kind: 'vip.release' });
    });
    host?.deadMan.wantManager(true);
    this.#timers = [setInterval(() => this.#tick(), TICK_MS), setInterval(() => this.#look(), LOOK_EVERY_MS)];
    this.#fence?.start(this.#state.config.settings.fenceCheckMs ?? DEFAULT_CHECK_MS);
    this.#look();
    this.#tick();
  }

  /** The picture of the cluster as seen from here. */
  status(): Status {
    return statusOf(this.#state, this.#context);
  }

  /** Computed from the lease at this very moment, never from a flag. */
  serves(): boolean {
    if (this.#stopped) return false;
    // A request may come in before any timer of ours after a freeze.
    const jump = this.#jump();
    if (jump !== null) this.#push(jump, 'first');
    passTime(this.#state, this.#ports.clock.monotonicMs());
    // One that waits behind an fsync was not weighed yet.
    if (this.#queue[0]?.kind === 'jump') return false;
    return jump === null && !isDoubted(this.#state) && isServing(observe(this.#state));
  }

  /** A standby that could be read: for the load balancer's `/status/standby`. */
  standsBy(): boolean {
    return this.#state.facts.kind === 'standby';
  }

  role(): { readonly role: string; readonly epoch: number; readonly term: number } {
    return { role: this.#state.decision.role, epoch: this.#state.record.epoch, term: this.#state.raft.term };
  }

  managerReported(report: ManagerReport | null): void {
    this.#push({ kind: 'manager', report });
  }

  receiverReported(report: ReceiverReport | null): void {
    this.#push({ kind: 'receiver', report });
  }

  /** The signature was checked. */
  stopProven(node: NodeId, epoch: number, boot: string): void {
    this.#push({ kind: 'stopProof', node, epoch: epoch as ControllerState['record']['epoch'], boot });
  }

  async operate(request: OperatorRequest): Promise<Omit<Answer, 'id'>> {
    this.#requests += 1;
    const id = `${this.#state.config.self}.${this.#state.config.boot}.op${this.#requests}`;
    return await new Promise((resolve) => {
      const timer = setTimeout(
        () => this.#answer({ id, ok: false, message: 'no answer in time; ask again' }),
        OPERATOR_DEADLINE_MS,
      );
      this.#answers.set(id, (answer) => {
        clearTimeout(timer);
        resolve({ ...answer });
      });
      this.#push({ kind: 'operator', id, request });
    });
  }

  /**
   * Before `stop`, when the host or an operator shuts this node down: a Master hands over, a Standby asks to be taken out of the sync
   * set. Bounded; never throws. @returns true: the others do without this node already.
   */
  async leave(): Promise<boolean> {
    const { clock, log } = this.#ports;
    const sinceMs = clock.monotonicMs();
    const patienceMs = leavePatienceMs(this.#state);
    // The loop has taken it in before it is asked whether all is done.
    this.#push({ kind: 'leave' });
    while (!this.#stopped && clock.monotonicMs() - sinceMs < patienceMs) {
      await new Promise((resolve) => setTimeout(resolve, LEAVE_LOOK_MS));
      if (this.#queue.length > 0 || !this.#state.leaving || !hasLeft(this.#state)) continue;
      log.info('controller.left', { afterMs: Math.round(clock.monotonicMs() - sinceMs) });
      return true;
    }
    log.warn('controller.leaveLate', { afterMs: Math.round(clock.monotonicMs() - sinceMs), why: this.#state.decision.why });
    return false;
  }

  /** Ends the loop. What this host runs is the caller's to stop. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#fence?.stop();
    await this.#ports.mailbox.stop();
  }

  /** Without a dead man nothing may run here, and nobody else would stop it once this process is gone. */
  async #endAlone(why: string): Promise<void> {
    const { host, log, onFatal } = this.#ports;
    const stopping = this.stop();
    const quietly = (what: string) => (cause: unknown) => log.error(what, { why: explain(cause) });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, END_ALONE_MS)));
    const killed = host?.deadMan.killEverything(END_ALONE_MS).then((proved) => log.info('controller.killed', { proved }));
    const released = host?.vip.release().catch(quietly('vip.release'));
    await Promise.race([late, Promise.all([killed, released, stopping.catch(quietly('mailbox.stop'))])]);
    clearTimeout(timer);
    onFatal(`the dead man ended: ${why}`);
  }

  #tick(): void {
    if (this.#tickQueued) return;
    this.#tickQueued = true;
    this.#push({ kind: 'tick' });
  }

  #receive(from: NodeId, body: Uint8Array): void {
    try {
      this.#push({ kind: 'message', from, message: JSON.parse(new TextDecoder().decode(body)) as PeerMessage });
    } catch (cause) {
      this.#ports.log.warn('mailbox.unreadable', { from, why: explain(cause) });
    }
  }

  /** Did the two clocks go apart since the last look at both, in either direction? */
  #jump(): Untimed | null {
    const offsetMs = this.#ports.clock.wallMs() - this.#ports.clock.monotonicMs();
    const aheadMs = offsetMs - this.#clockOffsetMs;
    this.#clockOffsetMs = offsetMs;
    return hasJumped(aheadMs) ? { kind: 'jump', aheadMs } : null;
  }

  #push(input: Untimed, place: 'first' | 'last' = 'last'): void {
    if (this.#stopped) return;
    if (this.#queue.length >= MAX_QUEUE) {
      const oldest = this.#queue.findIndex((queued) => queued.kind === 'message');
      this.#queue.splice(Math.max(0, oldest), 1);
    }
    if (place === 'first') this.#queue.unshift(input);
    else this.#queue.push(input);
    if (!this.#pumping) void this.#pump();
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      for (let input = this.#queue.shift(); input !== undefined && !this.#stopped; input = this.#queue.shift()) {
        if (input.kind === 'tick') this.#tickQueued = false;
        // Inputs that beget inputs must not keep timers, sockets and signals waiting.
        if ((this.#pumped += 1) % YIELD_EVERY === 0) await new Promise((resolve) => setImmediate(resolve));
        // Whatever comes first after a freeze must not be weighed with a lease from before it.
        const jump = this.#jump();
        if (jump !== null) await this.#step(jump);
        await this.#step(input);
        this.#recover.journal(this.#state.recover);
        if (input.kind === 'tick' && orderIsOver(this.#state))
          this.#fence?.callOff('the epoch or the silence that it was for is over');
      }
    } catch (cause) {
      this.#stopped = true;
      this.#ports.onFatal(explain(cause));
    } finally {
      this.#pumping = false;
    }
  }

  async #step(input: Untimed): Promise<void> {
    const { clock, random, disk, trace } = this.#ports;
    const timed = { ...input, nowMs: clock.monotonicMs(), wallMs: clock.wallMs(), random: random.next() } as ControllerInput;
    const effects = stepController(this.#state, timed);
    trace?.({ input: timed, effects });
    for (const effect of effects) {
      if (effect.kind === 'persist') await disk.persist(effect);
      else this.#perform(effect);
    }
  }

  #perform(effect: ControllerEffect): void {
    const { mailbox, host, log, onNotice } = this.#ports;
    switch (effect.kind) {
      case 'send':
        mailbox.send(effect.to, new TextEncoder().encode(JSON.stringify(effect.message)));
        break;
      case 'act':
        void this.#act(effect.resource, effect.action);
        break;
      case 'lease':
        host?.deadMan.lease(effect.untilMs, effect.epoch);
        break;
      case 'vipRenew':
        host?.vip.hold(() => this.#leaseLeftMs()).catch((cause: unknown) => log.warn('vip.renew', { why: explain(cause) }));
        break;
      case 'notice':
        onNotice(effect.notice);
        break;
      case 'answer':
        this.#answer(effect);
        break;
      case 'log':
        log[effect.level](effect.event, effect.fields);
        break;
      case 'branch':
        this.#ports.onBranch?.(effect.order);
        break;
      case 'superseded':
        this.#ports.onSuperseded?.(effect.superseded);
        break;
      case 'renew':
        void this.#renew();
        break;
      case 'persist':
        break;
    }
  }

  /** A disk that cannot write who it is has failed like any other. */
  async #renew(): Promise<void> {
    if (this.#renewing) return;
    this.#renewing = true;
    try {
      this.#push({ kind: 'renewed', incarnation: await this.#ports.disk.renew() });
    } catch (cause) {
      this.#ports.onFatal(explain(cause));
    } finally {
      this.#renewing = false;
    }
  }

  #answer({ id, ok, message, code, plan }: Answer): void {
    this.#answers.get(id)?.({ ok, message, ...(code === undefined ? {} : { code }), ...(plan === undefined ? {} : { plan }) });
    this.#answers.delete(id);
  }

  async #act(resource: Resource, action: Action): Promise<void> {
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

  async #do(action: Action): Promise<number | CopyDone | undefined> {
    const host = this.#ports.host;
    if (host === null) return undefined;
    const { postgres, vip } = host;
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
        await postgres.follow(this.#peer(action.follow));
        return undefined;
      case 'pg.setNames':
        await postgres.setNames(action.names);
        return undefined;
      case 'pg.promote':
        vip.expect?.();
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
        return await postgres.baseBackup(this.#peer(action.source)!, progress);
      case 'vip.hold':
        await vip.hold(() => this.#leaseLeftMs());
        return undefined;
      case 'vip.release':
        await vip.release();
        return undefined;
      case 'manager.restart':
        host.deadMan.restartManager(action.why);
        return undefined;
      case 'hook.run':
        await this.#hook(action);
        return undefined;
      default:
        return undefined;
    }
  }

  async #power(action: Extract<Action, { kind: 'fence.off' | 'fence.on' }>): Promise<ActionResult> {
    if (this.#fence === null) throw new YosugaraError('FENCE_NO_DEVICE', `no power device of ${action.target} is there`);
    return await this.#fence.order(action);
  }

  /** @throws YosugaraError HOOK_VETO, HOOK_FAILED — with what the program said. */
  async #hook({ which, epoch }: Extract<Action, { kind: 'hook.run' }>): Promise<void> {
    const { hooks, log } = this.#ports;
    if (hooks === undefined) throw new YosugaraError('HOOK_MISSING', `no hook ${which} promotion is there to run`);
    const { good, says } =
      which === 'before'
        ? await hooks.before(epoch).then(({ passed, says }) => ({ good: passed, says }))
        : await hooks.after(epoch).then(({ ok, says }) => ({ good: ok, says }));
    log[good ? 'info' : 'warn']('hook.said', { which, epoch, good, says });
    if (!good) throw new YosugaraError(which === 'before' ? 'HOOK_VETO' : 'HOOK_FAILED', says);
  }

  #leaseLeftMs(): number {
    return strikeAtMs(observe(this.#state)) - this.#ports.clock.monotonicMs();
  }

  #peer(node: NodeId | null): PostgresPeer | null {
    return node === null ? null : (this.#ports.peers.get(node) ?? null);
  }

  /** What changes slowly: the VIP, processes, links. */
  #look(): void {
    this.#recover.surveyWhenDue(this.#state);
    this.#ports.stamps?.save(stampsOf(this.#state.raft));
    const { host, mailbox, clock, pid, watch } = this.#ports;
    const { unfit, disks, loopDelayMs } = watch?.facts() ?? { unfit: null, disks: [], loopDelayMs: 0 };
    const processes = [{ name: 'controller', pid }];
    const add = (name: string, found: number | null | undefined): void =>
      void (found != null && processes.push({ name, pid: found }));
    add('deadman', host?.deadMan.pid());
    add('postgres', host?.deadMan.postmasterPid());
    add('manager', host?.deadMan.managerPid());
    this.#push({
      kind: 'host',
      host: {
        postgresSource: host?.postgres.source() ?? '',
        deadMan: host?.deadMan.arming() ?? 'none',
        arming: host?.deadMan.armingFacts() ?? { kind: 'none', timeoutMs: null },
        unfit:
          [unfit, host?.deadMan.unfit() ?? null, host?.postgres.unfit?.() ?? null].filter((why) => why !== null).join('; ') ||
          null,
        disks,
        loopDelayMs,
        processes,
      },
    });
    const nowMs = clock.monotonicMs();
    const heard: NodeReport['heard'] = mailbox.links().map((link) => {
      const fresh = nowMs - (this.#state.heardMs.get(link.peer) ?? Number.NEGATIVE_INFINITY) <= LINK_FRESH_MS;
      return {
        peer: link.peer,
        state: !fresh ? ('down' as const) : link.relayedBy !== null ? ('relayed' as const) : ('direct' as const),
        via: link.relayedBy,
      };
    });
    this.#push({ kind: 'links', links: heard });
    if (host === null || host.vip.kind === 'none') return;
    host.vip.held().then(
      (held) => {
        if (held !== this.#state.vipHeld && !this.#state.busy.has('vip')) this.#push({ kind: 'vip', held });
      },
      (cause: unknown) => this.#ports.log.warn('vip.look', { why: explain(cause) }),
    );
  }
}
