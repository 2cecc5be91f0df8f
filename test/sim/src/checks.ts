import { type Entry, isLeader, type LogIndex } from '@yosugara/consensus';
import { type Action, applyCommand, type ClusterRecord, type Command, EMPTY_RECORD } from '@yosugara/failover';
import type { NodeId } from '@yosugara/kernel';
import type { ControllerEffect, PeerMessage } from '@yosugara/runtime';
import type { HostModel } from './host-model.js';

export interface Violation {
  readonly invariant: string;
  readonly says: string;
  readonly atMs: number;
}

/** S1–S7 and S12 of failover.md 2.7, from outside: nothing here trusts what a controller believes. */
export class Checks {
  readonly violations: Violation[] = [];
  readonly #hosts: () => readonly HostModel[];
  readonly #now: () => number;
  readonly #leaders = new Map<number, NodeId>();
  readonly #votes = new Map<string, NodeId>();
  readonly #committed: Entry[] = [];
  readonly #epochs = new Map<string, number>();
  readonly #owners = new Map<number, string>();
  /** The record as committed, folded from the entries themselves. */
  record: ClusterRecord = EMPTY_RECORD;
  lastAcknowledgedMs = Number.NEGATIVE_INFINITY;
  #stepped = true;
  readonly acknowledged: { commit: number; node: NodeId; epoch: number; atMs: number }[] = [];
  #ackEpoch = 0;
  #forced = false;

  constructor(hosts: () => readonly HostModel[], now: () => number) {
    this.#hosts = hosts;
    this.#now = now;
  }

