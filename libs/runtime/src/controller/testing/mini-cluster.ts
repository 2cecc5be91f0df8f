import type { Entry, Restored } from '@yosugara/consensus';
import { type Action, type PostgresFacts, type Settings } from '@yosugara/failover';
import { lsn, type NodeId, nodeId } from '@yosugara/kernel';
import { type ControllerState, createController } from '../state.js';
import { stepController } from '../step.js';
import { raftTimings } from '../timings.js';
import type { ActionResult, ControllerConfig, ControllerEffect, ControllerInput, OperatorRequest } from '../types.js';
import { settingsWith } from './settings.js';

/*
 * Three controllers, a network without delay and servers that obey after a few milliseconds: enough to see the production step go
 * through a planned change from one end to the other. Faults are the simulator's.
 */

export const a = nodeId('a');
export const b = nodeId('b');
export const w = nodeId('w');
const NODES = [a, b, w];
const STEP_MS = 10;
const TICK_MS = 50;
const PROBE_MS = 300;
const ACT_MS = 60;
const FENCE_MS = 1_500;
const WALL = 1_700_000_000_000;

/** What runs on a host; empty: this program. */
export type Program = Pick<ControllerConfig, 'version' | 'speaks'>;

interface Host {
  state: ControllerState;
  up: boolean;
  facts: PostgresFacts;
  readonly disk: { hardState: Restored['hardState']; snapshot: Restored['snapshot']; entries: Entry[] };
  boots: number;
  readonly due: { atMs: number; run: () => void }[];
}

export class MiniCluster {
  nowMs = 1_000;
  readonly answers = new Map<string, { readonly ok: boolean; readonly message: string }>();
  readonly #hosts = new Map<NodeId, Host>();
  readonly #mail: { from: NodeId; to: NodeId; input: (nowMs: number) => ControllerInput }[] = [];
  readonly #nodes: readonly NodeId[];
  readonly #config: Omit<ControllerConfig, 'self' | 'kind' | 'boot'>;
  /** Every order that a power device got, oldest first. */
  readonly orders: { readonly by: NodeId; readonly target: NodeId; readonly wanted: 'off' | 'on'; readonly atMs: number }[] = [];
  /** Devices that do not answer. */
  readonly broken = new Set<NodeId>();
  /** Managers that say nothing, and those that a restart does not mend. */
  readonly silent = new Set<NodeId>();
  readonly incurable = new Set<NodeId>();
  /** Whose hooks never end. */
  readonly hungHooks = new Set<NodeId>();
  /** Every restart of a manager that does not answer, oldest first. */
  readonly restarts: { readonly node: NodeId; readonly atMs: number }[] = [];
  readonly #managers = new Map<NodeId, number>();
  /** Of the next start. */
  readonly programs: Map<NodeId, Program>;
  /** No message passes between any two nodes. */
  cut = false;
  #asked = 0;

