import { type Action, type ClusterRecord } from '@yosugara/failover';
import type { Epoch, NodeId } from '@yosugara/kernel';
import {
  type ControllerConfig,
  type ControllerEffect,
  type OperatorRequest,
  type PeerMessage,
  raftTimings,
  type TraceEntry,
} from '@yosugara/runtime';
import { Agenda } from './agenda.js';
import { planBirth } from './birth.js';
import { Checks, type Violation } from './checks.js';
import { DrChecks } from './checks-dr.js';
import { Clients } from './clients.js';
import { Coverage } from './coverage.js';
import { drawExtras, extraRng, planExtras, withExtras } from './extras.js';
import { FenceDevice } from './fence-devices.js';
import { Front, Managers } from './front.js';
import { HostModel, type HostWorld } from './host-model.js';
import { expectServing, l1BudgetMs, Quiet } from './liveness.js';
import { Network } from './network.js';
import { drawPlan, type Planned } from './plan.js';
import type { PostgresModel } from './postgres-model.js';
import { planRare } from './rare.js';
import { Rng } from './rng.js';
import { drawShape, type Focus, type Shape } from './shape.js';

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** The whole plan; `at` in virtual ms. */
  readonly faults: readonly { readonly name: string; readonly atMs: number }[];
  readonly settings: string;
  readonly takeOvers: number;
  readonly acknowledged: number;
  readonly sideEffects: number;
  readonly fences: number;
  readonly events: number;
  /** From the end of the faults until somebody served and both were in the sync set; null: never. */
  readonly calmAfterMs: number | null;
}

export interface Options {
  readonly trace?: (line: string) => void;
  /** Only these faults of the plan, by their place in it: for shrinking. */
  readonly only?: readonly number[];
  readonly coverage?: Coverage;
  readonly focus?: Focus;
  readonly record?: (node: NodeId, entry: TraceEntry) => void;
}

/** What the consensus core says of itself. */
export type ElectionEdge = 'campaign' | 'voteGranted' | 'leading' | 'steppedDown' | 'takingOver';

type Change = (before: ClusterRecord, after: ClusterRecord) => boolean;

/** A schedule's length, and how much of it is trouble. */
export const END_MS = 120_000;
const FAULT_MS = 40_000;
const OPERATOR_EVERY_MS = 2_500;

/** A whole cluster in one thread: production cores, modelled hosts, faults, and checkers from outside. */
export class World implements HostWorld {
  readonly agenda = new Agenda();
  readonly rng: Rng;
  readonly shape: Shape;
  readonly nodes: readonly NodeId[];
  readonly dataNodes: readonly NodeId[];
  /** Who may serve at all: also a member of another site. */
  readonly servers: readonly NodeId[];
  readonly network: Network;
  readonly checks: Checks;
  readonly coverage: Coverage;
  readonly vipKind: 'bind' | 'ip';
  readonly clients: Clients;
  readonly front: Front;
  readonly managers: Managers;
  /** Whose consensus directory was emptied in this schedule. */
  readonly amnesiac = new Set<NodeId>();
  readonly #hosts = new Map<NodeId, HostModel>();
  readonly #list: readonly HostModel[];
  readonly #devices = new Map<NodeId, FenceDevice>();
  readonly #options: Options;
  readonly #plan: readonly Planned[];
  /** First start: a Master in sync within this. */
  readonly startMs: number;
  #events = 0;
  #recordSeen: ClusterRecord;
  #waiters: { change: Change; run: () => void }[] = [];
  #actions: { kind: Action['kind'] | ElectionEdge; run: (node: NodeId) => void }[] = [];
  #operations = 0;
  #calmMs: number | null = null;
  #healed = false;
  readonly #stopProofs: { node: NodeId; epoch: Epoch; boot: string }[] = [];

