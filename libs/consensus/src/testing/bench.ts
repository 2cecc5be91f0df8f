import { type NodeId, nodeId } from '@yosugara/kernel';
import {
  createRaft,
  type Entry,
  type Member,
  type RaftEffect,
  type RaftInput,
  type RaftMessage,
  type RaftState,
  type Restored,
  step,
} from '../index.js';
import { TIMINGS } from './world.js';

export const [a, b, w, d] = [nodeId('a'), nodeId('b'), nodeId('w'), nodeId('d')];
export const data = (id: NodeId): Member => ({ id, kind: 'data', voter: true });
export const learner = (id: NodeId): Member => ({ id, kind: 'data', voter: false });
export const witness: Member = { id: w, kind: 'witness', voter: true };
export const THREE: readonly Member[] = [data(a), data(b), witness];

export const command = (index: number, term: number): Entry => ({ index, term, payload: { kind: 'command', command: index } });
export const members = (index: number, term: number, list: readonly Member[]): Entry => ({
  index,
  term,
  payload: { kind: 'members', members: list },
});
export const EMPTY: Restored = { hardState: { term: 0, votedFor: null }, snapshot: null, entries: [] };

type Of<K extends string, T> = Extract<T, { kind: K }>;

/** One node under the test's hands; time stands still unless the test moves it. Starts at 0. */
export class Bench {
  readonly state: RaftState;
  readonly first: readonly RaftEffect[];
  nowMs = 0;

  constructor(options: { self?: NodeId; members?: readonly Member[]; restored?: Partial<Restored> } = {}) {
    const config = { self: options.self ?? a, members: options.members ?? THREE, timings: TIMINGS };
    const { state, effects } = createRaft(config, { ...EMPTY, ...options.restored }, 0);
    this.state = state;
    this.first = effects;
  }

  /** Past the wait after a start. */
  booted(): this {
    this.nowMs = TIMINGS.leaseVoteMs;
    return this;
  }

  do(input: RaftInput): RaftEffect[] {
    return step(this.state, input).effects;
  }

  tick(afterMs = 0, random = 0): RaftEffect[] {
    this.nowMs += afterMs;
    return this.do({ kind: 'tick', nowMs: this.nowMs, random });
  }

  hear(from: NodeId, message: RaftMessage): RaftEffect[] {
    return this.do({ kind: 'message', from, message, nowMs: this.nowMs, random: 0.5 });
  }

  append(from: NodeId, over: Partial<Of<'append', RaftMessage>> = {}): RaftEffect[] {
    return this.hear(from, { kind: 'append', term: 1, prevIndex: 0, prevTerm: 0, entries: [], commit: 0, nonce: 1, ...over });
  }

  /** The answer of `from` to the leader's latest round. */
  echo(from: NodeId, over: Partial<Of<'appendReply', RaftMessage>> = {}): RaftEffect[] {
    const nonce = this.state.lead?.nonce ?? 0;
    return this.hear(from, { kind: 'appendReply', term: this.state.term, success: true, matchIndex: 0, nonce, ...over });
  }

  /** Leader of the next term with the votes of `voters`; its first entry is not committed yet. */
  elected(...voters: NodeId[]): this {
    if (this.nowMs < TIMINGS.leaseVoteMs) this.booted();
    this.tick();
    for (const voter of voters) this.hear(voter, { kind: 'preVoteReply', term: 0, granted: true, forTerm: this.state.term + 1 });
    for (const voter of voters) this.hear(voter, { kind: 'voteReply', term: this.state.term, granted: true });
    return this;
  }

  propose(value: unknown = 'x'): RaftEffect[] {
    return this.do({ kind: 'propose', requestId: 'r', command: value, nowMs: this.nowMs });
  }

  change(list: readonly Member[]): RaftEffect[] {
    return this.do({ kind: 'changeMembers', requestId: 'm', members: list, nowMs: this.nowMs });
  }
}

export const ofKind = <K extends RaftEffect['kind']>(effects: readonly RaftEffect[], kind: K): Of<K, RaftEffect>[] =>
  effects.filter((effect): effect is Of<K, RaftEffect> => effect.kind === kind);

export const sent = <K extends RaftMessage['kind']>(
  effects: readonly RaftEffect[],
  kind: K,
): (Of<K, RaftMessage> & { to: NodeId })[] =>
  ofKind(effects, 'send').flatMap(({ to, message }) =>
    message.kind === kind ? [{ ...(message as Of<K, RaftMessage>), to }] : [],
  );
