import type { NodeId } from '@yosugara/kernel';
import {
  amnesiacs,
  createRaft,
  isLeader,
  leaderReady,
  leaseUntilMs,
  type Member,
  membersOf,
  type RaftEffect,
  type RaftInput,
  type RaftMessage,
  type RaftState,
  type RaftTimings,
  type Restored,
  step,
  termOf,
} from '../index.js';
import { lastIndex, termAt } from '../log.js';
import { Queue, seeded } from './tools.js';

export const TIMINGS: RaftTimings = {
  heartbeatMs: 250,
  leaseOwnMs: 2_000,
  leaseVoteMs: 2_100,
  candidateDelayMaxMs: 300,
  witnessDelayMs: 4_200,
  transferTimeoutMs: 2_100,
};

export interface Disk {
  hardState: Restored['hardState'];
  snapshot: Restored['snapshot'];
  entries: Restored['entries'][number][];
  incarnation: string;
  boots: number;
  written: number;
}

type Signed = Pick<Extract<RaftInput, { kind: 'message' }>, 'message' | 'incarnation' | 'disk'>;

export interface Node {
  readonly id: NodeId;
  readonly offsetMs: number;
  readonly rate: number;
  disk: Disk;
  /** null = crashed. */
  state: RaftState | null;
  life: number;
  frozen: boolean;
  inbox: { from: NodeId; signed: Signed }[];
  applied: number;
  /** Real time until which somebody may act on a lease this node was given, even if it crashed or stepped down since. */
  heldUntil: number;
  wasLeader: boolean;
  /** Times its disk was set back: what it promised before is forgotten, and forgivable. */
  setBacks: number;
}

type Event = { node: Node; life: number } | { node: Node; from: NodeId; signed: Signed } | { run: () => void };

export interface Faults {
  loss: number;
  duplicate: number;
  slow: number;
  crashInPersist: number;
}

/** Nodes with clocks and disks of their own, a bad network, and somebody who checks every step. Throws at the first violation. */
export class World {
  readonly random: () => number;
  readonly nodes: Node[];
  readonly faults: Faults = { loss: 0, duplicate: 0, slow: 0, crashInPersist: 0 };
  readonly cut = new Set<string>();
  wiped = 0;
  /** Members that lost their log and are not back yet; whether they voted. */
  readonly lost = new Map<NodeId, boolean>();
  /** By index; [0] is unused. */
  readonly committed: string[] = [''];
  /** The term of whoever applied it first: leaders of later terms must have it, one of an earlier term that wins late need not. */
  readonly #committedIn: number[] = [0];
  now = 0;
  steps = 0;
  leaders = new Map<number, NodeId>();
  #births = 0;
  #votes = new Map<string, NodeId>();
  #queue = new Queue<Event>();
  readonly #members: readonly Member[];

  constructor(seed: number, members: readonly Member[]) {
    this.random = seeded(seed);
    this.#members = members;
    this.nodes = members.map((member) => ({
      id: member.id,
      offsetMs: this.random() * 1e6,
      rate: 0.99 + this.random() * 0.02,
      disk: {
        hardState: { term: 0, votedFor: null },
        snapshot: null,
        entries: [],
        incarnation: `${member.id}0`,
        boots: 0,
        written: 0,
      },
      state: null,
      life: 0,
      frozen: false,
      inbox: [],
      applied: 0,
      heldUntil: Number.NEGATIVE_INFINITY,
      wasLeader: false,
      setBacks: 0,
    }));
    for (const node of this.nodes) this.start(node);
  }

  node(id: NodeId): Node {
    return this.nodes.find((node) => node.id === id)!;
  }

  leader(): Node | undefined {
    return this.nodes.find((node) => node.state !== null && leaderReady(node.state));
  }

  localMs(node: Node): number {
    return node.offsetMs + node.rate * this.now;
  }

  after(ms: number, run: () => void): void {
    this.#queue.push(this.now + ms, { run });
  }

