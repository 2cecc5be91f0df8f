import { type Action, type ClusterRecord, PROFILES, type Settings } from '@yosugara/failover';
import { type Epoch, type NodeId, nodeId } from '@yosugara/kernel';
import {
  type ControllerConfig,
  type ControllerEffect,
  type OperatorRequest,
  type PeerMessage,
  raftTimings,
} from '@yosugara/runtime';
import { Agenda } from './agenda.js';
import { Checks, type Violation } from './checks.js';
import { FAULTS, type FaultClass } from './faults.js';
import { HostModel, type HostWorld } from './host-model.js';
import { Network } from './network.js';
import type { PostgresModel } from './postgres-model.js';
import { Rng } from './rng.js';

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** The whole plan; `at` in virtual ms. */
  readonly faults: readonly { readonly name: string; readonly atMs: number }[];
  readonly settings: string;
  readonly takeOvers: number;
  readonly acknowledged: number;
  readonly events: number;
}

export interface Options {
  readonly trace?: (line: string) => void;
  /** Only these faults of the plan, by their place in it: for shrinking. */
  readonly only?: readonly number[];
}

interface Planned {
  readonly fault: FaultClass;
  readonly atMs: number;
  readonly rng: Rng;
}
type Change = (before: ClusterRecord, after: ClusterRecord) => boolean;

const FAULT_MS = 25_000;
/** L1, L2: after the last fault everything is back within this. */
const CALM_MS = 45_000;
const COMMIT_EVERY_MS = 25;
const OPERATOR_EVERY_MS = 2_500;

/** A whole cluster in one thread: production cores, modelled hosts, faults, and checkers from outside. */
export class World implements HostWorld {
  readonly agenda = new Agenda();
  readonly rng: Rng;
  readonly nodes: readonly NodeId[] = [nodeId('a'), nodeId('b'), nodeId('w')];
  readonly dataNodes = this.nodes.slice(0, 2);
  readonly network: Network;
  readonly checks: Checks;
  readonly #hosts = new Map<NodeId, HostModel>();
  readonly #options: Options;
  readonly #plan: readonly Planned[];
  readonly #settings: Settings;
  /** First start: a Master in sync within this. */
  readonly #startMs: number;
  readonly #profile: keyof typeof PROFILES;
  #commits = 0;
  #events = 0;
  #recordSeen: ClusterRecord;
  #waiters: { change: Change; run: () => void }[] = [];
  #actions: { kind: Action['kind']; run: (node: NodeId) => void }[] = [];
  #operations = 0;
  readonly #stopProofs: { node: NodeId; epoch: Epoch; boot: string }[] = [];

