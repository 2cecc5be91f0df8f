import { explain, type Log } from '@yosugara/kernel';
import type { ReceiverReport } from '@yosugara/protocol';
import { type AwayAnswer, type AwayRange, goneOf } from './away.js';
import { AwayReads } from './away-reads.js';
import { ClockOffset } from './clock-offset.js';
import { type DamagedRange, Mending } from './mending.js';
import type { HeldJournal, OwnJournal, PeerChannel, PeerDialer } from './ports.js';
import { type CopyFrame, decodeFrame, encodeFrame, PeerProtocolError } from './wire.js';

export interface CopySenderOptions {
  readonly node: string;
  readonly peer: string;
  readonly journal: OwnJournal;
  readonly dialer: PeerDialer;
  readonly wallUs: () => number;
  readonly log: Log;
  /** The link went up or down, or the peer has fsynced more. */
  readonly onChange: () => void;
  readonly pingMs?: number;
  /** Silence after which the link is down. */
  readonly silenceMs?: number;
  /** Records wait and none is acknowledged: after this the link counts as down though it stands. Default 3 s. */
  readonly stallMs?: number;
}

export type LinkWhy = NonNullable<ReceiverReport['linkWhy']>;

const BATCH_BYTES = 256 * 1024;
/** Records sent and not yet acknowledged. */
const MAX_IN_FLIGHT = 16;
const DIAL_DEADLINE_MS = 1_000;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 1_000;
const FULL_RETRY_MS = 1_000;
const LOOK_MS = 250;

/** Copies this node's journals to the peer, oldest first, each from where the peer ends; for ever, until stopped. */
export class CopySender {
  readonly #options: CopySenderOptions;
  readonly #offset = new ClockOffset();
  readonly #reads = new AwayReads();
  /** What the peer has fsynced, by journal. Kept while the link is down: a disk does not forget. */
  readonly #acked = new Map<string, number>();
  #channel: PeerChannel | null = null;
  #mending: Mending | null = null;
  #up = false;
  /** The peer's copy refused the last records for want of room. */
  #full = false;
  /** Looks in a row at which something waited and nothing had moved. Counted, not timed: a process that slept has not waited. */
  #idleLooks = 0;
  #lastLink: 'up' | 'down' = 'down';
  #looking: NodeJS.Timeout | undefined;
  #stopped = false;
  #wake: (() => void) | null = null;
  #running: Promise<void> | null = null;

  constructor(options: CopySenderOptions) {
    this.#options = options;
  }

  /** `up`: what this node receives reaches the peer's disk. A connection alone is not enough: the owner waits for that disk. */
  get link(): 'up' | 'down' {
    return this.linkWhy === null ? 'up' : 'down';
  }