  runUntil(end: number, done: () => boolean = () => false): void {
    while (this.#queue.nextAt() <= end && !done()) {
      this.now = Math.max(this.now, this.#queue.nextAt());
      const event = this.#queue.pop();
      if ('run' in event) event.run();
      else if ('signed' in event) this.#deliver(event.node, event.from, event.signed);
      else this.#tick(event.node, event.life);
    }
  }

  start(node: Node): void {
    if (node.state !== null) return;
    const { disk } = node;
    disk.boots += 1;
    const config = { self: node.id, members: this.#members, timings: TIMINGS };
    const { state, effects } = createRaft(config, { ...disk, entries: [...disk.entries] }, this.localMs(node));
    node.state = state;
    node.life += 1;
    node.applied = 0;
    node.wasLeader = false;
    this.#obey(node, effects);
    this.#queue.push(this.now + this.random() * 50, { node, life: node.life });
  }

  crash(node: Node): void {
    node.state = null;
    node.frozen = false;
    node.inbox = [];
  }

  freeze(node: Node, ms: number): void {
    node.frozen = true;
    const { life } = node;
    this.after(ms, () => this.thaw(node, life));
  }

  /** What came in the meantime arrives in one burst, before the first tick. */
  thaw(node: Node, life = node.life): void {
    if (!node.frozen || node.life !== life) return;
    node.frozen = false;
    for (const { from, signed } of node.inbox.splice(0)) this.#deliver(node, from, signed);
  }

  input(node: Node, input: RaftInput): void {
    if (node.state === null || node.frozen) return;
    this.steps += 1;
    const { state, effects } = step(node.state, input);
    const persist = effects[0]?.kind === 'persist' ? effects[0] : null;
    if (persist !== null) {
      const torn = this.random() < this.faults.crashInPersist;
      write(node.disk, persist, torn ? this.random() : 1);
      if (torn) {
        this.crash(node);
        return;
      }
    }
    this.#obey(node, effects);
    this.#checkLeader(node, state);
  }

  #tick(node: Node, life: number): void {
    if (node.life !== life || node.state === null) return;
    this.#queue.push(this.now + 50, { node, life });
    this.input(node, { kind: 'tick', nowMs: this.localMs(node), random: this.random() });
  }

  /** The directory is emptied while nothing runs on it. */
  wipe(node: Node): void {
    this.crash(node);
    const incarnation = this.#birth(node);
    node.disk = { hardState: { term: 0, votedFor: null }, snapshot: null, entries: [], incarnation, boots: 0, written: 0 };
  }

  /** A leader told it that it was set back: it goes on as a new member. */
  renew(node: Node): void {
    node.disk.incarnation = this.#birth(node);
    this.input(node, { kind: 'renewed', incarnation: node.disk.incarnation });
  }

  #birth(node: Node): string {
    this.#births += 1;
    return `${node.id}${this.#births}`;
  }

  /** What reports carry beside consensus' own messages. */
  report(node: Node): void {
    if (node.state === null || node.frozen) return;
    const heard = { kind: 'heard', from: node.id, ...this.#sign(node), forgot: amnesiacs(node.state) } as const;
    for (const other of this.nodes) {
      if (other === node || this.cut.has(node.id + other.id) || this.random() < this.faults.loss) continue;
      this.after(1 + this.random() * 15, () => this.input(other, { ...heard, nowMs: this.localMs(other) }));
    }
  }

  #sign(node: Node): Required<Omit<Signed, 'message'>> {
    const { incarnation, boots, written } = node.state!;
    return { incarnation: incarnation!, disk: { life: `${node.id} ${node.life}`, boots, written } };
  }