  constructor(seed: number, options: Options) {
    this.#options = options;
    this.rng = new Rng(seed);
    const { rng } = this;
    const base = drawShape(rng, options.focus);
    this.startMs = base.profile === 'tolerant' ? 20_000 : 16_000;
    const { focus = {} } = options;
    const plan = drawPlan(new Rng(seed * 2 + 1), base, this.startMs, FAULT_MS, focus);
    const more = extraRng(seed);
    this.shape = withExtras(more, base, drawExtras(more, base, focus, plan));
    const usual = planExtras(more, this.shape, { startMs: this.startMs, faultMs: FAULT_MS }, focus, plan);
    const isAlone = usual.some(({ fault }) => fault.alone === true);
    const rarely = [...planBirth(seed, focus), ...planRare(seed, this.shape, this.startMs, focus)];
    this.#plan = isAlone ? usual : [...usual, ...rarely];
    this.nodes = this.shape.nodes;
    this.dataNodes = this.shape.dataNodes;
    this.servers = [...this.dataNodes, ...this.shape.drNodes];
    this.vipKind = rng.pick(['bind', 'ip']);
    this.coverage = options.coverage ?? new Coverage();
    this.network = new Network(this.agenda, rng, this.nodes);
    const list: HostModel[] = [];
    this.#list = list;
    this.checks = new Checks(
      () => list,
      () => this.agenda.now,
    );
    if (this.shape.drNodes.length > 0)
      this.checks.dr = new DrChecks(
        this.shape.drNodes,
        (invariant, says) => this.checks.fail(invariant, says),
        () => this.agenda.now,
      );
    if (this.shape.extras.includes('limit')) this.checks.extras.limit = this.shape.settings.rateLimit;
    this.#recordSeen = this.checks.record;
    const { settings } = this.shape;
    for (const node of this.nodes) {
      // One host in eight has none: P3 must not be believed of it.
      const has = this.shape.watchdog && this.dataNodes.includes(node) && rng.chance(0.88);
      const watchdogMs = has ? settings.timings.watchdogMs : null;
      const host = new HostModel(
        node,
        this,
        this.#config(node),
        watchdogMs,
        this.shape.extras.includes('manager') && this.dataNodes.includes(node),
      );
      this.#hosts.set(node, host);
      list.push(host);
      if (settings.fenceable.includes(node)) this.#devices.set(node, new FenceDevice(node, this.agenda, rng, () => host));
    }
    for (const host of list) this.agenda.after(rng.between(0, 500), () => host.powerOn());
    this.clients = new Clients(this);
    this.front = new Front(this, this.servers);
    this.managers = new Managers(this, this.servers);
    if (this.#devices.size > 0) this.#fenceHealth();
    this.#operator();
    if (this.shape.extras.includes('limit')) this.#limited();
    if (this.shape.extras.includes('manager')) this.#watchManagers();
    if (this.shape.drNodes.length > 0) this.#watchOtherSite();
  }

  #config(node: NodeId): Omit<ControllerConfig, 'boot'> {
    const { members, settings } = this.shape;
    return {
      self: node,
      kind: members.find(({ id }) => id === node)!.kind,
      members,
      settings,
      raft: raftTimings(settings.timings),
      compactEvery: 40,
      trailing: 10,
    };
  }

