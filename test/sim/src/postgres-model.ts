import type { PostgresFacts, StoppedState } from '@yosugara/failover';
import { lsn, type NodeId, YosugaraError } from '@yosugara/kernel';
import type { Agenda } from './agenda.js';
import type { Network } from './network.js';
import type { Rng } from './rng.js';

/** What the model asks of the world around it. */
export interface PostgresWorld {
  readonly agenda: Agenda;
  readonly network: Network;
  readonly rng: Rng;
  server(node: NodeId): PostgresModel | undefined;
  /** A client was told: committed. */
  acknowledged(node: NodeId, commit: number, end: number, how: 'written' | 'visible'): void;
}

type Process = 'down' | 'starting' | 'standby' | 'primary';
interface Waiter {
  readonly commit: number;
  readonly end: number;
}
interface Stream {
  readonly standby: NodeId;
  readonly id: number;
  flushed: number;
  /** Sent on this connection so far. */
  sent: number;
  /** When `flushed` last moved: what a cut link ate is sent again after a silence, as TCP does. */
  movedMs: number;
  lastAckMs: number;
}

const SENDER_TIMEOUT_MS = 3_000;
const SHIP_EVERY_MS = 40;
const RESEND_MS = 1_000;

/**
 * PostgreSQL as far as failover sees it (failover.md section 5, measured): WAL is an array of commit numbers, an LSN its length; a commit waits
 * for the standbys named, and is released by their flush or by clearing the names; promotion starts a timeline; a crash keeps
 * what the operating system has, a power cut what was flushed.
 */
export class PostgresModel {
  readonly node: NodeId;
  readonly #world: PostgresWorld;
  exists = false;
  incomplete = false;
  systemId = '';
  timeline = 1;
  wal: number[] = [];
  flushed = 0;
  forks: { timeline: number; forkLsn: number }[] = [];
  process: Process = 'down';
  lastMode: StoppedState = 'standby';
  names: readonly NodeId[] = [];
  follow: NodeId | null = null;
  hung = false;
  frozen = false;
  /** Grows with every start and stop: what an older life planned does nothing. */
  life = 0;
  /** Grows with every start and end of a process. */
  postmaster = 0;
  #streams = new Map<NodeId, Stream>();
  #receiving: { from: NodeId; id: number; fromLife: number } | null = null;
  #streamIds = 0;
  #starting: 'standby' | 'primary' = 'standby';
  #waiting: Waiter[] = [];
  #writableMs = Number.NEGATIVE_INFINITY;

  constructor(node: NodeId, world: PostgresWorld) {
    this.node = node;
    this.#world = world;
  }

  /** When it was last writable. */
  get writableMs(): number {
    if (this.writable) this.#writableMs = this.#world.agenda.now;
    return this.#writableMs;
  }
  get writable(): boolean {
    return this.process === 'primary';
  }
  /** Starts, and will be a primary once it has. */
  get becomesPrimary(): boolean {
    return this.process === 'starting' && this.#starting === 'primary';
  }
  get running(): boolean {
    return this.process !== 'down' && !this.hung && !this.frozen;
  }
  get receiverCut(): boolean {
    return this.follow === null && this.#receiving === null;
  }

  facts(): PostgresFacts {
    const { systemId, timeline } = this;
    const walEnd = lsn(this.flushed);
    if (!this.exists) return { kind: 'empty' };
    switch (this.process) {
      case 'down':
        return { kind: 'stopped', state: this.incomplete ? 'incomplete' : this.lastMode, timeline, walEnd, systemId };
      case 'starting':
        return { kind: 'starting', progress: '' };
      case 'standby':
        return {
          kind: 'standby',
          timeline,
          systemId,
          walEnd,
          replayLsn: walEnd,
          follows: this.follow,
          receiver: this.#receiving !== null ? 'streaming' : this.follow === null ? 'cut' : 'connecting',
        };
      case 'primary':
        return {
          kind: 'primary',
          timeline,
          systemId,
          walEnd,
          names: this.names,
          syncWaiters: this.#waiting.length,
          forks: this.forks.map((fork) => ({ timeline: fork.timeline, forkLsn: lsn(fork.forkLsn) })),
          peers: this.#peers(),
        };
    }
  }

