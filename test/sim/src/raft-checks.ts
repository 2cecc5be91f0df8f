import { type Entry, isLeader, type LogIndex, type Snapshot } from '@yosugara/consensus';
import type { NodeId } from '@yosugara/kernel';
import type { PeerMessage } from '@yosugara/runtime';
import type { HostModel } from './host-model.js';

type Fail = (invariant: string, says: string) => void;

/** S12, from outside: disks, votes, leaders and what each node calls committed. */
export class RaftChecks {
  readonly #fail: Fail;
  readonly #hosts: () => readonly HostModel[];
  readonly #folded: (entry: Entry) => void;
  readonly #leaders = new Map<number, NodeId>();
  readonly #votes = new Map<string, NodeId>();
  readonly #committed: Entry[] = [];
  /** In which term each of them was: an entry of an old term is committed by a later leader, with one of its own (Raft, figure 8). */
  readonly #committedIn: number[] = [];
  /** Entries that a voter of one has called committed: index → term. */
  readonly #alone = new Map<LogIndex, number>();

  constructor(hosts: () => readonly HostModel[], fail: Fail, folded: (entry: Entry) => void, begins: Snapshot | null = null) {
    this.#hosts = hosts;
    this.#fail = fail;
    this.#folded = folded;
    // Of a log that went on from another one: what lies before it was judged there.
    const before = { term: begins?.term ?? 0, payload: { kind: 'noop' } } as const;
    for (let index = 1; index <= (begins?.index ?? 0); index += 1) {
      this.#committed.push({ index, ...before });
      this.#committedIn.push(before.term);
    }
  }

  afterStep(host: HostModel): void {
    const { raft } = host.state!;
    // A voter of one, or one whose other was proven off, elects itself in the step in which it stands: it leads once its vote is on its disk, and
    // tells nobody before (seeds 201971, 63641).
    const unwritten = host.disk.hardState.term < raft.term;
    if (isLeader(raft) && !unwritten) {
      const known = this.#leaders.get(raft.term);
      if (known === undefined) {
        this.#leaders.set(raft.term, host.node);
        this.#complete(host, raft.term, raft.baseIndex, raft.entries);
      } else if (known !== host.node) this.#fail('S12', `two leaders in term ${raft.term}: ${known} and ${host.node}`);
      if (raft.selfKind !== null && !raft.members.some((member) => member.id === host.node && member.voter))
        this.#mayLeadOut(host);
    }
    this.#applied(host, raft.entries, raft.commit, raft.baseIndex);
  }