  host(node: NodeId): HostModel {
    return this.#hosts.get(node)!;
  }
  device(target: NodeId): FenceDevice | undefined {
    return this.#devices.get(target);
  }
  get devices(): readonly FenceDevice[] {
    return [...this.#devices.values()];
  }
  server(node: NodeId): PostgresModel | undefined {
    const host = this.#hosts.get(node);
    return host?.powered === true ? host.postgres : undefined;
  }
  admits(node: NodeId): boolean {
    const host = this.host(node);
    return host.holdsVip() || host.serves();
  }
  get tracing(): boolean {
    return this.#options.trace !== undefined;
  }
  trace(text: () => string): void {
    this.#options.trace?.(`${this.agenda.now.toFixed(1).padStart(9)} ${text()}`);
  }
  stepped(host: HostModel, effects: readonly ControllerEffect[]): void {
    this.checks.afterStep(host, effects);
    if (this.#actions.length > 0) this.#acted(host, effects);
    const before = this.#recordSeen;
    const after = this.checks.record;
    if (after === before) return;
    this.#recordSeen = after;
    this.clients.changed(before, after);
    const due = this.#waiters.filter((waiter) => waiter.change(before, after));
    if (due.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter));
    for (const waiter of due) this.later(0, waiter.run);
  }
  #acted(host: HostModel, effects: readonly ControllerEffect[]): void {
    for (const effect of effects) {
      if (effect.kind !== 'act' && effect.kind !== 'log') continue;
      const kind = effect.kind === 'act' ? effect.action.kind : effect.event;
      const due = this.#actions.filter((waiter) => waiter.kind === kind);
      if (due.length === 0) continue;
      this.#actions = this.#actions.filter((waiter) => !due.includes(waiter));
      for (const waiter of due) this.later(0, () => waiter.run(host.node));
    }
  }
  woke(host: HostModel): void {
    this.checks.always();
    if (host.serves()) this.checks.answered200(host);
  }
  said(host: HostModel, to: NodeId, message: PeerMessage): void {
    this.checks.said(host, to, message);
  }
  get record(): ((node: NodeId, entry: TraceEntry) => void) | null {
    return this.#options.record ?? null;
  }
  announced(host: HostModel): void {
    this.front.announced(host);
  }
  acknowledged(node: NodeId, commit: number, end: number, how: 'written' | 'visible'): void {
    this.checks.commitAcknowledged(node, commit, end, how);
    if (commit < 0) this.managers.acknowledged(node, commit);
    else this.clients.acknowledged(commit);
  }
  /** For faults: when the time of trouble is over (`#heal` mends everything) nothing more breaks. */
  later(delayMs: number, run: () => void): void {
    this.agenda.after(delayMs, () => {
      if (!this.#healed) run();
    });
  }
  /** Once, after the next change of the committed record of this kind. */
  onNext(change: Change, run: () => void): void {
    this.#waiters.push({ change, run });
  }
  /** Once, when a controller starts the next action of this kind, or comes to this point of an election. */
  onNextAction(kind: Action['kind'] | ElectionEdge, run: (node: NodeId) => void): void {
    this.#actions.push({ kind, run });
  }
  leader(): NodeId | null {
    const leads = this.nodes.filter((node) => this.host(node).state?.raft.lead != null);
    return leads.at(-1) ?? null;
  }
  operate(request: OperatorRequest, at: NodeId): void {
    if (request.kind === 'promote' && request.oldMasterIsOff)
      for (const node of this.dataNodes) if (node !== (request.node ?? at)) this.checks.saidOff(node);
    if (request.kind === 'drPromote') this.checks.dr?.word(request.node);
    this.#operations += 1;
    this.host(at).push({ kind: 'operator', id: `op${this.#operations}`, request });
  }
  stopProof(node: NodeId, epoch: Epoch, boot: string): void {
    this.#stopProofs.push({ node, epoch, boot });
    for (const peer of this.nodes) if (peer !== node) this.#tellStopped(peer, { node, epoch, boot });
  }
  /** Signed proofs stay true for ever; somebody hears all of them again, from whoever kept them: gossip relays. */
  repeatStopProofs(rng: Rng, withinMs = 3_000): void {
    for (const proof of this.#stopProofs)
      for (const peer of this.nodes)
        if (peer !== proof.node)
          this.agenda.after(rng.between(0, withinMs), () => this.host(peer).push({ kind: 'stopProof', ...proof }));
  }
  #tellStopped(peer: NodeId, proof: { node: NodeId; epoch: Epoch; boot: string }): void {
    this.network.send(proof.node, peer, () => this.host(peer).push({ kind: 'stopProof', ...proof }));
  }

  /** The devices' health, read every few seconds with the real credentials. */
  #fenceHealth(): void {
    for (const device of this.#devices.values())
      for (const host of this.#list)
        if (host.kind === 'data' && host.node !== device.target)
          host.push({
            kind: 'fenceHealth',
            health: {
              target: device.target,
              healthy: device.healthy,
              offMs: 2_500,
              atMs: host.local(),
              says: device.healthy ? 'reads on' : `does not answer (${device.mood})`,
            },
          });
    this.agenda.after(5_000 * this.rng.between(0.8, 1.2), () => this.#fenceHealth());
  }

  /** Where nodes do not come back by themselves, somebody types `yosugara recover`, and switches on what was switched off. */
  #operator(): void {
    this.agenda.after(OPERATOR_EVERY_MS * this.rng.between(0.5, 1.5), () => {
      const { record } = this.checks;
      const asks = this.nodes.some((node) => this.host(node).state?.decision.needsRecover === true);
      const fenced = record.fenced.length > 0;
      for (const { node } of record.fenced)
        if (!this.host(node).powered && this.rng.chance(this.#healed ? 1 : 0.2)) this.host(node).powerOn();
      if (this.#healed) this.#endPauses();
      // A device that was late has switched off what the record calls a fence that failed.
      if (this.#healed) for (const host of this.#list) host.powerOn();
      const types = this.shape.settings.autoRejoin !== 'always' || fenced || asks;
      // A vote is given back also where nobody can serve before that.
      if (types && (asks || (record.phase === 'serving' && (record.syncSet.length < 2 || fenced))))
        this.operate({ kind: 'recover', node: null }, this.rng.pick(this.nodes));
      this.#operator();
    });
  }

  /** Who is heard there; and, once both sites are up again, the way home as docs/dr.md has it: recover, switchover, recover. */
  #watchOtherSite(): void {
    let lookedMs = this.agenda.now;
    const look = (): void =>
      this.agenda.after(200, () => {
        this.checks.dr!.look(this.#list, (from, to) => {
          const way = this.network.way(from, to);
          return !way.cut && way.loss === 0 && way.late === 0 && way.delayMs < 200 && way.jitterMs < 200;
        });
        if (this.agenda.now - lookedMs > OPERATOR_EVERY_MS) {
          lookedMs = this.agenda.now;
          this.#wayHome();
        }
        look();
      });
    look();
  }
  #wayHome(): void {
    const { away, owner, phase, syncSet } = this.checks.record;
    if (away == null || owner !== away.node || phase !== 'serving' || !this.host(owner).serves()) return;
    const back = this.dataNodes.find((node) => this.host(node).state?.decision.needsRecover === true);
    if (syncSet.some((node) => this.dataNodes.includes(node))) this.operate({ kind: 'switchover', to: null }, owner);
    else if (back !== undefined) this.operate({ kind: 'recover', node: back }, this.rng.pick([back, owner]));
  }

  /** A manager that hangs while nothing else holds its controller up is killed once, or its node gives way. */
  #watchManagers(): void {
    this.agenda.after(500, () => {
      for (const host of this.#list) this.checks.extras.managerOf(host, this.shape.settings.timings);
      this.#watchManagers();
    });
  }

  /** The limit of take-overs is shown while it holds; set clocks may hold it for ever, and somebody has another one promoted then. */
  #limited(): void {
    this.agenda.after(1_000, () => {
      const held = this.checks.extras.alarms(this.#list, this.checks.record);
      if (held) this.coverage.count(`limit reached ${this.checks.record.phase}`);
      const none = !this.dataNodes.some((node) => this.host(node).serves());
      if (this.#healed && this.checks.extras.wallSet && none)
        for (const node of this.dataNodes) this.operate({ kind: 'promote', node, oldMasterIsOff: false }, node);
      this.#limited();
    });
  }

  /** What was to end by itself may not, where clocks were set; somebody ends it. */
  #endPauses(): void {
    const { pause, maintenance } = this.checks.record;
    const at = this.rng.pick(this.nodes);
    if (pause !== null) this.operate({ kind: 'pause', untilWallMs: null, why: 'it is over' }, at);
    for (const { node } of maintenance) this.operate({ kind: 'maintenance', node, untilWallMs: null, why: 'it is over' }, at);
  }

  run(seed: number): Outcome {
    const each = (): void => {
      this.#events += 1;
      this.checks.always();
    };
    const chosen = this.#options.only === undefined ? this.#plan : this.#options.only.map((place) => this.#plan[place]!);
    this.#safety(chosen, each);
    this.#liveness(each);
    return {
      seed,
      violations: this.checks.violations,
      faults: chosen.map(({ fault, atMs }) => ({ name: fault.name, atMs })),
      settings: `${this.shape.name} ${this.shape.profile} ${this.shape.settings.policy} autoRejoin=${this.shape.settings.autoRejoin} vip=${this.vipKind}${this.shape.extras.map((extra) => ` +${extra}`).join('')}`,
      takeOvers: this.checks.epochChanges.length,
      acknowledged: this.checks.acknowledged.length,
      sideEffects: this.checks.sideEffects,
      fences: this.checks.fences,
      events: this.#events,
      calmAfterMs: this.#calmMs,
    };
  }

  /** First start, then trouble: nothing is demanded of the cluster but to do no harm. */
  #safety(chosen: readonly Planned[], each: () => void): void {
    const early = chosen.filter(({ atMs }) => atMs < this.startMs);
    this.#break(early);
    this.agenda.runUntil(this.startMs, each);
    if (early.length === 0) expectServing(this, 'first start', 2);
    this.#break(chosen.filter((planned) => !early.includes(planned)));
    this.agenda.runUntil(this.startMs + FAULT_MS, each);
  }

  #break(planned: readonly Planned[]): void {
    for (const { fault, atMs, rng } of planned)
      this.agenda.at(atMs, () => {
        this.trace(() => `-- fault ${fault.name}`);
        this.coverage.fault(fault.name, this.checks.record, this.shape.name);
        fault.inject(this, rng);
      });
  }

  /** No more faults: L1 within the computed budget, then nothing happens any more (L3), and at the end both are in the sync set (L2). */
  #liveness(each: () => void): void {
    this.#heal();
    const healedMs = this.agenda.now;
    const watch = (): void => {
      if (
        this.#calmMs === null &&
        this.checks.record.syncSet.length === 2 &&
        this.servers.some((node) => this.host(node).serves())
      )
        this.#calmMs = this.agenda.now - healedMs;
      if (this.#calmMs === null) this.agenda.after(250, watch);
    };
    watch();
    // Whoever waits for the end of the limit serves after it.
    const limitMs = this.shape.extras.includes('limit') ? this.shape.settings.rateLimit.withinMs : 0;
    const byMs = healedMs + l1BudgetMs(this.shape.settings.timings) + limitMs;
    this.agenda.runUntil(byMs, each);
    expectServing(this, `${Math.round(byMs - healedMs)} ms after the last fault`, 1);
    const quiet = new Quiet(this);
    this.agenda.runUntil(END_MS, each);
    quiet.check();
    expectServing(this, 'at the end', 2);
    this.checks.extras.managersAtEnd(this.#list);
    this.checks.dr?.atEnd(this.#list, this.checks.record);
    this.checks.agree();
    this.checks.atEnd();
  }

  get healed(): boolean {
    return this.#healed;
  }

  #heal(): void {
    this.trace(() => '-- heal');
    this.#healed = true;
    this.#waiters = [];
    this.#actions = [];
    this.network.heal();
    for (const device of this.#devices.values()) Object.assign(device, { mood: 'ok', diesWithHost: false });
    for (const host of this.#list) {
      host.disk.slowMs = 0;
      host.disk.failing = 'no';
      host.clock.wallStepMs = 0;
      host.hook = 'passes';
      if (host.manager !== null) host.manager.incurable = false;
      host.onNextPersist('after', null);
      host.thaw();
      host.powerOn();
      host.startController();
      if (host.unfit !== null) {
        host.unfit = null;
        host.tellHost();
      }
    }
  }
}

export const runSeed = (seed: number, options: Options = {}): Outcome => new World(seed, options).run(seed);
