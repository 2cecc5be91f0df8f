import { type Restored, stampsOf } from '@yosugara/consensus';
import { isMoving, levelOf } from '@yosugara/failover';
import { explain, type NodeId } from '@yosugara/kernel';
import type { ManagerReport, ReceiverReport, ReceiversAnswer, Status } from '@yosugara/protocol';
import { hasJumped, isDoubted } from './doubt.js';
import type { DriverPorts } from './driver-ports.js';
import { endAlone } from './end-alone.js';
import { DEFAULT_CHECK_MS } from './fence-facts.js';
import { FenceHand } from './fence-hand.js';
import { orderIsOver } from './fencing.js';
import { hookIsOver } from './hook-hand.js';
import { HostHand } from './host-hand.js';
import { InputQueue, type Untimed } from './input-queue.js';
import { isServing, lastsUntilMs } from './leasing.js';
import { hasLeft, leavePatienceMs } from './leaving.js';
import { MESSAGE_LEVELS } from './levels.js';
import { observe } from './observe.js';
import { OpenRequests } from './open-requests.js';
import { RecoverHand } from './recover-hand.js';
import { lookAtHost, lookAtLinks } from './slow-looks.js';
import { type ControllerState, createController } from './state.js';
import { receiversOf, type StatusContext, statusOf } from './status.js';
import { passTime, stepController } from './step.js';
import type { Answer, ControllerConfig, ControllerEffect, ControllerInput, OperatorRequest, PeerMessage } from './types.js';
import { VipLook } from './vip-look.js';

const TICK_MS = 50;
const LOOK_EVERY_MS = 500;
const YIELD_EVERY = 16;
const LEAVE_LOOK_MS = 20;

/** The loop around the pure controller: one input at a time, effects in order, actions beside it. */
export class ControllerDriver {
  readonly #ports: DriverPorts;
  readonly #context: StatusContext;
  readonly #state: ControllerState;
  readonly #first: ControllerEffect[];
  readonly #queue = new InputQueue();
  readonly #open = new OpenRequests();
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
  readonly #hand: HostHand;
  readonly #vipLook = new VipLook();

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
    this.#hand = new HostHand(
      ports,
      this.#fence,
      () => this.#leaseLeftMs(),
      (told) => this.#push(told),
    );
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
      if (!this.#stopped) void endAlone(this.#ports, this.stop(), why);
    });
    host?.deadMan.onLeaving(() => {
      this.#push({ kind: 'leave' });
      this.#ports.onLeave?.('the dead man was told to end');
    });
    host?.deadMan.onStruck((epoch) => {
      this.#push({ kind: 'struck', epoch });
      // What holds the VIP was killed, too: nothing here may bring it back.
      this.#vipLook.touched();
      void this.#hand.act('vip', { kind: 'vip.release' });
      // Not only once the loop comes to it: a disk that hangs may hold it.
      this.#hand.callOffHook('the dead man struck: the epoch that it was for is over');
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

  /** What the receivers say of themselves, as far as they are heard. */
  receivers(): ReceiversAnswer {
    return receiversOf(this.#state);
  }

  /** Computed from the lease at this very moment, never from a flag. */
  serves(): boolean {
    if (this.#stopped) return false;
    // A request may come in before any timer of ours after a freeze.
    const jump = this.#jump();
    if (jump !== null) this.#push(jump, 'first');
    passTime(this.#state, this.#ports.clock.monotonicMs());
    // One that waits behind an fsync was not weighed yet.
    if (this.#queue.first()?.kind === 'jump') return false;
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
    return await this.#open.awaitAnswer(id, () => this.#push({ kind: 'operator', id, request }));
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
    this.#hand.callOffHook('the controller ends');
    await this.#fence?.stop();
    await this.#ports.mailbox.stop();
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
    this.#queue.push(input, place);
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
        if (hookIsOver(this.#state)) this.#hand.callOffHook('the epoch that it was for is not ours any more');
      }
    } catch (cause) {
      this.#stopped = true;
      this.#ports.onFatal(explain(cause));
    } finally {
      this.#pumping = false;
    }
  }

  async #step(input: Untimed): Promise<void> {
    const { clock, random, disk, host, trace } = this.#ports;
    const timed = { ...input, nowMs: clock.monotonicMs(), wallMs: clock.wallMs(), random: random.next() } as ControllerInput;
    const effects = stepController(this.#state, timed);
    trace?.({ input: timed, effects });
    host?.postgres.hurry?.(isMoving(this.#state.record));
    for (const effect of effects) {
      if (effect.kind === 'persist') await disk.persist(effect);
      else this.#perform(effect);
    }
  }

  #perform(effect: ControllerEffect): void {
    const { mailbox, host, log, onNotice } = this.#ports;
    switch (effect.kind) {
      case 'send':
        if (MESSAGE_LEVELS[effect.message.k] > levelOf(this.#state.record)) break;
        mailbox.send(effect.to, new TextEncoder().encode(JSON.stringify(effect.message)));
        break;
      case 'act':
        if (effect.resource === 'vip') this.#vipLook.touched();
        void this.#hand.act(effect.resource, effect.action);
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
        this.#open.answer(effect);
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

  #leaseLeftMs(): number {
    return lastsUntilMs(this.#state, observe(this.#state)) - this.#ports.clock.monotonicMs();
  }

  /** What changes slowly: the VIP, processes, links. */
  #look(): void {
    this.#recover.surveyWhenDue(this.#state);
    this.#ports.stamps?.save(stampsOf(this.#state.raft));
    const { host, mailbox, clock, log } = this.#ports;
    this.#push({ kind: 'host', host: lookAtHost(this.#ports) });
    this.#push({ kind: 'links', links: lookAtLinks(mailbox, this.#state.heardMs, clock.monotonicMs()) });
    if (host === null || host.vip.kind === 'none') return;
    const seen = this.#vipLook.look(
      () => host.vip.held(),
      () => this.#state.busy.has('vip'),
    );
    seen.then(
      (held) => {
        if (held !== null && held !== this.#state.vipHeld) this.#push({ kind: 'vip', held });
      },
      (cause: unknown) => log.warn('vip.look', { why: explain(cause) }),
    );
  }
}
