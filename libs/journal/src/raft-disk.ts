import { randomBytes } from 'node:crypto';
import { readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Entry, HardState, RaftEffect, Restored, Snapshot } from '@yosugara/consensus';
import { InvariantError, invariant, type Log, SILENT_LOG } from '@yosugara/kernel';
import type { RaftDisk } from '@yosugara/runtime';
import { type DirLock, lockDirectory } from './dir-lock.js';
import { JournalCorruptError, JournalFatalError } from './errors.js';
import { FrameBatch } from './frame.js';
import { type JournalFs, NODE_FS } from './fs-port.js';
import { HardStateSlots, type RaftIdentity, readIdentity, readSnapshot, writeIdentity, writeSnapshot } from './raft-files.js';
import { SegmentLog } from './segment-log.js';

type Persist = Extract<RaftEffect, { kind: 'persist' }>;

/**
 * What the log segments hold. `reset` begins a segment and makes everything before it void; with a `base`, the snapshot beside it too, until
 * `based` says that that one is the base now.
 */
type LogOp =
  | { readonly op: 'append'; readonly entries: readonly Entry[] }
  | { readonly op: 'truncate'; readonly from: number }
  | { readonly op: 'reset'; readonly entries: readonly Entry[]; readonly base?: Snapshot }
  | { readonly op: 'based' };

const SEGMENT_BYTES = 8 * 1024 * 1024;
const FRESH: HardState = { term: 0, votedFor: null };

/**
 * The consensus log in a directory of its own, locked for this process:
 * `identity.json` its incarnation and starts · `state.0`, `state.1` term and vote · `snapshot.json` · `log/` segments of operations.
 *
 * @throws JournalLockedError — another controller runs on it.
 */
export async function openRaftDisk(dir: string, log: Log = SILENT_LOG, fs: JournalFs = NODE_FS): Promise<RaftDisk> {
  return new FileRaftDisk(dir, log, fs, await lockDirectory(dir), null);
}

/** What a directory holds, to be looked at only. @throws JournalLockedError, JournalCorruptError */
export async function readRaftDisk(dir: string, log: Log = SILENT_LOG, fs: JournalFs = NODE_FS): Promise<Restored> {
  const disk = await openRaftDisk(dir, log, fs);
  try {
    return await disk.load();
  } finally {
    await disk.close();
  }
}

/** The directory of a log that begins as another one of the cluster's (raft-branch.ts). */
export async function newBranchDisk(dir: string, branch: string, log: Log, fs: JournalFs): Promise<RaftDisk> {
  return new FileRaftDisk(dir, log, fs, await lockDirectory(dir), branch);
}

const newIncarnation = (): string => randomBytes(8).toString('hex');

/**
 * Puts a damaged consensus directory aside, `<dir>.damaged-<n>`, for whoever wants to look at it; what is opened next is a new one.
 * @returns where it is now.
 */
export async function setRaftDiskAside(dir: string): Promise<string> {
  const parent = dirname(dir);
  const aside = await freeName(dir, 'damaged');
  await rename(dir, aside);
  await NODE_FS.syncDir(parent);
  return aside;
}

/** `<dir>.<why>-<n>`, the first that is not taken after the last. */
export async function freeName(dir: string, why: string): Promise<string> {
  const [parent, begin] = [dirname(dir), `${basename(dir)}.${why}-`];
  const taken = (await readdir(parent)).flatMap((other) =>
    other.startsWith(begin) ? [Number(other.slice(begin.length)) || 0] : [],
  );
  return join(parent, `${begin}${Math.max(0, ...taken) + 1}`);
}

class FileRaftDisk implements RaftDisk {
  readonly #dir: string;
  readonly #log: Log;
  readonly #fs: JournalFs;
  readonly #lock: DirLock;
  /** Of a directory that is made now. */
  readonly #branch: string | null;
  readonly #batch = new FrameBatch();
  #slots: HardStateSlots | null = null;
  #segments: SegmentLog | null = null;
  /** What the segments hold, including entries at or below the snapshot that were kept. */
  #entries: Entry[] = [];
  #snapshot: Snapshot | null = null;
  /** Of another log that took the place of ours; not yet where snapshots are. */
  #base: Snapshot | null = null;
  #self: RaftIdentity | null = null;
  #broken: JournalCorruptError | null = null;
  #failed: JournalFatalError | null = null;
  #work: Promise<unknown> = Promise.resolve();

