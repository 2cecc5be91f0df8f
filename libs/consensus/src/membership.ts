import type { Step } from './context.js';
import { appendOwn } from './log.js';
import { advanceCommit, replicate, syncPeers } from './replication.js';
import type { Lead, RaftState } from './state.js';
import type { Member } from './types.js';

/** A learner this close to the commit index is made a voter without making commits wait for it (thesis §4.2.1). */
const CAUGHT_UP_ENTRIES = 64;

/**
 * Single-server changes (thesis §4.1): two configurations in a row always share a voter in any two majorities. Two incarnations of a
 * member are two servers: one may leave and the other come in as a learner in one entry. Naming one that was not named yet
 * changes nobody: it is the one whose answers have counted.
 */
export function changeMembers(c: Step, lead: Lead, requestId: string, members: readonly Member[]): void {
  const { s } = c;
  const why = whyNotChange(s, lead, members);
  if (why !== null) {
    c.effects.push({ kind: 'rejected', requestId, why });
    return;
  }
  // In force from now on, here and wherever it is appended.
  const entry = appendOwn(c, { kind: 'members', members: members.map(counted) });
  c.effects.push({ kind: 'accepted', requestId, index: entry.index, term: entry.term });
  syncPeers(s, lead);
  replicate(c, lead);
  advanceCommit(c, lead);
}

/** Whoever votes again is given up no more. */
function counted(member: Member): Member {
  if (!member.voter || member.givenUp === undefined) return member;
  const { givenUp: _, ...rest } = member;
  return rest;
}

function whyNotChange(s: RaftState, lead: Lead, members: readonly Member[]): string | null {
  // Without this a leader could count on a configuration that an earlier one had already left (the bug found in 2015, see §4.1).
  if (s.commit < lead.termStart) return 'no entry of this term is committed yet';
  if (s.membersIndex > s.commit) return 'another membership change is not committed yet';
  if (new Set(members.map((member) => member.id)).size !== members.length) return 'a member is named twice';
  if (!members.some((member) => member.voter && member.kind === 'data')) return 'no data node would vote';
  const changed = changedMembers(s.members, members);
  if (changed.length === 0) return 'nothing changes';
  if (changed.length > 1) return 'only one member may change at a time';
  const [one] = changed;
  const before = s.members.find((member) => member.id === one);
  const after = members.find((member) => member.id === one);
  if (!after?.voter) return null;
  const renamed = before?.incarnation !== undefined && before.incarnation !== after.incarnation;
  if (renamed) return `another incarnation of ${after.id} must begin as a learner`;
  if (before?.voter) return null;
  if (before === undefined) return 'a new voter starts as a learner';
  if (s.incarnation !== null && after.incarnation === undefined) return `${after.id} is not known by its incarnation yet`;
  const match = lead.peers[after.id]?.match ?? 0;
  const behind = s.commit - match;
  if (behind > CAUGHT_UP_ENTRIES) return `${after.id} is still ${behind} entries behind`;
  // Its own log may have gone on by itself, and from its vote on nobody tells it any more to take ours instead.
  return match < lead.termStart ? `${after.id} has not taken this log yet` : null;
}

function changedMembers(before: readonly Member[], after: readonly Member[]): string[] {
  const text = (members: readonly Member[]) =>
    new Map<string, string>(members.map((m) => [m.id, `${m.kind} ${m.voter} ${m.incarnation ?? ''}`]));
  const [old, next] = [text(before), text(after)];
  return [...new Set([...old.keys(), ...next.keys()])].filter((id) => old.get(id) !== next.get(id));
}
