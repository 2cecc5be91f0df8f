import type { NodeId } from '@yosugara/kernel';
import { note, type Step, send } from './context.js';
import { commitThrough, lastIndex, replaceLog, termAt } from './log.js';
import { votesAlone } from './pair-facts.js';
import type { RaftState, Staged } from './state.js';
import type { Append, LogIndex, SnapshotMessage, Term } from './types.js';

/*
 * After an operator's wrong word there are two logs, each committed in its own way (pair.ts). Whoever gives up its own takes the other one as
 * a whole, since nobody can tell where they parted, and beside its own: that one stays in force until all of the other is here, and the two
 * change places in one write. A piece of it may end where this node was the only voter, and nothing may ever go on from there.
 */

/**
 * Is the leader's log another one than ours? It is for the only voter by its own log, whom the sender's configuration gave up; and for
 * one that follows without a vote and committed another entry where the leader has one, or more than it has: it followed the one that was
 * given up. Once that was seen in a term, it is so for all that comes in it.
 */
export function isAnother(s: RaftState, from: NodeId, message: Append | SnapshotMessage): boolean {
  if (s.staged !== null && isOf(s.staged, from, message.term)) return true;
  if (message.givenUp === true && votesAlone(s)) return true;
  if (s.voters.includes(s.self) || s.commit === 0) return false;
  if (message.another === true) return true;
  if (message.kind === 'snapshot') return differs(s, message.snapshot.index, message.snapshot.term);
  const { prevIndex, prevTerm, entries } = message;
  return differs(s, prevIndex, prevTerm) || entries.some(({ index, term }) => differs(s, index, term));
}

/** What is compacted away tells nothing. */
function differs(s: RaftState, index: LogIndex, term: Term): boolean {
  const known = index <= s.commit ? termAt(s, index) : undefined;
  return known !== undefined && known !== term;
}

const isOf = (staged: Staged, from: NodeId, term: Term): boolean => staged.from === from && staged.term === term;
const endOf = ({ snapshot, entries }: Staged): LogIndex => (snapshot?.index ?? 0) + entries.length;

/** A log only grows within one leader's term. */
function stagedOf(c: Step, from: NodeId, term: Term): Staged {
  const { s } = c;
  if (s.staged !== null && isOf(s.staged, from, term)) return s.staged;
  note(c, 'ownLogGivenUp', { from, term, commit: s.commit });
  s.staged = { from, term, snapshot: null, entries: [] };
  return s.staged;
}

export function stageEntries(c: Step, from: NodeId, message: Append): void {
  const staged = stagedOf(c, from, message.term);
  for (const entry of message.entries) if (entry.index === endOf(staged) + 1) staged.entries.push(entry);
  if (isWhole(staged, message.commit)) putInPlace(c, staged, message);
  else tellHowFar(c, from, staged, message.nonce);
}

/** How far its leader has committed comes with the entries. */
export function stageSnapshot(c: Step, from: NodeId, { snapshot, term, nonce }: SnapshotMessage): void {
  const staged = stagedOf(c, from, term);
  const next = endOf(staged) >= snapshot.index ? staged : { from, term, snapshot, entries: [] };
  c.s.staged = next;
  tellHowFar(c, from, next, nonce);
}

/** A leader that has just begun does not know yet what is committed: it does from its first own entry on (thesis §3.6.2). */
function isWhole({ snapshot, entries, term }: Staged, commit: LogIndex): boolean {
  const at = commit === snapshot?.index ? snapshot : entries[commit - (snapshot?.index ?? 0) - 1];
  return at?.term === term;
}

function putInPlace(c: Step, { from, snapshot, entries }: Staged, { commit, nonce }: Append): void {
  const { s } = c;
  s.staged = null;
  replaceLog(c, snapshot, entries);
  commitThrough(c, commit);
  send(c, from, { kind: 'appendReply', term: s.term, success: true, matchIndex: lastIndex(s), nonce });
}

function tellHowFar(c: Step, to: NodeId, staged: Staged, nonce: number): void {
  send(c, to, { kind: 'appendReply', term: c.s.term, success: false, matchIndex: endOf(staged), nonce, staged: true });
}