  fail(invariant: string, says: string): void {
    if (this.violations.length < 20) this.violations.push({ invariant, says, atMs: this.#now() });
  }

  /** Raft, after each step of a controller. */
  afterStep(host: HostModel, effects: readonly ControllerEffect[]): void {
    const state = host.state;
    if (state === null) return;
    this.#stepped = true;
    // The decider must never want what its own linter forbids: the linter is the second pair of eyes, not the first.
    for (const effect of effects)
      if (effect.kind === 'log' && effect.event === 'failover.refused')
        this.fail('LINT', `${host.node} wanted ${effect.fields.action}: ${effect.fields.objection}`);
    const { raft } = state;
    if (isLeader(raft)) {
      const known = this.#leaders.get(raft.term);
      if (known === undefined) this.#leaders.set(raft.term, host.node);
      else if (known !== host.node) this.fail('S12', `two leaders in term ${raft.term}: ${known} and ${host.node}`);
    }
    this.#leases(host);
    this.#applied(host.node, raft.entries, raft.commit, raft.baseIndex);
    const key = `${host.node}${host.boots}`;
    const before = this.#epochs.get(key) ?? 0;
    if (state.record.epoch < before) this.fail('S2', `${host.node} went back from epoch ${before} to ${state.record.epoch}`);
    this.#epochs.set(key, state.record.epoch);
  }

  #applied(node: NodeId, entries: readonly Entry[], commit: LogIndex, base: LogIndex): void {
    for (let index = Math.max(this.#committed.length, base) + 1; index <= commit; index += 1) {
      const entry = entries[index - base - 1];
      if (entry === undefined || index !== this.#committed.length + 1) return;
      this.#committed.push(entry);
      if (entry.payload.kind === 'command') this.#fold(entry.payload.command as Command);
    }
    const last = this.#committed[commit - 1];
    const own = entries[commit - base - 1];
    if (
      last !== undefined &&
      own !== undefined &&
      (last.term !== own.term || JSON.stringify(last.payload) !== JSON.stringify(own.payload))
    )
      this.fail(
        'S12',
        `${node} committed another entry ${commit}: ${JSON.stringify(own.payload)} instead of ${JSON.stringify(last.payload)}`,
      );
  }

  #fold(command: Command): void {
    const before = this.record;
    this.record = applyCommand(before, command).record;
    if (this.record !== before) this.#changed(before, command);
    if (command.kind === 'forceClaim') this.#forced = true;
    if (this.record.epoch !== before.epoch) {
      const owner = `${this.record.owner} ${this.record.ownerBoot}`;
      const known = this.#owners.get(this.record.epoch);
      if (known !== undefined && known !== owner) this.fail('S2', `epoch ${this.record.epoch} has two owners`);
      this.#owners.set(this.record.epoch, owner);
    }
    if (this.record.phase === 'serving' && before.phase !== 'serving') this.#nothingLost('opened');
  }

  /** What must be true outside at the moment a change is committed. */
  #changed(before: ClusterRecord, command: Command): void {
    const { record } = this;
    for (const node of record.syncSet)
      if (!before.syncSet.includes(node) && before.syncSet.length > 0 && command.kind === 'join')
        this.#holdsAll(node, 'joined the sync set');
    if (command.kind === 'proveStopped' && command.proof.kind === 'P1' && command.proof.of !== null) {
      const old = this.#host(command.proof.of);
      if (old.node !== record.owner && (old.postgres.writable || old.postgres.becomesPrimary))
        this.fail('S6', `P1 was committed for ${old.node}, whose PostgreSQL is writable: ${command.proof.evidence}`);
    }
    if (command.kind === 'release' && command.walEnd !== null) {
      const heirs = record.syncSet.filter((node) => node !== command.by).map((node) => this.#host(node).postgres);
      if (!heirs.some((heir) => heir.wal.length >= command.walEnd!))
        this.fail('T4', `${command.by} released at ${command.walEnd}, which nobody else in the sync set holds`);
    }
  }

  /** Nobody may say what a power cut could take back (thesis 3.8), nor that it has stopped while something here writes. */
  said(host: HostModel, to: NodeId, message: PeerMessage): void {
    const { disk } = host;
    if (message.k === 'report') {
      const { stopped } = message.r;
      const { record } = this;
      const ofOwner =
        stopped !== null && record.owner === host.node && record.epoch === stopped.epoch && record.ownerBoot === stopped.boot;
      if (ofOwner && (host.postgres.writable || host.postgres.becomesPrimary))
        this.fail('S6', `${host.node} says that it has stopped, and its PostgreSQL is ${host.postgres.process}`);
      return;
    }
    if (message.k !== 'raft') return;
    const { m } = message;
    if (m.kind === 'voteReply' && m.granted && (disk.hardState.term !== m.term || disk.hardState.votedFor !== to))
      this.fail('S12', `${host.node} tells ${to} of a vote in term ${m.term} that is not on its disk`);
    const last = disk.entries.at(-1)?.index ?? disk.snapshot?.index ?? 0;
    if (m.kind === 'appendReply' && m.success && m.matchIndex > Math.max(last, disk.snapshot?.index ?? 0))
      this.fail('S12', `${host.node} acknowledges entry ${m.matchIndex} to ${to}, but its disk ends at ${last}`);
  }

  /** At most one leader may believe in its lease, less the time that stopping takes: everything else stands on this. */
  #leases(host: HostModel): void {
    if (!host.leases()) return;
    for (const other of this.#hosts())
      if (other !== host && other.leases()) this.fail('S1', `${host.node} and ${other.node} both hold a lease`);
  }

  persisted(host: HostModel): void {
    const { term, votedFor } = host.disk.hardState;
    if (votedFor === null) return;
    const key = `${host.node} ${term}`;
    const known = this.#votes.get(key);
    if (known !== undefined && known !== votedFor)
      this.fail('S12', `${host.node} voted for ${known} and ${votedFor} in term ${term}`);
    this.#votes.set(key, votedFor);
  }

  /** S3 at the time of the answer, and S1 in the sense of ruling 4: no answer of an older epoch after one of a newer. */
  commitAcknowledged(node: NodeId, commit: number, end: number): void {
    const { record } = this;
    const host = this.#host(node);
    const epoch = host.state?.record.owner === node ? host.state.record.epoch : this.#lastEpochOf(node);
    if (epoch < this.#ackEpoch)
      this.fail('S1', `${node} acknowledged a commit in epoch ${epoch} after one of epoch ${this.#ackEpoch}`);
    this.#ackEpoch = Math.max(this.#ackEpoch, epoch);
    this.lastAcknowledgedMs = this.#now();
    this.acknowledged.push({ commit, node, epoch, atMs: this.#now() });
    for (const member of record.syncSet) {
      const server = this.#host(member).postgres;
      if (server.wal[end - 1] !== commit || server.flushed < end)
        this.fail('S3', `commit ${commit} of ${node} was acknowledged but ${member} of the sync set does not hold it`);
    }
  }

  #lastEpochOf(node: NodeId): number {
    let last = 0;
    for (const [epoch, owner] of this.#owners) if (owner.startsWith(`${node} `)) last = Math.max(last, epoch);
    return last;
  }

  /** Whoever opens now must hold every commit that was ever acknowledged. */
  #nothingLost(when: string): void {
    const owner = this.record.owner;
    if (owner !== null) this.#holdsAll(owner, when);
  }

  #holdsAll(owner: NodeId, when: string): void {
    if (this.#forced) return;
    const held = new Set(this.#host(owner).postgres.wal);
    const lost = this.acknowledged.filter((ack) => !held.has(ack.commit));
    if (lost.length > 0)
      this.fail(
        'S3',
        `${when}: ${owner} lacks ${lost.length} acknowledged commits, the first ${lost[0]!.commit} of ${lost[0]!.node} in epoch ${lost[0]!.epoch}`,
      );
  }

  /** S6, S7: at the very moment PostgreSQL becomes writable. */
  beforeWritable(host: HostModel, action: Action): void {
    const { record } = this;
    if (record.owner !== host.node)
      this.fail('S7', `${action.kind} on ${host.node} while the committed owner is ${record.owner}`);
    if (record.phase !== 'promoting' && record.phase !== 'serving')
      this.fail('S7', `${action.kind} on ${host.node} in phase ${record.phase}`);
    for (const other of this.#hosts()) {
      if (other === host || !other.postgres.writable) continue;
      const walled = other.postgres.names.includes(host.node) && host.postgres.receiverCut;
      if (!walled) this.fail('S6', `${host.node} becomes writable while ${other.node} is, and no sync wall stands between them`);
    }
  }

  /** After every event: S1 (who would answer 200), S4, S5, S9. */
  always(): void {
    const hosts = this.#hosts();
    let serving: HostModel | null = null;
    let vip: HostModel | null = null;
    for (const host of hosts) {
      if (host.kind !== 'data') continue;
      // Serving begins with a step (or a thaw) and ends by itself: between steps nothing can begin.
      if (this.#stepped && host.serves()) {
        if (serving !== null) this.fail('S1', `${serving.node} and ${host.node} both answer 200`);
        serving = host;
        const { record } = host.state!;
        if (record.epoch === this.record.epoch && this.record.ownerBoot !== host.state!.config.boot)
          this.fail('S2', `${host.node} serves epoch ${record.epoch} of ${this.record.ownerBoot} in another life`);
      }
      if (host.postgres.writable && !host.armed)
        this.fail('S1', `PostgreSQL of ${host.node} is writable and no dead man is armed for it`);
      if (host.holdsVip()) {
        if (vip !== null) this.fail('S9', `${vip.node} and ${host.node} both hold the VIP`);
        vip = host;
      }
    }
    this.#stepped = false;
    this.#names();
  }

  #names(): void {
    const { record } = this;
    if (record.owner === null || (record.phase !== 'serving' && record.phase !== 'promoting')) return;
    const server = this.#host(record.owner).postgres;
    if (!server.writable) return;
    for (const member of record.syncSet)
      if (member !== record.owner && !server.names.includes(member))
        this.fail('S4', `${member} is in the committed sync set but ${record.owner} does not wait for it`);
  }

  atEnd(): void {
    this.#nothingLost('at the end');
  }

  #host(node: NodeId): HostModel {
    return this.#hosts().find((host) => host.node === node)!;
  }
}