  #peers() {
    const now = this.#world.agenda.now;
    for (const [node, stream] of this.#streams) if (now - stream.lastAckMs > SENDER_TIMEOUT_MS) this.#streams.delete(node);
    return [...this.#streams.values()].map((stream) => ({
      node: stream.standby,
      streaming: true,
      sync: this.names.includes(stream.standby),
      flushLsn: lsn(stream.flushed),
    }));
  }

  /** D17. */
  wipe(): void {
    Object.assign(this, {
      exists: false,
      incomplete: false,
      systemId: '',
      timeline: 1,
      wal: [],
      flushed: 0,
      forks: [],
      names: [],
    });
    Object.assign(this, { follow: null, lastMode: 'standby' });
  }

  initialise(systemId: string): void {
    Object.assign(this, { exists: true, systemId, timeline: 1, wal: [], flushed: 0, forks: [], lastMode: 'clean-primary' });
  }

  start(as: 'standby' | 'primary', done: () => void, failed: () => void): void {
    if (this.process !== 'down') throw new YosugaraError('ALREADY_RUNNING', 'PostgreSQL runs already');
    this.process = 'starting';
    this.postmaster += 1;
    this.#starting = as;
    this.hung = false;
    // What pg_control would say if it died from here on.
    this.lastMode = as === 'primary' ? 'crashed-primary' : 'standby';
    const life = ++this.life;
    this.#world.agenda.after(this.#world.rng.between(50, 400), () => {
      if (this.life !== life) return failed();
      // Recovery replays whatever WAL is in the directory, flushed or not when the server died, and syncs it first
      // (SyncDataDirectory): so a standby's replay position tells all of it.
      this.flushed = this.wal.length;
      this.process = as;
      if (as === 'primary') this.follow = null;
      this.#streams.clear();
      if (as === 'standby') this.#receive(life);
      done();
    });
  }

  /** The process dies, now. Waiting clients get no answer. */
  kill(): void {
    if (this.process === 'down') return;
    this.#ended();
  }

  /** Fast shutdown: no new commits, everything shipped to whoever is connected, then a clean end. */
  shutDown(done: () => void): void {
    const wasPrimary = this.process === 'primary';
    this.#waiting = [];
    const life = ++this.life;
    const streams = [...this.#streams.values()];
    void this.writableMs;
    if (wasPrimary) this.process = 'starting';
    this.#starting = 'standby';
    this.flushed = this.wal.length;
    for (const stream of streams) {
      const standby = this.#world.server(stream.standby);
      const { flushed } = stream;
      const rest = this.wal.slice(flushed);
      this.#world.network.stream(this.node, stream.standby, () => standby?.take(stream.id, flushed, rest));
    }
    this.#world.agenda.after(this.#world.rng.between(30, 200), () => {
      if (this.life !== life) return done();
      if (wasPrimary) this.lastMode = 'clean-primary';
      this.#ended();
      done();
    });
  }

  #ended(): void {
    void this.writableMs;
    this.life += 1;
    this.postmaster += 1;
    this.process = 'down';
    this.hung = false;
    this.#waiting = [];
    this.#streams.clear();
    this.#receiving = null;
  }

  /** The host lost power: what was not flushed is gone. */
  powerCut(): void {
    this.kill();
    this.wal.length = Math.min(
      this.wal.length,
      this.flushed + Math.floor(this.#world.rng.next() * (this.wal.length - this.flushed + 1)),
    );
    this.flushed = this.wal.length;
  }

  setFollow(node: NodeId | null): void {
    this.follow = node;
    if (this.#receiving !== null && this.#receiving.from !== node) this.#receiving = null;
  }

  setNames(names: readonly NodeId[]): void {
    this.names = names;
    this.#release();
  }

  /** `above`: the record knows of timelines that this server may never have heard of. */
  promote(above: number): void {
    if (this.process !== 'standby') throw new YosugaraError('NOT_STANDBY', 'not in recovery');
    this.#receiving = null;
    this.follow = null;
    this.timeline = Math.max(this.timeline, above) + 1;
    this.forks = [...this.forks, { timeline: this.timeline, forkLsn: this.wal.length }];
    this.process = 'primary';
    this.lastMode = 'crashed-primary';
    this.flushed = this.wal.length;
    this.life += 1;
  }

  /**
   * A client that got no answer tries its key again. A key that is visible already is answered at once and waits for nobody (ON
   * CONFLICT DO NOTHING writes nothing: failover.md 5.1); one whose first writer still waits blocks behind it.
   */
  retry(commit: number): void {
    if (this.process !== 'primary' || this.hung || this.frozen) return;
    const known = this.wal.lastIndexOf(commit);
    if (known < 0) return this.commit(commit);
    if (known < this.flushed && !this.#waiting.some((waiter) => waiter.commit === commit))
      this.#world.acknowledged(this.node, commit, known + 1, 'visible');
  }

  /** R9: a session that waits for its commit is cancelled or terminated: no answer, and the row is visible here. */
  cancelWaiting(): readonly number[] {
    const cancelled = this.#waiting.map(({ commit }) => commit);
    this.#waiting = [];
    return cancelled;
  }

  /** A row, or a new version of one (ON CONFLICT DO UPDATE): the answer comes through `acknowledged`, or never. */
  commit(commit: number): void {
    if (this.process !== 'primary' || this.hung || this.frozen) return;
    this.wal.push(commit);
    const end = this.wal.length;
    const life = this.life;
    const flush = (): void => {
      if (this.life !== life) return;
      // A backend that stood still goes on where it was, and still waits for its standby (seed 52178: its row was taken for visible).
      if (this.frozen) return void this.#world.agenda.after(20, flush);
      this.flushed = Math.max(this.flushed, end);
      this.#waiting.push({ commit, end });
      this.#release();
    };
    this.#world.agenda.after(this.#world.rng.between(0.2, 3), flush);
  }

  #release(): void {
    if (this.#waiting.length === 0 || this.process !== 'primary' || this.frozen) return;
    let held = this.names.length === 0 ? Number.POSITIVE_INFINITY : -1;
    for (const name of this.names) held = Math.max(held, this.#streams.get(name)?.flushed ?? -1);
    const free = this.#waiting.filter((waiter) => waiter.end <= held);
    if (free.length === 0) return;
    this.#waiting = this.#waiting.filter((waiter) => waiter.end > held);
    for (const waiter of free) this.#world.acknowledged(this.node, waiter.commit, waiter.end, 'written');
  }

  /** The receiver's loop: connect when it may, ask for what is missing. */
  #receive(life: number): void {
    if (this.life !== life || this.process !== 'standby') return;
    if (this.running && this.follow !== null) this.#connect(this.follow);
    this.#world.agenda.after(SHIP_EVERY_MS + this.#world.rng.next() * 10, () => this.#receive(life));
  }

  #connect(from: NodeId): void {
    const server = this.#world.server(from);
    const up = server !== undefined && server.process === 'primary' && this.#world.network.both(this.node, from);
    if (this.#receiving !== null && (!up || server.life !== this.#receiving.fromLife)) {
      // A dead connection is noticed; a frozen server keeps it for a while.
      this.#receiving = null;
      return;
    }
    if (!up || !server.running) return;
    if (this.#receiving === null) {
      if (!this.#sameHistory(server)) return;
      this.#streamIds += 1;
      this.#receiving = { from, id: this.#streamIds, fromLife: server.life };
      this.timeline = server.timeline;
      this.forks = server.forks;
    }
    server.ship(this.node, this.#receiving.id, this.flushed);
  }

  /** Ours is a prefix of theirs: otherwise "requested starting point is not in this server's history". */
  #sameHistory(server: PostgresModel): boolean {
    if (this.wal.length > server.wal.length) return false;
    const fork = server.forks.find((later) => later.timeline > this.timeline);
    if (fork !== undefined && this.wal.length > fork.forkLsn) return false;
    return this.wal.length === 0 || this.wal[this.wal.length - 1] === server.wal[this.wal.length - 1];
  }

  /** The sender's half: a feedback of the standby arrived (it tells what it has flushed); send what it lacks, flushed WAL only. */
  ship(standby: NodeId, id: number, has: number): void {
    const life = this.life;
    this.#world.network.stream(standby, this.node, () => {
      if (this.life !== life || this.process !== 'primary' || this.frozen) return;
      const known = this.#streams.get(standby);
      const stream =
        known?.id === id ? known : { standby, id, flushed: 0, sent: has, movedMs: this.#world.agenda.now, lastAckMs: 0 };
      if (has > stream.flushed || stream.flushed === stream.sent) stream.movedMs = this.#world.agenda.now;
      stream.flushed = Math.max(stream.flushed, has);
      stream.lastAckMs = this.#world.agenda.now;
      this.#streams.set(standby, stream);
      this.#release();
      if (this.#world.agenda.now - stream.movedMs > RESEND_MS) stream.sent = Math.min(stream.sent, stream.flushed);
      if (this.flushed <= stream.sent || this.hung) return;
      const from = stream.sent;
      const part = this.wal.slice(from, this.flushed);
      stream.sent = this.flushed;
      this.#world.network.stream(this.node, standby, () => this.#world.server(standby)?.take(id, from, part));
    });
  }

  /** The receiver's half: WAL arrived on the connection it came by, or on none any more. */
  take(id: number, from: number, part: readonly number[]): void {
    const receiving = this.#receiving;
    if (receiving === null || receiving.id !== id || this.process !== 'standby' || this.frozen) return;
    // What lies between was eaten by a cut: it is sent again.
    if (from > this.wal.length) return;
    for (let at = this.wal.length - from; at < part.length; at += 1) this.wal.push(part[at]!);
    const life = this.life;
    const end = this.wal.length;
    this.#world.agenda.after(this.#world.rng.between(0.2, 3), () => {
      if (this.life !== life || this.frozen) return;
      this.flushed = Math.max(this.flushed, end);
      if (this.#receiving?.id === id) this.#world.server(receiving.from)?.ship(this.node, id, this.flushed);
    });
  }

  /** After pg_rewind or a base backup: the source's data, ours aside. */
  copyOf(source: PostgresModel): void {
    Object.assign(this, {
      exists: true,
      incomplete: false,
      systemId: source.systemId,
      timeline: source.timeline,
      wal: source.wal.slice(0, source.flushed),
      flushed: source.flushed,
      forks: source.forks,
      lastMode: 'standby',
      follow: null,
      names: [],
    });
  }
}
