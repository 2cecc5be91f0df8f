import { explain } from '@yosugara/kernel';
import type { ReceiverReport } from '@yosugara/protocol';
import type { AwayAnswer, AwayRange } from './away.js';
import { AwayReads } from './away-reads.js';
import { ClockOffset } from './clock-offset.js';
import { CopySession, type CopySessionOptions } from './copy-session.js';
import { type DamagedRange, Mending } from './mending.js';
import type { HeldJournal, PeerChannel, PeerDialer } from './ports.js';
import { JournalNumbersReusedError, refuseReusedNumbers } from './reused-numbers.js';
import { type CopyFrame, decodeFrame, encodeFrame, PeerProtocolError } from './wire.js';

export interface CopySenderOptions extends CopySessionOptions {
  readonly node: string;
  readonly peer: string;
  readonly dialer: PeerDialer;
  readonly wallUs: () => number;
  /** The link went up or down, or the peer has fsynced more. */
  readonly onChange: () => void;
  readonly pingMs?: number;
  /** Silence after which the link is down. */
  readonly silenceMs?: number;
  /** Records wait and none is acknowledged: after this the link counts as down though it stands. Default 3 s. */
  readonly stallMs?: number;
  /** Numbers of the journal are given a second time: the process should say it and end, so that another journal begins. */
  readonly onFatal?: (error: JournalNumbersReusedError) => void;
}

export type LinkWhy = NonNullable<ReceiverReport['linkWhy']>;

const DIAL_DEADLINE_MS = 1_000;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 1_000;
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
    const session = new CopySession(this.#options, this.#acked, channel);
    this.#mending = new Mending(channel, this.#options.journal, this.#options.log);
    const ended = new Promise<string>((resolve) => channel.onClose(resolve));
    let heardMs = performance.now();
    channel.onFrame((bytes) => {
      heardMs = performance.now();
      try {
        this.#take(decodeFrame(bytes), session);
      } catch (error) {
        if (error instanceof JournalNumbersReusedError) this.#endOf(error);
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

  #take(frame: CopyFrame, session: CopySession): void {
    const { journal, log, onChange, wallUs } = this.#options;
    if (frame.type === 'pong') this.#offset.add(frame.t1, frame.t2, frame.t3, wallUs());
    else if (frame.type === 'found' || frame.type === 'missing' || frame.type === 'unread') return this.#reads.take(frame);
    else if (frame.type === 'held') {
      // Before anything of it counts: what the peer holds under these numbers is not what waits here for its acknowledgement.
      refuseReusedNumbers(journal, frame.held, this.peerHas(journal.journalId));
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

  #endOf(error: JournalNumbersReusedError): void {
    const { journalId, sameThrough, durableSeq, peerHolds } = error;
    this.#options.log.error('copy.numbers_reused', { journalId, sameThrough, durableSeq, peerHolds });
    this.#options.onFatal?.(error);
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
