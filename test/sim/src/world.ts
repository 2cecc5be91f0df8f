import { type Action, PROFILES } from '@yosugara/failover';
import { type NodeId, nodeId } from '@yosugara/kernel';
import type { ControllerConfig, ControllerEffect, OperatorRequest } from '@yosugara/runtime';
import { Agenda } from './agenda.js';
import { Checks, type Violation } from './checks.js';
import { FAULTS } from './faults.js';
import { HostModel, type HostWorld } from './host-model.js';
import { Network } from './network.js';
import type { PostgresModel } from './postgres-model.js';
import { Rng } from './rng.js';

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly faults: readonly string[];
  readonly takeOvers: number;
  readonly acknowledged: number;
  readonly events: number;
}

export interface Options {
  readonly trace?: (line: string) => void;
  readonly faultMs?: number;
}

const FAULT_MS = 25_000;
const HEAL_MS = 60_000;
/** L1, L2: after the last fault everything is back within this. */
const CALM_MS = 45_000;
const COMMIT_EVERY_MS = 25;

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
  readonly #faultNames: string[] = [];
  #commits = 0;
  #events = 0;
  #epochSeen = 0;
  #epochWaiters: (() => void)[] = [];
  #operations = 0;

  constructor(seed: number, options: Options) {
    this.#options = options;
    this.rng = new Rng(seed);
    this.network = new Network(this.agenda, this.rng, this.nodes);
    this.checks = new Checks(
      () => [...this.#hosts.values()],
      () => this.agenda.now,
    );
    const profile = this.rng.chance(0.3) ? PROFILES.fast : PROFILES.lan;
    for (const node of this.nodes) this.#hosts.set(node, new HostModel(node, this, this.#config(node, profile)));
    for (const node of this.nodes) this.agenda.after(this.rng.between(0, 500), () => this.host(node).powerOn());
    this.#client();
  }

  #config(node: NodeId, timings: (typeof PROFILES)[keyof typeof PROFILES]): Omit<ControllerConfig, 'boot'> {
    const members = this.nodes.map((id) => ({ id, kind: id === 'w' ? ('witness' as const) : ('data' as const), voter: true }));
    const { heartbeatMs, leaseOwnMs, leaseVoteMs, candidateDelayMaxMs, transferTimeoutMs } = timings;
    return {
      self: node,
      kind: node === 'w' ? 'witness' : 'data',
      members,
      settings: { policy: 'available', stopProofs: ['P1', 'P4'], autoRejoin: 'always', timings, hasVip: true },
      raft: {
        heartbeatMs,
        leaseOwnMs,
        leaseVoteMs,
        candidateDelayMaxMs,
        transferTimeoutMs,
        witnessDelayMs: 2 * (leaseVoteMs + candidateDelayMaxMs),
      },
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
  trace(text: () => string): void {
    this.#options.trace?.(`${this.agenda.now.toFixed(1).padStart(9)} ${text()}`);
  }
  stepped(host: HostModel, _effects: readonly ControllerEffect[]): void {
    this.checks.afterStep(host);
    if (this.checks.record.epoch !== this.#epochSeen) {
      this.#epochSeen = this.checks.record.epoch;
      for (const waiter of this.#epochWaiters.splice(0)) waiter();
    }
  }
  persisted(host: HostModel): void {
    this.checks.persisted(host);
  }
  beforeWritable(host: HostModel, action: Action): void {
    this.checks.beforeWritable(host, action);
  }
  acknowledged(node: NodeId, commit: number): void {
    this.checks.commitAcknowledged(node, commit, this.host(node).postgres.wal.indexOf(commit) + 1);
  }
  onNextEpoch(run: () => void): void {
    this.#epochWaiters.push(run);
  }
  operate(request: OperatorRequest): void {
    this.#operations += 1;
    this.host(this.rng.pick(this.nodes)).push({ kind: 'operator', id: `op${this.#operations}`, request });
  }

  /** Clients try every writable server, whoever it believes to be: what counts is what gets acknowledged. */
  #client(): void {
    for (const node of this.dataNodes) {
      const server = this.server(node);
      if (server?.writable === true) server.commit((this.#commits += 1));
    }
    this.agenda.after(COMMIT_EVERY_MS * this.rng.between(0.5, 1.5), () => this.#client());
  }

  run(seed: number): Outcome {
    const each = (): void => {
      this.#events += 1;
      this.checks.always();
    };
    // First start: a Master within the budget, before anything is broken.
    this.agenda.runUntil(12_000, each);
    this.#expectServing('first start', true);
    this.#plan();
    const faultEnd = this.agenda.now + (this.#options.faultMs ?? FAULT_MS);
    this.agenda.runUntil(faultEnd, each);
    this.#epochWaiters = [];
    this.#heal();
    this.agenda.runUntil(this.agenda.now + CALM_MS, each);
    this.#expectServing('after the faults', true);
    this.checks.atEnd();
    return {
      seed,
      violations: this.checks.violations,
      faults: this.#faultNames,
      takeOvers: this.checks.record.history.length,
      acknowledged: this.checks.acknowledged.length,
      events: this.#events,
    };
  }

  #plan(): void {
    const classes = FAULTS.filter(() => this.rng.chance(0.35));
    const chosen = classes.length === 0 ? [this.rng.pick(FAULTS)] : classes;
    const count = 1 + Math.floor(this.rng.next() * 7);
    const burst = this.rng.between(0, FAULT_MS * 0.7);
    for (let i = 0; i < count; i += 1) {
      const fault = this.rng.pick(chosen);
      // Half of them close together: double faults hurt most in the middle of a transition.
      const at = this.rng.chance(0.5) ? this.rng.between(0, FAULT_MS * 0.8) : burst + this.rng.between(0, 3_000);
      this.agenda.after(at, () => {
        this.#faultNames.push(fault.name);
        this.trace(() => `-- fault ${fault.name}`);
        fault.inject(this);
      });
    }
  }

  #heal(): void {
    this.trace(() => '-- heal');
    const until = this.agenda.now;
    this.agenda.after(HEAL_MS, () => {});
    this.network.heal();
    for (const node of this.nodes) {
      const host = this.host(node);
      host.diskSlowMs = 0;
      host.thaw();
      host.powerOn();
      host.startController();
    }
    this.trace(() => `-- quiet from ${until}`);
  }

  /** L1, L2: exactly one serving Master, and both nodes in the sync set. */
  #expectServing(when: string, sync: boolean): void {
    const { record } = this.checks;
    const serving = this.dataNodes.filter((node) => this.host(node).serves());
    if (serving.length !== 1)
      this.checks.fail(
        'L1',
        `${when}: ${serving.length} nodes serve; record: epoch ${record.epoch}, owner ${record.owner}, phase ${record.phase}, sync set ${record.syncSet}; ${this.#roles()}`,
      );
    else if (sync && record.syncSet.length !== 2)
      this.checks.fail('L2', `${when}: only ${record.syncSet} in the sync set; ${this.#roles()}`);
  }

  #roles(): string {
    return this.nodes
      .map(
        (node) =>
          `${node} ${this.host(node).state?.decision.role} (${this.host(node).state?.decision.why}; PostgreSQL ${this.host(node).postgres.process})`,
      )
      .join(', ');
  }
}

export const runSeed = (seed: number, options: Options = {}): Outcome => new World(seed, options).run(seed);
