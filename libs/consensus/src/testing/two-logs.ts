import { invariant, type NodeId, nodeId } from '@yosugara/kernel';
import { createRaft, type RaftState } from '../state.js';
import { step } from '../step.js';
import type { Entry, LogIndex, Member, RaftEffect, RaftInput, RaftMessage, Restored, Term } from '../types.js';
import { Queue, seeded } from './tools.js';
import { TIMINGS } from './world.js';

/*
 * Two logs, each committed in its own way, that meet (decision 0058): two nodes, and sometimes one in another site that followed either.
 * Words only; who cuts whose power is the business of the simulator. Messages are lost, doubled, late and out of order, nodes end and start
 * again, logs are compacted. At the end all must hold the log of one leader.
 */

const TICK_MS = 50;
const [a, b, d] = [nodeId('a'), nodeId('b'), nodeId('d')];

interface Node {
  readonly id: NodeId;
  disk: { -readonly [K in keyof Restored]: Restored[K] } & { entries: Entry[] };
  state: RaftState | null;
  readonly notes: string[];
}
type Flight = {
  readonly to: Node;
  readonly from: NodeId;
  readonly message: RaftMessage;
  readonly of: RaftState;
  readonly life: string;
};

export interface Line {
  /** Of 1. */
  loss: number;
  doubled: number;
  /** Up to 1.5 s on the way. */
  late: number;
}

const end = (s: RaftState): LogIndex => s.baseIndex + s.entries.length;
const termOf = (s: RaftState, index: LogIndex): Term | undefined =>
  index === s.baseIndex ? s.baseTerm : s.entries[index - s.baseIndex - 1]?.term;

export class TwoLogs {
  readonly random: () => number;
  readonly line: Line = { loss: 0, doubled: 0, late: 0 };
  readonly nodes: readonly Node[];
  #nowMs = 0;
  #sent = 0;
  readonly #queue = new Queue<Flight>();
  readonly #cut = new Set<string>();

  /** `members` of the log that all had; `forked`: `a` has gone on alone from there, by a proof. */
  constructor(seed: number, isAfar: boolean, common: number, isForked: boolean) {
    this.random = seeded(seed);
    const copy: readonly Member[] = isAfar ? [{ id: d, kind: 'data', voter: false }] : [];
    const both: readonly Member[] = [{ id: a, kind: 'data', voter: true }, { id: b, kind: 'data', voter: true }, ...copy];
    const log = [entry(1, { kind: 'members', members: both }), ...Array.from({ length: common }, (_, at) => said(at + 2, at))];
    const alone = both.map((member) => (member.id === b ? { ...member, voter: false } : member));
    const fork = isForked ? [...log, entry(common + 2, { kind: 'members', members: alone })] : log;
    this.nodes = [a, b, ...(isAfar ? [d] : [])].map((id) => ({
      id,
      state: null,
      notes: [],
      disk: {
        hardState: { term: 1, votedFor: a },
        snapshot: null,
        entries: id === a ? [...fork] : [...log],
        boots: 0,
        written: 0,
      },
    }));
    this.members = both;
    for (const node of this.nodes) this.start(node);
  }

  readonly members: readonly Member[];

  node(id: 'a' | 'b' | 'd'): Node | undefined {
    return this.nodes.find((node) => node.id === id);
  }