  #deliver(node: Node, from: NodeId, signed: Signed): void {
    if (node.frozen) node.inbox.push({ from, signed });
    else this.input(node, { kind: 'message', from, ...signed, nowMs: this.localMs(node), random: this.random() });
  }

  #obey(node: Node, effects: readonly RaftEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'send') this.#send(node, effect.to, effect.message);
      else if (effect.kind === 'apply') this.#apply(node, effect.entry.index, identity(effect.entry));
      else if (effect.kind === 'restore') {
        check(effect.snapshot.state === this.committed[effect.snapshot.index], 'a snapshot holds another history');
        node.applied = effect.snapshot.index;
      } else if (effect.kind === 'note') check(effect.event !== 'impossibleMatch', 'a follower matches beyond the log');
    }
  }

  #apply(node: Node, index: number, entry: string): void {
    check(index === node.applied + 1, `${node.id} applied ${index} after ${node.applied}`);
    node.applied = index;
    const known = (this.committed[index] ??= entry);
    this.#committedIn[index] ??= node.state?.term ?? 0;
    check(known === entry, `${node.id} applied ${entry} at ${index}, another node ${known}`);
  }

  #send(node: Node, to: NodeId, message: RaftMessage): void {
    if (message.kind === 'vote') this.#vote(node, message.term, node.id);
    if (message.kind === 'voteReply' && message.granted) this.#vote(node, message.term, to);
    // The contract of a transfer: whoever hands over owns nothing any more.
    if (message.kind === 'timeoutNow') node.heldUntil = Number.NEGATIVE_INFINITY;
    const target = this.nodes.find((other) => other.id === to);
    if (target === undefined || this.cut.has(node.id + to) || this.random() < this.faults.loss) return;
    const signed = { message, ...this.#sign(node) };
    const copies = this.random() < this.faults.duplicate ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const delay = 1 + this.random() * (this.random() < this.faults.slow ? 4_000 : 15);
      this.#queue.push(this.now + delay, { node: target, from: node.id, signed });
    }
  }

  #vote(node: Node, term: number, candidate: NodeId): void {
    const voter = `${node.disk.incarnation} ${node.setBacks}`;
    const key = `${voter} ${term}`;
    const before = this.#votes.get(key) ?? candidate;
    check(before === candidate, `${voter} voted for ${before} and ${candidate} in term ${term}`);
    this.#votes.set(key, candidate);
  }

  #checkLeader(node: Node, state: RaftState): void {
    const leads = isLeader(state);
    if (leads && !node.wasLeader) this.#checkNewLeader(node, state);
    node.wasLeader = leads;
    if (!leads) return;
    const until = (leaseUntilMs(state) - node.offsetMs) / node.rate;
    if (until <= this.now) return;
    for (const other of this.nodes)
      check(other === node || other.heldUntil <= this.now, `${node.id} and ${other.id} hold a lease at ${this.now}`);
    node.heldUntil = Math.max(node.heldUntil, until);
  }

  #checkNewLeader(node: Node, state: RaftState): void {
    const known = this.leaders.get(termOf(state)) ?? node.id;
    check(known === node.id, `${known} and ${node.id} lead term ${termOf(state)}`);
    this.leaders.set(termOf(state), node.id);
    const votes = membersOf(state).some((member) => member.id === node.id && member.voter);
    check(votes || state.membersIndex > state.commit, `the learner ${node.id} leads: ${this.summary()}`);
    for (let index = state.baseIndex + 1; index < this.committed.length; index += 1)
      check(
        this.#committedIn[index]! >= termOf(state) || this.committed[index]!.startsWith(`${termAt(state, index)} `),
        `${node.id} leads without entry ${index}`,
      );
  }

  summary(): string {
    const line = ({ id, state, applied }: Node): string => {
      if (state === null) return `${id} is down`;
      const members = state.members.map((member) => member.id + (member.voter ? '' : '?')).join('');
      return `${id} ${state.role} term ${state.term} of {${members}} last ${lastIndex(state)} commit ${state.commit} applied ${applied}`;
    };
    return this.nodes.map(line).join('; ');
  }

  /** Log matching: where two logs agree in one entry's term, they agree in everything before it. */
  checkLogs(): void {
    const states = this.nodes.flatMap((node) => (node.state === null ? [] : [node.state]));
    for (const one of states)
      for (const other of states) {
        let same = false;
        const from = Math.max(one.baseIndex, other.baseIndex);
        for (let index = Math.min(lastIndex(one), lastIndex(other)); index > from; index -= 1) {
          const [left, right] = [one.entries[index - one.baseIndex - 1]!, other.entries[index - other.baseIndex - 1]!];
          same ||= left.term === right.term;
          check(!same || identity(left) === identity(right), `logs of ${one.self} and ${other.self} differ at ${index}`);
        }
      }
  }
}

const identity = (entry: Restored['entries'][number]): string => `${entry.term} ${JSON.stringify(entry.payload)}`;

function check(holds: boolean, says: string): asserts holds {
  if (!holds) throw new Error(`violated: ${says}`);
}

/** In the order hard state, truncation, entries one by one, snapshot; `share` < 1: power went off on the way. */
function write(disk: Disk, persist: Extract<RaftEffect, { kind: 'persist' }>, share: number): void {
  const work: (() => void)[] = [];
  disk.written += 1;
  const { hardState, truncateFrom, append, snapshot, dropThrough, anew } = persist;
  if (hardState) work.push(() => (disk.hardState = hardState));
  if (truncateFrom !== undefined) work.push(() => (disk.entries = disk.entries.filter((entry) => entry.index < truncateFrom)));
  for (const entry of append ?? []) work.push(() => disk.entries.push(entry));
  if (snapshot) work.push(() => (disk.snapshot = snapshot));
  if (dropThrough !== undefined) work.push(() => (disk.entries = disk.entries.filter((entry) => entry.index > dropThrough)));
  // The term and the vote, then all of the other log at once.
  if (anew) work.push(atOnce(work.splice(hardState ? 1 : 0)));
  for (const part of share < 1 ? work.slice(0, Math.floor(work.length * share)) : work) part();
}

const atOnce = (parts: readonly (() => void)[]) => () => {
  for (const part of parts) part();
};
