import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Restored, Snapshot } from '@yosugara/consensus';
import { invariant, type Log, SILENT_LOG } from '@yosugara/kernel';
import { lockDirectory } from './dir-lock.js';
import { type JournalFs, NODE_FS } from './fs-port.js';
import { freeName, newBranchDisk, readRaftDisk } from './raft-disk.js';
import { readIdentity, readSealed, writeSealed } from './raft-files.js';

/*
 * A consensus directory that begins another log of the cluster's (docs/decisions/0014-another-site.md). What is to be done, and why, lies
 * durable in `<dir>.branch/plan.json` before anything changes. The new directory is made whole beside the old one; then the old one
 * is renamed away and the new one to its place. Whoever finds the plan goes on with it, so that after a crash at any moment a start
 * runs on the whole old log (no plan yet) or on the whole new one, never on something between.
 */

/** Plain JSON; what else it holds belongs to whoever made it. */
export interface BranchPlan {
  /** Random: no other log was ever called so. */
  readonly branch: string;
}

const PLAN = 'plan.json';
const placeOf = (dir: string): string => `${dir}.branch`;

/** From when it resolves the next start carries it out. */
export async function planBranch(dir: string, plan: BranchPlan, fs: JournalFs = NODE_FS): Promise<void> {
  const place = placeOf(dir);
  await fs.makeDir(place);
  await fs.syncDir(dirname(dir));
  await writeSealed(fs, place, PLAN, plan);
}

/** It cannot be carried out: kept for whoever looks, and tried no more. @returns where it is. */
export async function refuseBranch(dir: string, fs: JournalFs = NODE_FS): Promise<string> {
  return await putAway(dir, 'refused', fs);
}

/** What the new log begins with: what the old one held and the incarnation of the new directory are given. null: with nothing. */
export type Beginning = (held: Restored, incarnation: string) => Snapshot;

/**
 * To be called at each start before the directory is opened. `begin` tells what a plan's log begins with; null: it begins blank,
 * and the old one is not even read.
 *
 * @returns what was carried out; null: nothing was planned.
 * @throws JournalCorruptError — the old log cannot be read. JournalLockedError — another controller is at it.
 */
export async function carryOutBranch<P extends BranchPlan>(
  dir: string,
  begin: (plan: P) => Beginning | null,
  log: Log = SILENT_LOG,
  fs: JournalFs = NODE_FS,
): Promise<P | null> {
  const place = placeOf(dir);
  if ((await fs.readAll(join(place, PLAN))) === null) return null;
  const lock = await lockDirectory(place);
  try {
    const plan = (await readSealed(fs, place, PLAN)) as P | null;
    if (plan === null) return null;
    const next = join(place, 'next');
    const held = await branchOf(fs, dir);
    if (held !== plan.branch) {
      // The old directory is renamed away only when the new one is whole.
      if (held !== null || (await fs.list(next)).length === 0) await makeNext(dir, next, plan.branch, begin(plan), log, fs);
      await swap(dir, next, fs);
    }
    const done = await putAway(dir, 'done', fs);
    log.warn('raft.branched', { branch: plan.branch, plan: done });
    return plan;
  } finally {
    await lock.release();
  }
}

/** '' is the first log; null: there is no directory. */
async function branchOf(fs: JournalFs, dir: string): Promise<string | null> {
  if ((await fs.list(dir)).length === 0) return null;
  return (await readIdentity(fs, dir).catch(() => null))?.branch ?? '';
}

async function makeNext(
  dir: string,
  next: string,
  branch: string,
  beginning: Beginning | null,
  log: Log,
  fs: JournalFs,
): Promise<void> {
  const held = beginning === null ? null : await readRaftDisk(dir, log, fs);
  await rm(next, { recursive: true, force: true });
  const disk = await newBranchDisk(next, branch, log, fs);
  try {
    const { incarnation } = await disk.load();
    if (held === null || beginning === null) return;
    invariant(incarnation !== undefined, 'a new consensus directory has an incarnation');
    const snapshot = beginning(held, incarnation);
    // The term goes on: entries of the old log keep theirs. The vote was another log's.
    const term = Math.max(held.hardState.term, snapshot.term);
    await disk.persist({ kind: 'persist', hardState: { term, votedFor: null }, snapshot, dropThrough: snapshot.index });
  } finally {
    await disk.close();
    await fs.syncDir(next);
  }
}

async function swap(dir: string, next: string, fs: JournalFs): Promise<void> {
  if ((await fs.list(dir)).length > 0) {
    await fs.rename(dir, await freeName(dir, 'before'));
    await fs.syncDir(dirname(dir));
  }
  await fs.rename(next, dir);
  await fs.syncDir(dirname(dir));
  await fs.syncDir(dirname(next));
}

async function putAway(dir: string, how: string, fs: JournalFs): Promise<string> {
  const place = placeOf(dir);
  const away = await freeName(join(place, PLAN), how);
  await fs.rename(join(place, PLAN), away);
  await fs.syncDir(place);
  return away;
}