  constructor(seed: number, options: Options) {
    this.#options = options;
    this.rng = new Rng(seed);
    this.network = new Network(this.agenda, this.rng, this.nodes);
    this.checks = new Checks(
      () => [...this.#hosts.values()],
      () => this.agenda.now,
    );
    this.#recordSeen = this.checks.record;
    const { rng } = this;
    this.#profile = rng.pick(['fast', 'fast', 'fast', 'lan', 'lan', 'lan', 'lan', 'lan', 'lan', 'tolerant'] as const);
    this.#settings = {
      policy: rng.chance(0.15) ? 'strict' : 'available',
      stopProofs: ['P1', 'P4'],
      autoRejoin: rng.pick(['always', 'always', 'always', 'clean', 'never']),
      timings: PROFILES[this.#profile],
      hasVip: true,
      drNodes: [],
      fenceable: [],
      fenceDelayMs: 10_000,
      powerOnAfterFence: false,
      rateLimit: { max: 10_000, withinMs: 3_600_000 },
      hooks: { beforePromotion: false, afterPromotion: false },
    };
    this.#startMs = this.#profile === 'tolerant' ? 20_000 : 16_000;
    this.#plan = this.#draw(new Rng(seed * 2 + 1));
    for (const node of this.nodes) this.#hosts.set(node, new HostModel(node, this, this.#config(node)));
    for (const node of this.nodes) this.agenda.after(this.rng.between(0, 500), () => this.host(node).powerOn());
    this.#client();
    if (this.#settings.autoRejoin !== 'always') this.#operator();
  }

  #config(node: NodeId): Omit<ControllerConfig, 'boot'> {
    const members = this.nodes.map((id) => ({ id, kind: id === 'w' ? ('witness' as const) : ('data' as const), voter: true }));
    return {
      self: node,
      kind: node === 'w' ? 'witness' : 'data',
      members,
      settings: this.#settings,
      raft: raftTimings(this.#settings.timings),
      compactEvery: 40,
      trailing: 10,
    };
  }

  host(node: NodeId): HostModel {
    return this.#hosts.get(node)!;
  }
  server(node: NodeId): PostgresModel | undefined {
    const host = this.#hosts.get(node);
    return host?.powered === true ? host.postgres : undefined;
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
    const due = this.#waiters.filter((waiter) => waiter.change(before, after));
    if (due.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter));
    for (const waiter of due) this.agenda.after(0, waiter.run);
  }
  #acted(host: HostModel, effects: readonly ControllerEffect[]): void {
    for (const effect of effects) {
      if (effect.kind !== 'act') continue;
      const due = this.#actions.filter((waiter) => waiter.kind === effect.action.kind);
      this.#actions = this.#actions.filter((waiter) => !due.includes(waiter));
      for (const waiter of due) this.agenda.after(0, () => waiter.run(host.node));
    }
  }
  said(host: HostModel, to: NodeId, message: PeerMessage): void {
    this.checks.said(host, to, message);
  }
  persisted(host: HostModel): void {
    this.checks.persisted(host);
  }
  beforeWritable(host: HostModel, action: Action): void {
    this.checks.beforeWritable(host, action);
  }
  acknowledged(node: NodeId, commit: number, end: number): void {
    this.checks.commitAcknowledged(node, commit, end);
  }
  /** Once, after the next change of the committed record of this kind. */
  onNext(change: Change, run: () => void): void {
    this.#waiters.push({ change, run });
  }
  /** Once, when a controller starts the next action of this kind. */
  onNextAction(kind: Action['kind'], run: (node: NodeId) => void): void {
    this.#actions.push({ kind, run });
  }
  leader(): NodeId | null {
    const leads = this.nodes.filter((node) => this.host(node).state?.raft.lead != null);
    return leads.at(-1) ?? null;
  }
  operate(request: OperatorRequest, at: NodeId): void {
    this.#operations += 1;
    this.host(at).push({ kind: 'operator', id: `op${this.#operations}`, request });
  }
  stopProof(node: NodeId, epoch: Epoch, boot: string): void {
    this.#stopProofs.push({ node, epoch, boot });
    for (const peer of this.nodes) if (peer !== node) this.#tellStopped(peer, { node, epoch, boot });
  }
  /** Signed proofs stay true for ever; somebody hears all of them again. */
  repeatStopProofs(rng: Rng): void {
    for (const proof of this.#stopProofs)
      for (const peer of this.nodes)
        if (peer !== proof.node) this.agenda.after(rng.between(0, 3_000), () => this.#tellStopped(peer, proof));
  }
  #tellStopped(peer: NodeId, proof: { node: NodeId; epoch: Epoch; boot: string }): void {
    this.network.send(proof.node, peer, () => this.host(peer).push({ kind: 'stopProof', ...proof }));
  }

  /** Clients try every writable server, whoever it believes to be: what counts is what gets acknowledged. */
  #client(): void {
    for (const node of this.dataNodes) {
      const server = this.server(node);
      if (server?.writable === true) server.commit((this.#commits += 1));
    }
    this.agenda.after(COMMIT_EVERY_MS * this.rng.between(0.5, 1.5), () => this.#client());
  }

  /** Where nodes do not come back by themselves, somebody types `yosugara recover` until both are in the sync set. */
  #operator(): void {
    this.agenda.after(OPERATOR_EVERY_MS * this.rng.between(0.5, 1.5), () => {
      const { record } = this.checks;
      const asks = this.nodes.some((node) => this.host(node).state?.decision.needsRecover === true);
      if (record.phase === 'serving' && (record.syncSet.length < 2 || asks))
        this.operate({ kind: 'recover', node: null }, this.rng.pick(this.nodes));
      this.#operator();
    });
  }

  run(seed: number): Outcome {
    const each = (): void => {
      this.#events += 1;
      this.checks.always();
    };
    // First start: a Master within the budget, before anything is broken.
    this.agenda.runUntil(this.#startMs, each);
    this.#expectServing('first start');
    const chosen = this.#options.only === undefined ? this.#plan : this.#options.only.map((place) => this.#plan[place]!);
    for (const { fault, atMs, rng } of chosen)
      this.agenda.at(atMs, () => {
        this.trace(() => `-- fault ${fault.name}`);
        fault.inject(this, rng);
      });
    this.agenda.runUntil(this.#startMs + FAULT_MS, each);
    this.#heal();
    this.agenda.runUntil(this.#startMs + FAULT_MS + CALM_MS, each);
    this.#expectServing('after the faults');
    this.checks.atEnd();
    return {
      seed,
      violations: this.checks.violations,
      faults: chosen.map(({ fault, atMs }) => ({ name: fault.name, atMs })),
      settings: `${this.#profile} ${this.#settings.policy} autoRejoin=${this.#settings.autoRejoin}`,
      takeOvers: this.checks.record.history.length,
      acknowledged: this.checks.acknowledged.length,
      events: this.#events,
    };
  }

  #draw(rng: Rng): readonly Planned[] {
    const classes = FAULTS.filter(() => rng.chance(0.35));
    const from = classes.length === 0 ? [rng.pick(FAULTS)] : classes;
    const burst = rng.between(0, FAULT_MS * 0.7);
    const planned: Planned[] = [];
    for (let left = 1 + Math.floor(rng.next() * 7); left > 0; left -= 1) {
      // Half of them close together: double faults hurt most in the middle of a transition.
      const afterMs = rng.chance(0.5) ? rng.between(0, FAULT_MS * 0.8) : burst + rng.between(0, 3_000);
      planned.push({ fault: rng.pick(from), atMs: this.#startMs + afterMs, rng: new Rng(Math.floor(rng.next() * 2 ** 31)) });
    }
    return planned;
  }

  #heal(): void {
    this.trace(() => '-- heal');
    this.#waiters = [];
    this.#actions = [];
    this.network.heal();
    for (const node of this.nodes) {
      const host = this.host(node);
      host.diskSlowMs = 0;
      host.onNextPersist('after', null);
      host.thaw();
      host.powerOn();
      host.startController();
    }
  }

  /** L1, L2: exactly one serving Master, and both nodes in the sync set. */
  #expectServing(when: string): void {
    const { record } = this.checks;
    const serving = this.dataNodes.filter((node) => this.host(node).serves());
    if (serving.length !== 1)
      this.checks.fail(
        'L1',
        `${when}: ${serving.length} nodes serve; record: epoch ${record.epoch}, owner ${record.owner}, phase ${record.phase}, sync set ${record.syncSet}; ${this.#roles()}`,
      );
    else if (record.syncSet.length !== 2)
      this.checks.fail('L2', `${when}: only ${record.syncSet} in the sync set; ${this.#roles()}`);
    else if (this.checks.lastAcknowledgedMs < this.agenda.now - 5_000)
      this.checks.fail('L1', `${when}: nothing was acknowledged for 5 s; ${this.#roles()}`);
  }

  #roles(): string {
    return this.nodes
      .map((node) => {
        const { decision } = this.host(node).state ?? {};
        return `${node} ${decision?.role} (${decision?.why}; PostgreSQL ${this.host(node).postgres.process})`;
      })
      .join(', ');
  }
}

export const runSeed = (seed: number, options: Options = {}): Outcome => new World(seed, options).run(seed);