  /** A learner never leads; a voter that is being removed may, until that is committed. */
  #mayLeadOut(host: HostModel): void {
    const { raft } = host.state!;
    if (raft.membersIndex <= raft.commit && !raft.initialMembers.some((member) => member.id === host.node && member.voter))
      this.#fail('S12', `${host.node} leads as a learner`);
  }

  /**
   * Leader completeness: whatever was committed in an earlier term is in the log of every later leader. A paused candidate may count its
   * votes when a newer term has long begun: it leads an old one, where it can commit nothing.
   */
  #complete(host: HostModel, term: number, base: LogIndex, entries: readonly Entry[]): void {
    let last = this.#committed.length;
    while (last > 0 && this.#committedIn[last - 1]! >= term) last -= 1;
    if (last === 0 || last <= base) return;
    const own = entries[last - base - 1];
    const want = this.#committed[last - 1]!;
    if (own === undefined || own.term !== want.term)
      this.#fail('S12', `${host.node} leads without committed entry ${last} of term ${want.term}`);
  }

  #applied(host: HostModel, entries: readonly Entry[], commit: LogIndex, base: LogIndex): void {
    for (let index = Math.max(this.#committed.length, base) + 1; index <= commit; index += 1) {
      const entry = entries[index - base - 1];
      if (entry === undefined || index !== this.#committed.length + 1) return;
      // A voter of one commits in the same step that appends: it counts once it is on its disk, and nothing is done before.
      const { voters } = host.state!.raft;
      // Several configurations may have been appended in that step: what is counted by is the newest one up to the commit.
      if ([voters, votersAt(host, index), votersAt(host, commit)].some((those) => those.length === 1 && those[0] === host.node))
        this.#alone.set(index, entry.term);
      if (this.#alone.get(index) !== entry.term)
        this.#durable(host, entry, [voters, votersAt(host, index), votersAt(host, commit)]);
      else if (!host.disk.holds(index, entry.term)) return;
      this.#committed.push(entry);
      this.#committedIn.push(host.state!.raft.term);
      if (entry.payload.kind === 'command') this.#folded(entry);
    }
    if (host.judged.commit === commit) return;
    host.judged.commit = commit;
    const last = this.#committed[commit - 1];
    const own = entries[commit - base - 1];
    if (last === undefined || own === undefined || last === own) return;
    if (last.term !== own.term || JSON.stringify(last.payload) !== JSON.stringify(own.payload))
      this.#fail(
        'S12',
        `${host.node} committed another entry ${commit}: ${JSON.stringify(own.payload)} instead of ${JSON.stringify(last.payload)}`,
      );
  }

  /** The moment something counts as committed a majority of the voters holds it on disk, not only in memory. */
  #durable(host: HostModel, entry: Entry, configurations: readonly (readonly NodeId[])[]): void {
    const on = configurations.map((voters) => {
      let held = 0;
      for (const other of this.#hosts())
        if (voters.includes(other.node) && other.disk.hasHeld(entry.index, entry.term)) held += 1;
      return { held, of: voters.length };
    });
    // A change of the members may have been appended in that very step, behind what was counted with the ones before.
    if (on.some(({ held, of }) => held >= Math.floor(of / 2) + 1 || of === 1)) return;
    const { held, of } = on[0]!;
    this.#fail('S12', `${host.node} calls entry ${entry.index} of term ${entry.term} committed; it is on ${held} of ${of} disks`);
  }

  persisted(host: HostModel): void {
    const { term, votedFor } = host.disk.hardState;
    if (votedFor === null) return;
    // An emptied directory comes back as another voter (K6): what it was has lost its vote.
    const key = `${host.node} ${host.disk.incarnation} ${term}`;
    const known = this.#votes.get(key);
    if (known !== undefined && known !== votedFor)
      this.#fail('S12', `${host.node} voted for ${known} and ${votedFor} in term ${term}`);
    this.#votes.set(key, votedFor);
  }

  /** Nobody may say what a power cut could take back (thesis 3.8). */
  said(host: HostModel, to: NodeId, message: Extract<PeerMessage, { k: 'raft' }>): void {
    const { disk } = host;
    const { m } = message;
    if (m.kind === 'voteReply' && m.granted && (disk.hardState.term !== m.term || disk.hardState.votedFor !== to))
      this.#fail('S12', `${host.node} tells ${to} of a vote in term ${m.term} that is not on its disk`);
    if (m.kind !== 'appendReply' || !m.success) return;
    if (m.matchIndex > disk.lastIndex)
      this.#fail('S12', `${host.node} acknowledges entry ${m.matchIndex} to ${to}, but its disk ends at ${disk.lastIndex}`);
    else disk.acknowledge(m.matchIndex);
  }
}

/** The configuration as of an entry: another one that was appended behind it, in the same step even, came too late to count. */
function votersAt(host: HostModel, index: LogIndex): readonly NodeId[] {
  const { entries, baseIndex, snapshot, initialMembers } = host.state!.raft;
  for (let at = index - baseIndex - 1; at >= 0; at -= 1) {
    const payload = entries[at]?.payload;
    if (payload?.kind === 'members') return payload.members.filter(({ voter }) => voter).map(({ id }) => id);
  }
  return (snapshot?.members ?? initialMembers).filter(({ voter }) => voter).map(({ id }) => id);
}