  constructor(change: Partial<Settings> = {}, nodes: readonly NodeId[] = NODES, program: Program = {}) {
    this.#nodes = nodes;
    this.programs = new Map(nodes.map((node) => [node, program]));
    const settings = settingsWith(change);
    const members = nodes.map((id) => ({ id, kind: id === w ? ('witness' as const) : ('data' as const), voter: true }));
    this.#config = { members, settings, raft: raftTimings(settings.timings), compactEvery: 100, trailing: 20 };
    for (const self of nodes) {
      const disk = { hardState: { term: 0, votedFor: null }, snapshot: null, entries: [] };
      const state = this.#boot(self, disk, 1);
      this.#hosts.set(self, {
        state,
        up: true,
        facts: self === w ? { kind: 'unknown' } : { kind: 'empty' },
        disk,
        boots: 1,
        due: [],
      });
    }
  }

  #boot(self: NodeId, disk: Host['disk'], boots: number): ControllerState {
    const boot = boots === 1 ? `boot-${self}` : `boot-${self}${boots}`;
    const kind = self === w ? 'witness' : 'data';
    const restored = { hardState: disk.hardState, snapshot: disk.snapshot, entries: [...disk.entries] };
    return createController({ ...this.#config, ...this.programs.get(self), self, kind, boot }, restored, this.nowMs, WALL).state;
  }

  get wallMs(): number {
    return WALL + this.nowMs;
  }
  state(node: NodeId): ControllerState {
    return this.#hosts.get(node)!.state;
  }
  role(node: NodeId): string {
    return this.state(node).decision.role;
  }
  serves(node: NodeId): boolean {
    const { record } = this.state(node);
    return record.owner === node && record.phase === 'serving' && this.role(node).startsWith('MASTER');
  }
  powerOff(node: NodeId): void {
    const host = this.#hosts.get(node)!;
    host.up = false;
    host.due.length = 0;
  }
  /** While its power is off: somebody puts another database in the place of its own. */
  replaceData(node: NodeId, systemId: string): void {
    this.#hosts.get(node)!.facts = { kind: 'stopped', state: 'clean-primary', timeline: 1, walEnd: lsn(1_000), systemId };
  }
  /** While its power is off: its data directory is emptied. */
  loseData(node: NodeId): void {
    this.#hosts.get(node)!.facts = { kind: 'empty' };
  }
  /** With what its disks hold; PostgreSQL is down, as a crash left it. */
  powerOn(node: NodeId): void {
    const host = this.#hosts.get(node)!;
    if (host.up) return;
    const { facts } = host;
    const { timeline, walEnd, systemId } =
      'walEnd' in facts && 'systemId' in facts ? facts : { timeline: 1, walEnd: lsn(0), systemId: '7' };
    if (facts.kind === 'primary' || facts.kind === 'standby')
      host.facts = {
        kind: 'stopped',
        state: facts.kind === 'primary' ? 'crashed-primary' : 'standby',
        timeline,
        walEnd,
        systemId,
      };
    host.up = true;
    host.boots += 1;
    host.state = this.#boot(node, host.disk, host.boots);
    this.#look(node);
  }

  /** @throws Error — it did not come true in that time. @returns how long it took, ms. */
  until(what: string, holds: () => boolean, withinMs = 30_000): number {
    const sinceMs = this.nowMs;
    while (!holds()) {
      if (this.nowMs - sinceMs >= withinMs) throw new Error(`not within ${withinMs} ms: ${what}; ${this.#roles()}`);
      this.#advance();
    }
    return this.nowMs - sinceMs;
  }
  pass(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) this.#advance();
  }
  push(node: NodeId, input: (nowMs: number) => ControllerInput): void {
    this.#step(node, input(this.nowMs));
  }
  /** @returns the answer, as the operator sees it. */
  ask(node: NodeId, request: OperatorRequest): { readonly ok: boolean; readonly message: string } {
    const id = `ask${(this.#asked += 1)}`;
    this.push(node, (nowMs) => ({ kind: 'operator', id, request, nowMs }));
    this.until(`an answer to ${request.kind}`, () => this.answers.has(id), 5_000);
    return this.answers.get(id)!;
  }

  #roles(): string {
    return this.#nodes.map((node) => `${node} ${this.role(node)} (${this.state(node).decision.why})`).join(', ');
  }

  #advance(): void {
    this.nowMs += STEP_MS;
    for (const node of this.#nodes) {
      const host = this.#hosts.get(node)!;
      if (!host.up) continue;
      for (const { run } of take(host.due, ({ atMs }) => atMs <= this.nowMs)) run();
      const { nowMs } = this;
      if (node !== w && nowMs % PROBE_MS === 0) this.#look(node);
      if (nowMs % TICK_MS === 0) this.#step(node, { kind: 'tick', nowMs, wallMs: this.wallMs, random: 0.5 });
    }
    for (let rounds = 0; this.#mail.length > 0 && rounds < 50; rounds += 1)
      for (const { from, to, input } of this.#mail.splice(0))
        if (this.#hosts.get(to)!.up && this.#hosts.get(from)!.up && !this.cut) this.#step(to, input(this.nowMs));
  }

  #step(node: NodeId, input: ControllerInput): void {
    for (const effect of stepController(this.state(node), input)) this.#perform(node, effect);
  }

  #perform(node: NodeId, effect: ControllerEffect): void {
    switch (effect.kind) {
      case 'send': {
        const { to, message } = effect;
        this.#mail.push({ from: node, to, input: (nowMs) => ({ kind: 'message', from: node, message, nowMs, random: 0.5 }) });
        break;
      }
      case 'answer':
        this.answers.set(effect.id, effect);
        break;
      case 'notice': {
        const { mode, epoch } = effect.notice;
        if (this.silent.has(node)) break;
        const report = {
          process: 'manager' as const,
          pid: this.#managers.get(node) ?? 1,
          mode,
          epoch,
          ready: true,
          vipBound: false,
        };
        const run = (): void => this.#step(node, { kind: 'manager', report, nowMs: this.nowMs });
        if (node !== w) this.#hosts.get(node)!.due.push({ atMs: this.nowMs + ACT_MS, run });
        break;
      }
      case 'persist': {
        const { disk } = this.#hosts.get(node)!;
        if (effect.hardState !== undefined) disk.hardState = effect.hardState;
        if (effect.truncateFrom !== undefined) disk.entries = disk.entries.filter(({ index }) => index < effect.truncateFrom!);
        if (effect.append !== undefined) disk.entries.push(...effect.append);
        if (effect.snapshot !== undefined) disk.snapshot = effect.snapshot;
        if (effect.dropThrough !== undefined) disk.entries = disk.entries.filter(({ index }) => index > effect.dropThrough!);
        break;
      }
      case 'act': {
        const { resource, action } = effect;
        if (resource === 'hook' && this.hungHooks.has(node)) break;
        const host = this.#hosts.get(node)!;
        const run = (): void => {
          const result = this.#obey(node, action);
          this.#step(node, { kind: 'done', resource, action, result, nowMs: this.nowMs });
          this.#look(node);
        };
        host.due.push({ atMs: this.nowMs + (resource === 'fence' ? FENCE_MS : ACT_MS), run });
        break;
      }
      default:
        break;
    }
  }

  #look(node: NodeId): void {
    this.#step(node, { kind: 'facts', facts: this.#seen(node), nowMs: this.nowMs });
  }

  #server(node: NodeId): PostgresFacts | null {
    const host = this.#hosts.get(node);
    return host?.up === true ? host.facts : null;
  }

  #seen(node: NodeId): PostgresFacts {
    const { facts } = this.#hosts.get(node)!;
    const other = node === a ? b : a;
    const peer = this.#server(other);
    if (facts.kind === 'standby' && facts.receiver !== 'cut') {
      const streams = facts.follows === other && peer?.kind === 'primary';
      if (!streams) return { ...facts, receiver: 'connecting' };
      return { ...facts, receiver: 'streaming', timeline: peer.timeline, walEnd: peer.walEnd, replayLsn: peer.walEnd };
    }
    if (facts.kind !== 'primary') return facts;
    const streams = peer?.kind === 'standby' && peer.follows === node && peer.receiver !== 'cut';
    const sync = facts.names?.includes(other) === true;
    return { ...facts, peers: streams ? [{ node: other, streaming: true, sync, flushLsn: facts.walEnd }] : [] };
  }

  #obey(node: NodeId, action: Action): ActionResult {
    const host = this.#hosts.get(node)!;
    const seen = this.#seen(node);
    const timeline = 'timeline' in seen ? seen.timeline : 1;
    const walEnd = 'walEnd' in seen ? seen.walEnd : lsn(1_000);
    const known = { timeline, walEnd, systemId: '7' };
    const follows = (peer: NodeId | null): PostgresFacts => ({
      ...known,
      kind: 'standby',
      replayLsn: walEnd,
      receiver: peer === null ? 'cut' : 'connecting',
      follows: peer,
    });
    const opens = (
      at: number,
      names: readonly NodeId[],
      forks: Extract<PostgresFacts, { kind: 'primary' }>['forks'],
    ): PostgresFacts => ({
      ...known,
      kind: 'primary',
      timeline: at,
      names,
      peers: [],
      forks,
      syncWaiters: 0,
    });
    switch (action.kind) {
      case 'pg.initialise':
        host.facts = { ...known, kind: 'stopped', state: 'clean-primary' };
        break;
      case 'pg.startStandby':
      case 'pg.follow':
        host.facts = follows(action.follow);
        break;
      case 'pg.startPrimary':
        host.facts = opens(timeline, action.names, []);
        break;
      case 'pg.promote': {
        const next = Math.max(timeline, action.above) + 1;
        host.facts = opens(next, action.names, [{ timeline: next, forkLsn: walEnd }]);
        break;
      }
      case 'pg.setNames':
        if (host.facts.kind === 'primary') host.facts = { ...host.facts, names: action.names };
        break;
      case 'pg.stop':
        host.facts = {
          ...known,
          kind: 'stopped',
          state: host.facts.kind !== 'primary' ? 'standby' : action.mode === 'kill' ? 'crashed-primary' : 'clean-primary',
        };
        break;
      case 'pg.baseBackup':
      case 'pg.rewind': {
        const source = this.#server(action.source);
        const at = source !== null && 'timeline' in source ? source.timeline : 1;
        host.facts = { ...known, kind: 'stopped', state: 'standby', timeline: at };
        break;
      }
      case 'fence.off':
      case 'fence.on':
        return this.#power(node, action);
      case 'manager.restart':
        this.restarts.push({ node, atMs: this.nowMs });
        if (!this.incurable.has(node)) this.silent.delete(node);
        this.showManager(node);
        break;
      default:
        break;
    }
    return { ok: true, lsn: walEnd };
  }

  #power(by: NodeId, action: Extract<Action, { kind: 'fence.off' | 'fence.on' }>): ActionResult {
    const wanted = action.kind === 'fence.off' ? 'off' : 'on';
    this.orders.push({ by, target: action.target, wanted, atMs: this.nowMs });
    if (this.broken.has(action.target)) return { ok: false, code: 'FENCE_UNKNOWN', message: 'no answer in time' };
    if (wanted === 'off') this.powerOff(action.target);
    else this.powerOn(action.target);
    return { ok: true, method: 'fence_spec', evidence: `read back ${wanted}` };
  }

  /** The controller is told of a new process of the manager, as by the dead man. */
  showManager(node: NodeId): void {
    const pid = (this.#managers.get(node) ?? 1) + 1;
    this.#managers.set(node, pid);
    this.#step(node, { kind: 'host', host: { ...this.state(node).host, processes: [{ name: 'manager', pid }] } });
  }

  /** From the first start of two empty hosts. */
  begin(): void {
    this.until('a Master in sync', () => this.role(a) === 'MASTER_SYNC' && this.role(b) === 'STANDBY_SYNC', 60_000);
    this.pass(1_000);
  }
}

function take<T>(from: T[], which: (item: T) => boolean): T[] {
  const taken = from.filter(which);
  from.splice(0, from.length, ...from.filter((item) => !which(item)));
  return taken;
}

export const leaves = (nowMs: number): ControllerInput => ({ kind: 'leave', nowMs });