  start(node: Node): void {
    node.disk.boots = (node.disk.boots ?? 0) + 1;
    node.disk.incarnation ??= `${node.id}1`;
    const config = { self: node.id, members: this.members, timings: TIMINGS };
    node.state = createRaft(config, { ...node.disk, entries: [...node.disk.entries] }, this.#nowMs).state;
  }

  stop(node: Node): void {
    node.state = null;
  }

  cut(one: string, other: string): void {
    this.#cut.add(`${one}${other}`).add(`${other}${one}`);
  }

  heal(): void {
    this.#cut.clear();
  }

  word(node: Node, member: 'a' | 'b'): void {
    this.#input(node, { kind: 'memberGone', member: nodeId(member), word: 7, nowMs: this.#nowMs });
  }

  propose(node: Node, times: number): void {
    for (let at = 0; at < times; at += 1)
      this.#input(node, { kind: 'propose', requestId: `${at}`, command: `${node.id}${this.random()}`, nowMs: this.#nowMs });
  }

  compact(node: Node, trailing: number): void {
    const { state } = node;
    if (state === null || state.commit <= (state.snapshot?.index ?? 0)) return;
    const of = termOf(state, state.commit);
    this.#input(node, { kind: 'compact', index: state.commit, state: { of }, trailing });
  }

  run(ms: number): void {
    const untilMs = this.#nowMs + ms;
    while (this.#nowMs < untilMs) {
      const tickMs = (Math.floor(this.#nowMs / TICK_MS) + 1) * TICK_MS;
      while (this.#queue.nextAt() <= Math.min(tickMs, untilMs)) this.#deliver();
      this.#nowMs = Math.min(tickMs, untilMs);
      if (this.#nowMs === tickMs)
        for (const node of this.nodes) this.#input(node, { kind: 'tick', nowMs: this.#nowMs, random: this.random() });
    }
  }

  /** Why not all hold one log now. */
  faults(): readonly string[] {
    const leaders = this.nodes.filter(({ state }) => state?.lead != null);
    const [leader] = leaders;
    if (leader?.state == null || leaders.length > 1) return [`leaders: ${leaders.map(({ id }) => id).join(' ')}`];
    const theirs = leader.state;
    return this.nodes.flatMap(({ id, state, notes }) => {
      if (state === null) return [`${id} is down`];
      const found = notes.filter((event) => event === 'memberForgot').map(() => `${id} takes another one for set back`);
      if (end(state) !== end(theirs) || state.commit !== theirs.commit) found.push(`${id} is behind`);
      for (let at = Math.max(state.baseIndex, theirs.baseIndex) + 1; at <= Math.min(end(state), end(theirs)); at += 1)
        if (JSON.stringify(state.entries[at - state.baseIndex - 1]) !== JSON.stringify(theirs.entries[at - theirs.baseIndex - 1]))
          return [...found, `${id} holds another entry ${at}`];
      const { snapshot } = state;
      if (snapshot !== null && snapshot.index > theirs.baseIndex && termOf(theirs, snapshot.index) !== snapshot.term)
        found.push(`${id} goes on from a snapshot of another log`);
      return found;
    });
  }

  /** Messages since the last call. */
  sent(): number {
    const count = this.#sent;
    this.#sent = 0;
    return count;
  }

  #deliver(): void {
    const { at, item } = { at: this.#queue.nextAt(), item: this.#queue.pop() };
    this.#nowMs = Math.max(this.#nowMs, at);
    const { from, message, of, life } = item;
    const disk = { life, boots: of.boots, written: of.written };
    const heard = { kind: 'message' as const, from, message, nowMs: this.#nowMs, random: this.random(), disk };
    this.#input(item.to, of.incarnation === null ? heard : { ...heard, incarnation: of.incarnation });
  }

  #input(node: Node, input: RaftInput): void {
    if (node.state === null) return;
    const { effects } = step(node.state, input);
    for (const effect of effects) this.#obey(node, node.state, effect);
  }

  #obey(node: Node, of: RaftState, effect: RaftEffect): void {
    if (effect.kind === 'persist') write(node.disk, effect);
    if (effect.kind === 'note') node.notes.push(effect.event);
    if (effect.kind !== 'send') return;
    const { to, message } = effect;
    const target = this.nodes.find(({ id }) => id === to);
    invariant(target !== undefined, `${to} is no member`);
    for (let copy = this.random() < this.line.doubled ? 2 : 1; copy > 0; copy -= 1) {
      if (this.#cut.has(`${node.id}${to}`) || this.random() < this.line.loss) continue;
      const delayMs = 1 + this.random() * (this.random() < this.line.late ? 1_500 : 5);
      this.#sent += 1;
      const flight = {
        to: target,
        from: node.id,
        message: structuredClone(message),
        of: { ...of },
        life: `${node.id}${of.boots}`,
      };
      this.#queue.push(this.#nowMs + delayMs, flight);
    }
  }
}

const entry = (index: LogIndex, payload: Entry['payload']): Entry => ({ index, term: 1, payload });
const said = (index: LogIndex, command: number): Entry => entry(index, { kind: 'command', command });

function write(
  disk: Node['disk'],
  { hardState, truncateFrom, append, snapshot, dropThrough }: Extract<RaftEffect, { kind: 'persist' }>,
): void {
  disk.written = (disk.written ?? 0) + 1;
  if (hardState !== undefined) disk.hardState = hardState;
  if (truncateFrom !== undefined) disk.entries = disk.entries.filter(({ index }) => index < truncateFrom);
  if (append !== undefined) disk.entries.push(...append);
  if (snapshot !== undefined) disk.snapshot = snapshot;
  if (dropThrough !== undefined) disk.entries = disk.entries.filter(({ index }) => index > dropThrough);
}
