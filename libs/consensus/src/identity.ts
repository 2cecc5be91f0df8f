import type { NodeId } from '@yosugara/kernel';
import { note, type Step } from './context.js';
import { hasForgotten, keyOf, wasSetBack } from './naming.js';
import { resign } from './roles.js';
import type { RaftState } from './state.js';
import type { DiskStamp, RaftInput, Stranger } from './types.js';

/*
 * Who speaks for a member (failover.md section 4, "never reuse a member id with an empty disk"). The configuration names the
 * incarnation of each member's log directory; another one has forgotten votes and entries, so nothing that it answers counts. What
 * it asks is judged as anybody's: the configuration here may be the older one, and a log that holds more than ours proves itself.
 */

/** An older life that is still heard this many promises after a newer one was: no late datagram, but a directory that was set back. */
const LATE_LEASES = 10;

/** May an answer of `from` count for anything? */
export function counts(s: RaftState, from: NodeId, incarnation: string | undefined): boolean {
  const member = s.members.find(({ id }) => id === from);
  if (member === undefined || wasSetBack(s, from, incarnation)) return false;
  if (member.incarnation !== undefined) return member.incarnation === incarnation;
  // Not named yet: whoever answered this leader first is the one that will be named.
  const peer = s.lead?.peers[from];
  if (peer === undefined || incarnation === undefined) return true;
  peer.incarnation ??= incarnation;
  return peer.incarnation === incarnation;
}

/** Its directory holds less than it said it did. Whatever it promised, voted or acknowledged may be forgotten. */
export function setBack(c: Step, member: NodeId, incarnation: string | undefined, why: string): void {
  const { s } = c;
  if (wasSetBack(s, member, incarnation)) return;
  note(c, 'memberForgot', { member, incarnation: incarnation ?? null, why });
  s.setBack[keyOf(member, incarnation)] = true;
  const peer = s.lead?.peers[member];
  if (peer === undefined) return;
  peer.match = 0;
  peer.echoed = 0;
}

/**
 * Remember how far a directory has come, in memory, and notice when it comes back with less.
 * @returns false for the words of an older life: late, or of a directory that was set back; they count for nothing either way.
 */
export function noteStamp(c: Step, from: NodeId, incarnation: string, disk: DiskStamp): boolean {
  const { s } = c;
  const key = keyOf(from, incarnation);
  const known = s.stamps[key];
  if (known === undefined || disk.boots > known.boots) {
    if (known !== undefined && disk.written < known.written)
      setBack(c, from, incarnation, `its log directory counts ${disk.written} writes where it had counted ${known.written}`);
    s.stamps[key] = { ...disk, heardMs: c.nowMs, lateSinceMs: null };
    noteHeardAs(c, from, incarnation);
    return true;
  }
  if (disk.life === known.life) {
    known.written = Math.max(known.written, disk.written);
    known.lateSinceMs = null;
    known.heardMs = c.nowMs;
    noteHeardAs(c, from, incarnation);
    return true;
  }
  if (disk.boots === known.boots)
    setBack(c, from, incarnation, `two lives of it count ${disk.boots} starts: its log directory was set back, or copied`);
  known.lateSinceMs ??= c.nowMs;
  if (c.nowMs - known.lateSinceMs > LATE_LEASES * s.timings.leaseVoteMs)
    setBack(c, from, incarnation, `it counts ${disk.boots} starts where it had counted ${known.boots}`);
  return false;
}

/** A late word of an incarnation that is gone must not stand for the one that lives: that one is heard all the time. */
function noteHeardAs(c: Step, from: NodeId, incarnation: string): void {
  const { s } = c;
  const current = s.heardAs[from];
  // Nearly always.
  if (current === incarnation) return;
  const lastMs = current === undefined ? undefined : s.stamps[keyOf(from, current)]?.heardMs;
  if (lastMs === undefined || c.nowMs - lastMs > s.timings.leaseVoteMs) s.heardAs[from] = incarnation;
}

/** @returns false: the message is dropped unread. */
export function isAudible(c: Step, input: Extract<RaftInput, { kind: 'message' }>): boolean {
  const { s } = c;
  const { from, incarnation, disk } = input;
  const before = s.absent?.member !== from || incarnation === undefined ? undefined : s.stamps[keyOf(from, incarnation)];
  if (incarnation !== undefined && disk === undefined) s.heardAs[from] = incarnation;
  if (incarnation !== undefined && disk !== undefined && !noteStamp(c, from, incarnation, disk)) return false;
  if (s.absent?.member !== from) return true;
  // Left over in the network from a host that is proven off; but a new life of it means that it is on again.
  const newLife = disk !== undefined && before !== undefined && disk.life !== before.life;
  if (!newLife && s.absent.word === null && c.nowMs < s.absent.untilMs) return false;
  s.absent = null;
  return true;
}

/** Our own directory goes on as another one: we are a new member that happens to hold a piece of log. */
export function onRenewed(c: Step, incarnation: string): void {
  if (c.s.lead !== null) resign(c, 'this member goes on as a new one');
  c.s.role = 'follower';
  c.s.incarnation = incarnation;
}

/** Nearly always there are none, and it is asked at every look. */
const NOBODY: readonly Stranger[] = [];

/** Members that are heard under another incarnation than the configuration names. */
export function strangersOf(s: RaftState): readonly Stranger[] {
  let found: Stranger[] | null = null;
  for (const { id, incarnation: named } of s.members) {
    if (id === s.self || named === undefined) continue;
    const heard = s.heardAs[id];
    if (heard !== undefined && heard !== named) (found ??= []).push({ member: id, incarnation: heard });
  }
  return found ?? NOBODY;
}

/** Members, under the incarnation that they still go by, whose directory is known to hold less than they acknowledged. */
export function amnesiacsOf(s: RaftState): readonly Stranger[] {
  if (!hasForgotten(s)) return NOBODY;
  const found: Stranger[] = [];
  for (const { id, incarnation: named } of s.members) {
    const incarnation = named ?? s.heardAs[id];
    if (wasSetBack(s, id, incarnation)) found.push({ member: id, incarnation: incarnation ?? '' });
  }
  return found;
}

/** Leader only: members that the configuration does not name yet, and what to name them. */
export function unnamedOf(s: RaftState): readonly Stranger[] {
  const { lead } = s;
  if (lead === null) return NOBODY;
  let found: Stranger[] | null = null;
  for (const { id, incarnation: named } of s.members) {
    if (named !== undefined) continue;
    const incarnation = id === s.self ? s.incarnation : lead.peers[id]?.incarnation;
    if (incarnation != null) (found ??= []).push({ member: id, incarnation });
  }
  return found ?? NOBODY;
}
