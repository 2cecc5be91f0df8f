import { commitIndex, type Entry, leaderOf, type Snapshot } from '@yosugara/consensus';
import { type Action, applyCommand, type ClusterRecord, type Command, EMPTY_RECORD, hasDiverged } from '@yosugara/failover';
import { lsn, type NodeId } from '@yosugara/kernel';
import type { ControllerEffect, PeerMessage } from '@yosugara/runtime';
import { DrChecks, HEARD_MS } from './checks-dr.js';
import { ExtraChecks } from './checks-extras.js';
import type { HostModel } from './host-model.js';
import { RaftChecks } from './raft-checks.js';

export interface Violation {
  readonly invariant: string;
  readonly says: string;
  readonly atMs: number;
}

interface Acknowledged {
  readonly commit: number;
  readonly node: NodeId;
  readonly epoch: number;
}

/** What an operator's audited wrong word may break (F16); of two nodes it even makes two leaders. */
const EXCUSED = ['S1', 'S2', 'S3', 'S4', 'S6', 'S7', 'S8', 'S9', 'S10', 'S12', 'S13', 'T4', 'L1', 'L2', 'L3'];

const SEEN_MS = 3_500;
/** A woken machine ends by itself within this: a tick of its controller, the dead man’s kill. */
const DOUBTS_WITHIN_MS = 500;

/** S1–S13 of failover.md 2.7, from outside: nothing here trusts what a controller believes. */
export class Checks {
  readonly violations: Violation[] = [];
  readonly raft: RaftChecks;
  readonly extras: ExtraChecks;
  /** null: there is no other site. */
  dr: DrChecks | null = null;
  /** Of logs that were begun for another site. */
  readonly #branches = new Map<string, RaftChecks>();
  #branch = '';
  readonly #hosts: () => readonly HostModel[];
  readonly #now: () => number;
  readonly #known = new Map<NodeId, number>();
  readonly #owners = new Map<number, string>();
  readonly #lives = new Map<number, string>();
  /** The record as committed, folded from the entries themselves. */
  record: ClusterRecord = EMPTY_RECORD;
  lastAcknowledgedMs = Number.NEGATIVE_INFINITY;
  acknowledged: Acknowledged[] = [];
  epochChanges: number[] = [];
  fences = 0;
  lastFenceMs = Number.NEGATIVE_INFINITY;
  excused = false;
  /** The one that was called off was on: it may shoot whoever believed the word before it knows of anything newer (seed 33932). */
  #wrongWord = false;
  /** A power device lied past its read-back (F4): then the node that lives on cannot know of the newer epoch, and may shoot its owner. */
  liedTo = false;
  /** What they hold an operator's forced promotion gave up: they come back when somebody says so, and not before. */
  readonly #givenUp = new Set<NodeId>();
  /** The newest epoch that an operator forced: its owner may go past a fork, for what was forked off is given up. */
  #forcedEpoch = 0;
  /** Whose data directory was taken away: what a copy of theirs was worth is gone, by no fault of the cluster. */
  readonly emptied = new Set<NodeId>();
  #stepped = true;
  /** Ruling 4: the newest epoch in which a commit, a 200 or a side effect was accepted. */
  #accepted = 0;
  readonly #executed = new Map<number, string>();

  constructor(hosts: () => readonly HostModel[], now: () => number) {
    this.#hosts = hosts;
    this.#now = now;
    this.extras = new ExtraChecks((invariant, says) => this.fail(invariant, says), now);
    this.raft = new RaftChecks(
      hosts,
      (invariant, says) => this.fail(invariant, says),
      (entry) => this.#fold(entry, ''),
    );
  }