  /** Why it is down; null = it is up. Also over reconnections: a peer that closes at every record is stalled, not up again and again. */
  get linkWhy(): LinkWhy | null {
    if (!this.#up) return 'no_connection';
    if (this.#full) return 'peer_full';
    return this.#idleLooks * LOOK_MS >= (this.#options.stallMs ?? 3_000) ? 'stalled' : null;
  }

  get clockOffsetUs(): number | null {
    return this.#offset.us;
  }

  /** 0 = nothing known. */
  peerHas(journalId: string): number {
    return this.#acked.get(journalId) ?? 0;
  }

  /** Of an own journal: the peer is asked for its copy of them. Nothing while there is no connection: it is asked again later. */
  mend(range: DamagedRange): void {
    this.#mending?.ask(range);
  }

  /** This node's journals that the peer has a copy of, and through where; as last heard. Also such as are not here any more. */
  get peerHolds(): readonly HeldJournal[] {
    return [...this.#acked].map(([journalId, durableSeq]) => ({ journalId, durableSeq }));
  }

  /** There is a peer that can be asked for what this node does not hold. */
  get canRead(): boolean {
    return this.#reads.canAsk;
  }

  /** Asks the peer for records that this node does not hold, of its own journals or of the peer's. Within 5 s each, one after the other. */
  read(range: AwayRange): Promise<AwayAnswer<Uint8Array>> {
    return this.#reads.read(range);
  }

  start(): void {
    this.#running ??= this.#loop();
    this.#looking ??= setInterval(() => this.#look(), LOOK_MS);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#looking);
    this.#channel?.close('stopping');
    this.#wake?.();
    await this.#running;
  }

  #look(): void {
    const waits = this.#options.journal
      .journals()
      .some(({ journalId, firstSeq, lastDurableSeq }) => lastDurableSeq > Math.max(this.peerHas(journalId), firstSeq - 1));
    if (!waits) this.#full = false;
    this.#idleLooks = waits ? this.#idleLooks + 1 : 0;
    const { link, linkWhy } = this;
    if (link === this.#lastLink) return;
    this.#lastLink = link;
    if (linkWhy === 'peer_full' || linkWhy === 'stalled')
      this.#options.log.error('copy.no_progress', { peer: this.#options.peer, why: linkWhy });
    this.#options.onChange();
  }

  async #loop(): Promise<void> {
    let backoffMs = BACKOFF_FIRST_MS;
    while (!this.#stopped) {
      const why = await this.#session().catch(explain);
      if (this.#up) {
        this.#options.log.warn('copy.link_down', { peer: this.#options.peer, why });
        backoffMs = BACKOFF_FIRST_MS;
      } else this.#options.log.debug('copy.no_link', { peer: this.#options.peer, why });
      this.#up = false;
      this.#options.onChange();
      await this.#pause(backoffMs);
      backoffMs = Math.min(backoffMs * 2, BACKOFF_MAX_MS);
    }
  }

  /** One connection from dialling to its end. @returns why it ended. */
  async #session(): Promise<string> {
    const { dialer, node, peer, pingMs = 250, silenceMs = 1_500 } = this.#options;
    const channel = await dialer.dial(DIAL_DEADLINE_MS);
    if (this.#stopped) {
      channel.close('stopping');
      return 'stopping';
    }
    this.#channel = channel;
    const session = new Session(this.#options, this.#acked, channel);
    this.#mending = new Mending(channel, this.#options.journal, this.#options.log);
    const ended = new Promise<string>((resolve) => channel.onClose(resolve));
    let heardMs = performance.now();
    channel.onFrame((bytes) => {
      heardMs = performance.now();
      try {
        this.#take(decodeFrame(bytes), session);
      } catch (error) {
        channel.close(explain(error));
      }
    });
    if (channel.peer !== peer) throw new PeerProtocolError(`the certificate of ${channel.peer} where ${peer} was dialled`);
    const sendPing = () => {
      const keeps = session.keepsToSay();
      channel.send(encodeFrame({ type: 'ping', t1: this.#options.wallUs(), ...(keeps === null ? {} : { keeps }) }));
    };
    const ping = setInterval(() => {
      if (performance.now() - heardMs > silenceMs) channel.close(`silent for ${silenceMs} ms`);
      else sendPing();
    }, pingMs);
    const unsubscribe = this.#options.journal.onDurable(() => session.pump());
    try {
      channel.send(encodeFrame({ type: 'hello', node, version: 1, lends: true }));
      // At once: until the clocks are compared, what the peer sends is matched by an offset of before, or by none.
      sendPing();
      return await ended;
    } finally {
      clearInterval(ping);
      unsubscribe();
      session.end();
      this.#reads.end();
      this.#channel = null;
      this.#mending = null;
    }
  }

  #take(frame: CopyFrame, session: Session): void {
    const { log, onChange, wallUs } = this.#options;
    if (frame.type === 'pong') this.#offset.add(frame.t1, frame.t2, frame.t3, wallUs());
    else if (frame.type === 'found' || frame.type === 'missing' || frame.type === 'unread') return this.#reads.take(frame);
    else if (frame.type === 'held') {
      // Also of journals that it no longer names: its disk may have been set back.
      this.#acked.clear();
      for (const { journalId, durableSeq } of frame.held) this.#acked.set(journalId, durableSeq);
      if (this.#mending !== null) this.#mending.peerLends = frame.lends === true;
      this.#up = true;
      log.info('copy.link_up', { peer: this.#options.peer });
      session.begin(frame.held);
      if (frame.reads === 1) this.#reads.begin((question) => session.send(question));
    } else if (frame.type === 'ack') {
      if (frame.durableSeq > this.peerHas(frame.journalId)) this.#idleLooks = 0;
      this.#full = false;
      this.#acked.set(frame.journalId, Math.max(frame.durableSeq, this.peerHas(frame.journalId)));
      session.acknowledged();
    } else if (frame.type === 'resend') {
      this.#full = frame.full;
      session.resend(frame.journalId, frame.fromSeq, frame.full);
    } else if (frame.type === 'want') void this.#mending?.lend(frame);
    else if (frame.type === 'lent') void this.#mending?.take(frame);
    else if (frame.type === 'conflict') log.error('copy.conflict', { journalId: frame.journalId, why: frame.why });
    if (frame.type !== 'pong') onChange();
  }

  async #pause(ms: number): Promise<void> {
    if (this.#stopped) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }
}

/** Where each journal stands on one connection. */
class Session {
  readonly #options: CopySenderOptions;
  readonly #acked: ReadonlyMap<string, number>;
  readonly #channel: PeerChannel;
  readonly #next = new Map<string, number>();
  /** As said last. */
  #keeps: string | null = null;
  #begun = false;
  #ended = false;
  #pumping = false;
  #again = false;
  #inFlight = 0;
  #holdUntilMs = 0;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: CopySenderOptions, acked: ReadonlyMap<string, number>, channel: PeerChannel) {
    this.#options = options;
    this.#acked = acked;
    this.#channel = channel;
  }

  send(frame: CopyFrame): void {
    this.#channel.send(encodeFrame(frame));
  }

  begin(held: readonly HeldJournal[]): void {
    for (const { journalId, durableSeq } of held) this.#next.set(journalId, durableSeq + 1);
    this.#begun = true;
    this.pump();
  }

  /**
   * The holder lets a journal go when both databases hold its rows. If one then goes back, before the first of them, nobody there knows
   * of it: it does not come by copying, since it was there. null = as said before. The one being written is never let go wholly.
   */
  keepsToSay(): readonly HeldJournal[] | null {
    if (!this.#begun) return null;
    const { journal } = this.#options;
    const keeps = journal.journals().flatMap(({ journalId, firstSeq, lastDurableSeq }) => {
      const durableSeq = Math.min(lastDurableSeq, this.#acked.get(journalId) ?? 0);
      return journalId === journal.journalId || durableSeq < firstSeq ? [] : [{ journalId, durableSeq }];
    });
    const said = keeps.map(({ journalId, durableSeq }) => `${journalId} ${durableSeq}`).join();
    if (said === this.#keeps) return null;
    this.#keeps = said;
    return keeps;
  }

  acknowledged(): void {
    this.#inFlight = Math.max(0, this.#inFlight - 1);
    this.pump();
  }

  /** What is in flight behind the refused records will be refused as well; each refusal sets the same place. */
  resend(journalId: string, fromSeq: number, full: boolean): void {
    this.#inFlight = Math.max(0, this.#inFlight - 1);
    this.#next.set(journalId, fromSeq);
    if (full) this.#holdUntilMs = performance.now() + FULL_RETRY_MS;
    this.#retry ??= setTimeout(() => this.#retryNow(), full ? FULL_RETRY_MS : 0);
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#retry);
  }

  /** A timer may fire a fraction of a millisecond early, and a later refusal puts the end off: nobody else would ask again. */
  #retryNow(): void {
    this.#retry = undefined;
    const leftMs = this.#holdUntilMs - performance.now();
    if (leftMs > 0) this.#retry = setTimeout(() => this.#retryNow(), Math.ceil(leftMs));
    else this.pump();
  }

  /** Sends as much as may be in flight. One at a time; a call meanwhile makes it look once more. */
  pump(): void {
    if (this.#pumping) {
      this.#again = true;
      return;
    }
    this.#pumping = true;
    void this.#pump()
      .catch((error: unknown) => this.#channel.close(explain(error)))
      .finally(() => {
        this.#pumping = false;
        if (this.#again && !this.#ended) {
          this.#again = false;
          this.pump();
        }
      });
  }

  async #pump(): Promise<void> {
    while (this.#begun && !this.#ended && this.#inFlight < MAX_IN_FLIGHT && performance.now() >= this.#holdUntilMs) {
      const batch = await this.#nextBatch();
      if (batch === null || this.#ended) return;
      this.#channel.send(encodeFrame({ type: 'records', journalId: batch.journalId, records: batch.records }));
      this.#inFlight++;
    }
  }

  /** Journals in their order: a younger one begins when the older one is sent, so the copy never has a younger journal with an unfinished older one. */
  async #nextBatch(): Promise<{ readonly journalId: string; readonly records: readonly Uint8Array[] } | null> {
    for (const { journalId, firstSeq, lastDurableSeq } of this.#options.journal.journals()) {
      const known = this.#next.get(journalId);
      if (known === undefined && lastDurableSeq < firstSeq) continue;
      const next = known === undefined ? this.#startOf(journalId, firstSeq) : this.#atLeast(journalId, known, firstSeq);
      if (next > lastDurableSeq) continue;
      const records = await this.#read(journalId, next);
      if (records === null) return await this.#nextBatch();
      // A refusal came in while the disk was read: its place counts.
      if (this.#next.get(journalId) !== next) return await this.#nextBatch();
      this.#next.set(journalId, next + records.length);
      return records.length === 0 ? null : { journalId, records };
    }
    return null;
  }

  /** null: what comes next is damaged here and was never copied, so it is nowhere. Said, and gone on behind it: the rest is not. */
  async #read(journalId: string, from: number): Promise<readonly Uint8Array[] | null> {
    try {
      const recent = this.#options.journal.recent?.(journalId, from, BATCH_BYTES) ?? null;
      return recent ?? (await this.#options.journal.readEncoded(journalId, from, BATCH_BYTES));
    } catch (error) {
      const gone = goneOf(error);
      if (gone === null || gone.from > from || gone.through < from) throw error;
      if (this.#next.get(journalId) !== from) return null;
      this.#options.log.error('copy.damaged', { journalId, from, through: gone.through, why: explain(error) });
      this.#startOf(journalId, gone.through + 1);
      return null;
    }
  }

  #startOf(journalId: string, firstSeq: number): number {
    if (firstSeq > 1) this.#channel.send(encodeFrame({ type: 'begin', journalId, firstSeq }));
    this.#next.set(journalId, firstSeq);
    return firstSeq;
  }

  /**
   * The peer holds the beginning and lost what it had said was on its disk; this node has let that go, since both databases
   * held the rows. Said here and there, and begun anew from what is left: what comes now must not wait for what is gone.
   */
  #atLeast(journalId: string, next: number, firstSeq: number): number {
    if (next >= firstSeq) return next;
    const peerHad = this.#acked.get(journalId) ?? 0;
    this.#options.log.error('copy.gap', { journalId, from: next, through: firstSeq - 1, peerHad });
    return this.#startOf(journalId, firstSeq);
  }
}