  constructor(dir: string, log: Log, fs: JournalFs, lock: DirLock, branch: string | null) {
    this.#branch = branch;
    this.#dir = dir;
    this.#log = log;
    this.#fs = fs;
    this.#lock = lock;
  }

  load(): Promise<Restored> {
    return this.#serial('reading', () => this.#load());
  }

  persist(change: Persist): Promise<void> {
    return this.#serial('writing', () => this.#persist(change));
  }

  renew(): Promise<string> {
    return this.#serial('writing', async () => {
      invariant(this.#self !== null, 'a consensus log is loaded before it is renewed');
      const renewed = { ...this.#self, incarnation: newIncarnation() };
      await writeIdentity(this.#fs, this.#dir, renewed);
      this.#self = renewed;
      return renewed.incarnation;
    });
  }

  async close(): Promise<void> {
    await this.#work;
    try {
      await this.#segments?.close();
      await this.#slots?.close();
    } finally {
      this.#segments = null;
      this.#slots = null;
      await this.#lock.release();
    }
  }

  async #load(): Promise<Restored> {
    invariant(this.#segments === null, 'a consensus log is loaded once');
    const segments = await SegmentLog.open({
      fs: this.#fs,
      dir: join(this.#dir, 'log'),
      segmentBytes: SEGMENT_BYTES,
      replay: (payload, _seq, { path }) => this.#replay(JSON.parse(payload.toString('utf8')) as LogOp, path),
    });
    this.#segments = segments;
    const damage = segments.damage ?? this.#broken;
    if (damage !== null) throw damage;
    this.#snapshot = await readSnapshot(this.#fs, this.#dir);
    if (this.#base !== null) await this.#putBase(this.#base);
    const { slots, state, existed } = await HardStateSlots.open(this.#fs, this.#dir);
    this.#slots = slots;
    const hardState = await this.#identity(state, existed);
    const entries = await this.#entriesAboveSnapshot();
    if (entries.some(({ term }) => term > hardState.term)) this.#lost('an entry is of a later term than the term and vote');
    const known = await readIdentity(this.#fs, this.#dir);
    const branch = known?.branch ?? this.#branch;
    const self: RaftIdentity = {
      incarnation: known?.incarnation ?? newIncarnation(),
      boots: (known?.boots ?? 0) + 1,
      ...(branch === null ? {} : { branch }),
    };
    await writeIdentity(this.#fs, this.#dir, self);
    this.#self = self;
    this.#log.info('raft.loaded', {
      term: hardState.term,
      snapshot: this.#snapshot?.index ?? 0,
      entries: entries.length,
      ...self,
    });
    return { hardState, snapshot: this.#snapshot, entries, ...self, written: slots.seq + segments.nextSeq - 1 };
  }

  /** A member that forgot its vote could vote twice: without term and vote only a wholly empty directory is a new one. */
  async #identity(state: HardState | null, existed: boolean): Promise<HardState> {
    const used = existed || this.#snapshot !== null || this.#entries.length > 0;
    if (state === null && used) this.#lost('term and vote cannot be read from either slot');
    if (state !== null && this.#segments?.nextSeq === 1) this.#lost('term and vote are here but the log is not');
    if (state !== null) return state;
    await this.#commit({ op: 'reset', entries: [] });
    await this.#slots?.write(FRESH);
    return FRESH;
  }

  #lost(why: string): never {
    throw new JournalCorruptError(this.#dir, 0, null, null, `${why}; this member must come back as a new one`);
  }

  /** The log may have gone on below or beside a snapshot that was installed just before a crash: Raft §7 says which part counts. */
  async #entriesAboveSnapshot(): Promise<readonly Entry[]> {
    const snapshot = this.#snapshot;
    const first = this.#entries[0]?.index;
    if (snapshot === null) {
      if (first !== undefined && first !== 1) this.#lost(`the log begins with entry ${first} and there is no snapshot`);
      return this.#entries;
    }
    if (first !== undefined && first > snapshot.index + 1) this.#lost(`entries ${snapshot.index + 1}..${first - 1} are missing`);
    const at = this.#entries.find(({ index }) => index === snapshot.index);
    const agrees = at === undefined ? first === snapshot.index + 1 : at.term === snapshot.term;
    if (agrees) return this.#entries.filter(({ index }) => index > snapshot.index);
    if (first !== undefined) await this.#reset([]);
    return [];
  }

  /** Term and vote first: a log of a later term than the stored one must not exist. Then a snapshot, and only then less log. */
  async #persist(change: Persist): Promise<void> {
    invariant(this.#segments !== null && this.#slots !== null, 'a consensus log is loaded before it is written');
    if (change.hardState !== undefined) await this.#slots.write(change.hardState);
    if (change.anew === true) return await this.#replace(change);
    if (change.snapshot !== undefined) {
      await writeSnapshot(this.#fs, this.#dir, change.snapshot);
      this.#snapshot = change.snapshot;
    }
    const ops = operations(change);
    for (const op of ops) this.#apply(op);
    const { dropThrough } = change;
    if (dropThrough !== undefined && this.#snapshot !== null) {
      invariant(dropThrough <= this.#snapshot.index, 'only what the snapshot covers is dropped');
      await this.#reset(this.#entries.filter(({ index }) => index > dropThrough));
      return;
    }
    if (ops.length > 0) await this.#commit(...ops);
  }

  /** One record says all of it: a start finds what was before, or all of the other log. */
  async #replace({ snapshot: base, append = [] }: Persist): Promise<void> {
    this.#entries = [...append];
    const begins = this.#segments?.nextSeq ?? 1;
    await this.#commit({ op: 'reset', entries: append, ...(base !== undefined && { base }) });
    if (base !== undefined) await this.#putBase(base);
    await this.#segments?.dropThrough(begins - 1);
  }

  async #putBase(base: Snapshot): Promise<void> {
    await writeSnapshot(this.#fs, this.#dir, base);
    this.#snapshot = base;
    this.#base = null;
    await this.#commit({ op: 'based' });
  }

  /** A new segment that holds all that still counts; the older ones go once it is durable. */
  async #reset(entries: Entry[]): Promise<void> {
    this.#entries = entries;
    const begins = this.#segments?.nextSeq ?? 1;
    await this.#commit({ op: 'reset', entries });
    await this.#segments?.dropThrough(begins - 1);
  }

  async #commit(...ops: readonly LogOp[]): Promise<void> {
    this.#batch.clear();
    for (const op of ops) this.#batch.addBytes(Buffer.from(JSON.stringify(op)));
    await this.#segments?.commit(this.#batch, ops[0]?.op === 'reset');
    await this.#segments?.mark();
  }

  #replay(op: LogOp, file: string): void {
    const first = op.op === 'append' ? op.entries[0]?.index : undefined;
    const expected = (this.#entries.at(-1)?.index ?? 0) + 1;
    // Only what no later reset makes void counts: a power cut may have taken some of the segments that were being removed.
    if (op.op === 'reset') this.#broken = null;
    if (first !== undefined && this.#entries.length > 0 && first !== expected)
      this.#broken ??= new JournalCorruptError(file, 0, null, null, `entry ${first} follows entry ${expected - 1}`);
    if (this.#broken !== null) return;
    this.#apply(op);
  }

  #apply(op: LogOp): void {
    if (op.op === 'reset') this.#entries = [...op.entries];
    if (op.op === 'reset') this.#base = op.base ?? null;
    if (op.op === 'based') this.#base = null;
    if (op.op === 'truncate') this.#entries = this.#entries.filter(({ index }) => index < op.from);
    if (op.op !== 'append') return;
    const first = op.entries[0]?.index;
    const last = this.#entries.at(-1)?.index;
    invariant(last === undefined || first === undefined || first === last + 1, `entry ${first} is appended behind ${last}`);
    this.#entries.push(...op.entries);
  }

  /** One call at a time, in order; the first failure of the disk is the last thing that happens here. */
  #serial<T>(what: string, work: () => Promise<T>): Promise<T> {
    const result = this.#work.then(async () => {
      if (this.#failed !== null) throw this.#failed;
      try {
        return await work();
      } catch (error) {
        if (error instanceof JournalCorruptError || error instanceof InvariantError) throw error;
        // A full disk too: a member that cannot write its vote must stop, not go on without.
        this.#failed = error instanceof JournalFatalError ? error : new JournalFatalError(this.#dir, what, error);
        throw this.#failed;
      }
    });
    this.#work = result.catch(() => undefined);
    return result;
  }
}

function operations(change: Persist): readonly LogOp[] {
  const ops: LogOp[] = [];
  if (change.truncateFrom !== undefined) ops.push({ op: 'truncate', from: change.truncateFrom });
  if (change.append !== undefined && change.append.length > 0) ops.push({ op: 'append', entries: change.append });
  return ops;
}