  /** The cluster goes on with another log: from here on the record is that of the newest one. */
  branchBegan(branch: string, begins: Snapshot): void {
    this.#branch = branch;
    // Whoever is on meanwhile does not know yet: the word was wrong (F16), if only by a moment.
    for (const host of this.#hosts())
      if (host.kind === 'data' && host.powered && host.disk.branch !== branch) this.excused = true;
    const fail = (invariant: string, says: string): void => this.fail(invariant, says);
    this.#branches.set(branch, new RaftChecks(this.#hosts, fail, (entry) => this.#fold(entry, branch), begins));
    this.record = { ...EMPTY_RECORD, ...(begins.state as ClusterRecord) };
    this.dr?.changed(this.record);
  }
  #raftOf(branch: string): RaftChecks {
    return branch === '' ? this.raft : (this.#branches.get(branch) ?? this.raft);
  }

  fail(invariant: string, says: string): void {
    if (this.excused && EXCUSED.includes(invariant)) return;
    if ((this.liedTo || this.#wrongWord) && invariant === 'S11') return;
    if (this.violations.length < 20) this.violations.push({ invariant, says, atMs: this.#now() });
  }

  afterStep(host: HostModel, effects: readonly ControllerEffect[]): void {
    const { state } = host;
    if (state === null) return;
    this.#stepped = true;
    // The decider must never want what its own linter forbids: the linter is the second pair of eyes, not the first.
    for (const effect of effects)
      if (effect.kind === 'log' && effect.event === 'failover.refused')
        this.fail('LINT', `${host.node} wanted ${effect.fields.action}: ${effect.fields.objection}`);
    this.#leases(host);
    this.#raftOf(state.branch).afterStep(host);
    const { epoch } = state.record;
    const { judged } = host;
    const before = judged.epoch;
    if (epoch === before) return;
    if (epoch < before) this.fail('S2', `${host.node} went back from epoch ${before} to ${epoch}`);
    judged.epoch = epoch;
    this.#noteKnown(host);
  }

  /** A voter of one applies in the step in which it claims: nobody knows of it before it is on its disk, a crash forgets it (seed 1148). */
  #noteKnown({ node, state, disk }: HostModel): void {
    if (state === null || disk.lastIndex < commitIndex(state.raft)) return;
    if (state.record.epoch > (this.#known.get(node) ?? 0)) this.#known.set(node, state.record.epoch);
  }

  /** In whatever log, and whatever was said by whom: receivers and agents know an epoch by its number only. */
  #oneOwner({ epoch, owner, ownerBoot }: ClusterRecord): void {
    const life = `${owner} ${ownerBoot}`;
    const known = this.#lives.get(epoch);
    if (known === undefined) this.#lives.set(epoch, life);
    else if (known !== life) this.fail('EPOCH', `epoch ${epoch} is that of ${known} and of ${life}`);
  }

  /**
   * One log, one leader, one record, a while after the last fault. A wrong word does not excuse it: two nodes that each went on alone
   * must find out once they meet (seed 56464).
   */
  agree(): void {
    const [leaders, records] = [new Map<string, string>(), new Map<string, string>()];
    for (const { node, state } of this.#hosts()) {
      const leader = state === null ? null : leaderOf(state.raft);
      if (state === null || leader === null) continue;
      this.#same(leaders, state.branch, node, leader);
      this.#same(records, `${state.branch} ${commitIndex(state.raft)}`, node, JSON.stringify(state.record));
    }
  }
  #same(held: Map<string, string>, at: string, node: NodeId, what: string): void {
    const known = held.get(at);
    if (known === undefined) held.set(at, what);
    else if (known !== what) this.fail('AGREE', `${node} holds ${what}, another one ${known}`);
  }

  persisted(host: HostModel): void {
    this.#raftOf(host.disk.branch).persisted(host);
    this.#noteKnown(host);
  }

  #fold(entry: Entry, branch: string): void {
    // What an older log goes on with counts for nothing.
    if (branch !== this.#branch) return;
    const command = (entry.payload as Extract<Entry['payload'], { kind: 'command' }>).command as Command;
    const before = this.record;
    this.record = applyCommand(before, command).record;
    const { record } = this;
    if (record === before) return;
    this.#changed(before, command);
    if (record.epoch !== before.epoch || record.owner !== before.owner || record.ownerBoot !== before.ownerBoot) {
      const owner = `${record.owner} ${record.ownerBoot}`;
      const known = this.#owners.get(record.epoch);
      if (known !== undefined && known !== owner) this.fail('S2', `epoch ${record.epoch} has two owners`);
      this.#owners.set(record.epoch, owner);
      this.epochChanges.push(this.#now());
      if (record.owner !== null && this.#host(record.owner).kind === 'witness')
        this.fail('S12', `the arbiter ${record.owner} owns epoch ${record.epoch}`);
    }
    if (record.phase === 'serving' && before.phase !== 'serving') this.#nothingLost('opened');
  }

  /** What must be true outside at the moment a change is committed. */
  #changed(before: ClusterRecord, command: Command): void {
    const { record } = this;
    this.extras.changed(before, record, command);
    this.dr?.changed(record);
    if (command.kind === 'forceClaim' || command.kind === 'confirmStopped') this.#forced(before, command);
    if (command.kind === 'claim' && command.ordered?.evidence != null) this.#believed(before);
    for (const node of record.syncSet)
      if (!before.syncSet.includes(node) && before.syncSet.length > 0 && command.kind === 'join')
        this.#holdsAll(node, 'joined the sync set');
    if (command.kind === 'recover') this.#givenUp.delete(command.node);
    if (command.kind === 'join') this.#asked(command.node, 'joined the sync set');
    if (command.kind === 'proveStopped' && command.proof.of !== null)
      this.#proof(command.proof.kind, command.proof.of, command.proof.evidence);
    if (command.kind === 'release' && command.walEnd !== null) {
      const heirs = record.syncSet.filter((node) => node !== command.by);
      // One whose data was taken away between its word and the commit held it, or nobody can say any more (seed 5120).
      if (!heirs.some((node) => this.#host(node).postgres.wal.length >= command.walEnd! || this.#isEmptied(node)))
        this.fail('T4', `${command.by} released at ${command.walEnd}, which nobody else in the sync set holds`);
    }
  }

  /** Somebody said that `node` is off. It is not: whatever follows from that is theirs. */
  saidOff(node: NodeId): void {
    if (this.#host(node).powered) this.#wronged();
    // Of two nodes the survivor goes on with the log that it has: what the other one committed alone is given up, too.
    if (!this.#hosts().some(({ kind }) => kind === 'witness')) this.excused = true;
  }

  /** An audited word: what it gives up is given up; if it was wrong, S1 is out of scope from here on (F16). */
  #forced(before: ClusterRecord, command: Extract<Command, { kind: 'forceClaim' | 'confirmStopped' }>): void {
    this.#believed(before);
    if (command.kind !== 'forceClaim') return;
    this.#forcedEpoch = this.record.epoch;
    // Another site's log began with that word, and forgot what was asked before: what is asked on it is asked behind it (seed 48851).
    const asked = before.away == null ? [] : before.recover.filter(({ state }) => state === 'open').map(({ node }) => node);
    for (const node of before.everSync) if (node !== command.by && !asked.includes(node)) this.#givenUp.add(node);
    this.#givenUp.delete(command.by);
    const held = new Set(this.#host(command.by).postgres.wal);
    this.acknowledged = this.acknowledged.filter((ack) => held.has(ack.commit));
  }

  /** The record rests on somebody's word that the old owner is off. */
  #believed(before: ClusterRecord): void {
    const old = this.record.previous?.node ?? before.owner;
    if (old !== null && old !== this.record.owner && this.#host(old).powered) this.#wronged();
  }

  #wronged(): void {
    this.excused = true;
    this.#wrongWord = true;
  }

  #asked(node: NodeId, what: string): void {
    if (this.#givenUp.has(node))
      this.fail('S10', `${node} ${what}: a forced promotion gave its data up, and nobody asked for \`recover\``);
  }

  /** S6: what a committed proof says must be true of the world. P4 promises that the lease is over, and the sync wall. */
  #proof(kind: string, of: NodeId, evidence: string): void {
    const old = this.#host(of);
    if (old.node === this.record.owner || kind === 'P5') return;
    // A machine that was paused doubts its lease at its next look at the clocks: until then only the wall stands, which needs none.
    const doubts = old.clock.paused || this.#now() - old.clock.wokeMs < DOUBTS_WITHIN_MS;
    if (kind === 'P4') {
      if (old.postgres.writable && old.leaseLeftMs > 0 && !doubts)
        this.fail('S6', `P4 was committed for ${of}, whose dead man lets it write for ${Math.round(old.leaseLeftMs)} ms more`);
      return;
    }
    // Its watchdog is paused, too: P3 is for real ones (seed 5341).
    if (kind === 'P3' && doubts) return;
    if (kind === 'P2' ? old.powered && old.postgres.writable : old.postgres.writable || old.postgres.becomesPrimary)
      this.fail('S6', `${kind} was committed for ${of}, whose PostgreSQL is writable: ${evidence}`);
  }

  said(host: HostModel, to: NodeId, message: PeerMessage): void {
    if (message.k === 'raft') return this.#raftOf(host.disk.branch).said(host, to, message);
    if (message.k !== 'report') return;
    const { stopped } = message.r;
    const { record } = this;
    if (stopped === null || record.owner !== host.node || record.epoch !== stopped.epoch || record.ownerBoot !== stopped.boot)
      return;
    if (host.postgres.writable || host.postgres.becomesPrimary)
      this.fail('S6', `${host.node} says that it has stopped, and its PostgreSQL is ${host.postgres.process}`);
  }

  /** At most one leader may believe in its lease, less the time that stopping takes: everything else stands on this. */
  #leases(host: HostModel): void {
    if (host.state!.raft.lead === null || !host.leases()) return;
    // Nobody acts by a lease of one log in another: what an older one may still do is T9’s (`late` in checks-dr.ts, seed 200073).
    for (const other of this.#hosts())
      if (other !== host && other.disk.branch === host.disk.branch && other.leases())
        this.fail('S1', `${host.node} and ${other.node} both hold a lease`);
  }

  #epochOf(host: HostModel): number {
    return host.state?.record.owner === host.node ? host.state.record.epoch : this.#lastEpochOf(host.node);
  }

  /** S1 as ruling 4 reads it: nothing of an older epoch is accepted after something of a newer one. */
  #accept(node: NodeId, epoch: number, what: string): void {
    if (epoch < this.#accepted) this.fail('S1', `${node} ${what} in epoch ${epoch} after epoch ${this.#accepted} had begun to`);
    this.#accepted = Math.max(this.#accepted, epoch);
  }

  /** S3 at the time of the answer. */
  commitAcknowledged(node: NodeId, commit: number, end: number, how: 'written' | 'visible'): void {
    const { record } = this;
    const epoch = this.#epochOf(this.#host(node));
    this.dr?.late(this.#host(node), 'acknowledges a commit');
    this.#accept(node, epoch, 'acknowledged a commit');
    this.lastAcknowledgedMs = this.#now();
    this.acknowledged.push({ commit, node, epoch });
    for (const member of record.syncSet) {
      const server = this.#host(member).postgres;
      if (this.emptied.has(member)) continue;
      if (server.wal[end - 1] !== commit || server.flushed < end)
        this.fail(
          how === 'visible' ? 'S8' : 'S3',
          `commit ${commit} of ${node} was acknowledged${how === 'visible' ? ' because it was visible after a restart' : ''} but ${member} of the sync set does not hold it`,
        );
    }
  }

  /** A load balancer was told 200. */
  answered200(host: HostModel): void {
    this.dr?.late(host, 'answers 200');
    this.#accept(host.node, this.#epochOf(host), 'answered 200');
    // That PostgreSQL died is seen within a look, that it hangs within three missed deadlines.
    const lateMs = this.#now() - Math.max(host.postgres.writableMs, host.thawedMs);
    if (lateMs > SEEN_MS)
      this.fail('S9', `${host.node} answered 200, and its PostgreSQL has not been writable for ${Math.round(lateMs)} ms`);
  }

  /** S13: an agent did it. */
  executed(node: NodeId, item: number, epoch: number): void {
    const before = this.#executed.get(item);
    if (before !== undefined)
      this.fail('S13', `item ${-item} was executed for ${before} and again for ${node} in epoch ${epoch}`);
    this.#executed.set(item, `${node} in epoch ${epoch}`);
    this.#accept(node, epoch, 'had a side effect accepted');
  }
  get sideEffects(): number {
    return this.#executed.size;
  }

  #lastEpochOf(node: NodeId): number {
    let last = 0;
    for (const [epoch, owner] of this.#owners) if (owner.startsWith(`${node} `)) last = Math.max(last, epoch);
    return last;
  }

  /** Its data was taken away, and nothing has come back yet. */
  #isEmptied(node: NodeId): boolean {
    return this.emptied.has(node) && !this.#host(node).postgres.exists;
  }

  /** Whoever opens now must hold every commit that was ever acknowledged. */
  #nothingLost(when: string): void {
    const { owner } = this.record;
    if (owner !== null) this.#holdsAll(owner, when);
  }

  #holdsAll(owner: NodeId, when: string, invariant = 'S3'): void {
    if (this.#isEmptied(owner)) return;
    const held = new Set(this.#host(owner).postgres.wal);
    let lost = 0;
    let first: Acknowledged | undefined;
    for (const ack of this.acknowledged)
      if (!held.has(ack.commit)) {
        lost += 1;
        first ??= ack;
      }
    if (first !== undefined)
      this.fail(
        invariant,
        `${when}: ${owner} lacks ${lost} acknowledged commits, the first ${first.commit} of ${first.node} in epoch ${first.epoch}`,
      );
  }

  /** It came back with the other site out of reach: only the operator who says so keeps it from serving (docs/dr.md; seeds 300177, 53). */
  beforeAddress(host: HostModel): void {
    // Or it hears of it while its promotion is under way (seed 1636); what it does later is `dr.late`'s to judge.
    const { branch, superseded, supersededMs } = host.disk;
    if (branch !== this.#branch && (superseded === null || this.#now() - supersededMs <= HEARD_MS)) this.excused = true;
  }

  /** S2, S6, S7, S10: at the very moment PostgreSQL becomes writable. */
  beforeWritable(host: HostModel, action: Action): void {
    const { record } = this;
    const { node, postgres } = host;
    this.dr?.late(host, 'opens');
    this.beforeAddress(host);
    if (host.state !== null) this.#oneOwner(host.state.record);
    if (record.owner !== node) this.fail('S7', `${action.kind} on ${node} while the committed owner is ${record.owner}`);
    if (record.phase !== 'promoting' && record.phase !== 'serving')
      this.fail('S7', `${action.kind} on ${node} in phase ${record.phase}`);
    if ((host.state?.record.epoch ?? 0) < (this.#known.get(node) ?? 0))
      this.fail(
        'S2',
        `${action.kind} on ${node} in epoch ${host.state?.record.epoch}, and it has known epoch ${this.#known.get(node)}`,
      );
    if (record.epoch !== this.#forcedEpoch && hasDiverged(record, postgres.timeline, lsn(postgres.wal.length)))
      this.fail('S10', `${action.kind} on ${node}, whose data went past the fork`);
    this.#holdsAll(node, action.kind, 'S10');
    for (const other of this.#hosts()) {
      if (other === host || !other.postgres.writable) continue;
      const walled = other.postgres.names.includes(node) && postgres.receiverCut;
      if (!walled) this.fail('S6', `${node} becomes writable while ${other.node} is, and no sync wall stands between them`);
    }
  }

  /** S5: the record says first that nobody else is needed, then the names do. */
  beforeNames(host: HostModel, names: readonly NodeId[]): void {
    const { record } = this;
    if (!host.postgres.writable || record.owner !== host.node) return;
    for (const member of record.syncSet)
      if (member !== host.node && !names.includes(member))
        this.fail('S5', `${host.node} stops waiting for ${member}, which is still in the committed sync set`);
  }

  /** S11. */
  beforeFence(host: HostModel, target: NodeId): void {
    const { record } = this;
    // What its log holds, committed or not, it knows of: with two voters nothing newer can be without it.
    const mine = this.#epochInLog(host);
    this.fences += 1;
    this.lastFenceMs = this.#now();
    if (target === host.node) this.fail('S11', `${host.node} fences itself`);
    if (record.maintenance.some(({ node }) => node === target) && host.state?.record.version === record.version)
      this.fail('S11', `${host.node} fences ${target}, which is in maintenance`);
    if (record.owner === target && record.epoch > mine)
      this.fail('S11', `${host.node} of epoch ${mine} fences ${target}, the owner of epoch ${record.epoch}`);
    if (
      host.state?.record.owner === target &&
      record.owner === target &&
      record.phase === 'serving' &&
      host.state.config.members.length > 2
    )
      this.fail('S11', `${host.node} fences ${target}, which owns the newest epoch, without having won one`);
    for (const other of this.#hosts())
      if (other !== host && other.fencing !== null && other.fencing === target && host.state!.config.members.length > 2)
        this.fail('S11', `${host.node} and ${other.node} both fence ${target}`);
  }

  #epochInLog(host: HostModel): number {
    let epoch: number = host.state?.record.epoch ?? 0;
    for (const { payload } of host.state?.raft.entries ?? [])
      if (payload.kind === 'command') {
        const command = payload.command as Command;
        if (command.kind === 'claim' || command.kind === 'forceClaim') epoch = Math.max(epoch, command.epoch);
      }
    return epoch;
  }

  /** S10, S14: data is replaced only where somebody else serves who has it all, and never the owner's. */
  beforeReplaced(host: HostModel, source: NodeId): void {
    const { record } = this;
    const { node } = host;
    if (record.owner === node && record.phase === 'serving' && host.state?.record.epoch === record.epoch)
      this.fail('S14', `the data of the owner ${node} are replaced`);
    this.#asked(node, 'has its data replaced');
    if (source === record.owner && record.phase === 'serving')
      this.#holdsAll(source, `the data of ${node} are replaced by those of ${source}`, 'S10');
  }

  /** After every event: S1 (who would answer 200), S4, S9. */
  always(): void {
    // Serving begins with a step (or a thaw) and ends by itself: between steps nothing can begin.
    if (this.#stepped) this.#serving();
    this.#stepped = false;
    let vip: HostModel | null = null;
    for (const host of this.#hosts()) {
      if (host.kind !== 'data') continue;
      if (host.postgres.writable && !host.armed)
        this.fail('S1', `PostgreSQL of ${host.node} is writable and no dead man is armed for it`);
      // What a dead controller leaves to the kernel until the lease ends nobody announces, and nothing behind it answers.
      if (!host.holdsVip() || host.state === null) continue;
      if (vip !== null) this.fail('S9', `${vip.node} and ${host.node} both hold the VIP`);
      vip = host;
    }
    this.#names();
  }

  #serving(): void {
    let one: HostModel | null = null;
    for (const host of this.#hosts()) {
      // A whole look costs much: with one candidate nobody can serve beside it.
      if (!host.mayServe()) continue;
      const { record, config } = host.state!;
      if (record.epoch === this.record.epoch && this.record.ownerBoot !== config.boot && host.serves())
        this.fail('S2', `${host.node} serves epoch ${record.epoch} of ${this.record.ownerBoot} in another life`);
      if (one?.serves() && host.serves()) this.fail('S1', `${one.node} and ${host.node} both answer 200`);
      one = host;
    }
  }

  #names(): void {
    const { record } = this;
    if (record.owner === null || (record.phase !== 'serving' && record.phase !== 'promoting') || record.syncSet.length < 2)
      return;
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
    for (const host of this.#hosts()) if (host.node === node) return host;
    throw new Error(`no host ${node}`);
  }
}
