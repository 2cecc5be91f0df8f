import { explain, type Log } from '@yosugara/kernel';
import type { AwayAnswer, AwayRange } from './away.js';
import { type DamagedRange, Mending } from './mending.js';
import type { HeldJournal, PeerChannel, PeerJournalCopy } from './ports.js';
import { type CopyFrame, decodeFrame, encodeFrame } from './wire.js';

export interface CopyHolderOptions {
  readonly channel: PeerChannel;
  readonly copy: PeerJournalCopy;
  readonly wallUs: () => number;
  readonly log: Log;
  /** After everything that was fsynced, and once at the start. */
  readonly onChange: () => void;
  /** So many records that this node once held are missing, and the peer has let them go. */
  readonly onLost?: (records: number) => void;
  /** Reads what this node has of a range, for a peer that has lost it; missing: the peer is told that it cannot ask. Never rejects. */
  readonly read?: (range: AwayRange) => Promise<AwayAnswer<Uint8Array>>;
  /** Journals of the peer that it still has and that were here once; each time that it says so. */
  readonly onKept?: (journals: readonly HeldJournal[]) => void;
  /** Silence after which the sender counts as gone. */
  readonly silenceMs?: number;
}

/** Frames taken off the socket and not yet on disk. Reached: the socket is not read. */
const MAX_WAITING = 64;
/** Reads for the peer under way; it asks for one after the other. */
const MAX_READS = 4;

export interface HeldCopy {
  /** Of the copy: its owner is asked for them. */
  mend(range: DamagedRange): void;
}

/**
 * Takes in the peer's journal on one connection: every frame is answered after its fsync, in order. Ends with the channel.
 * The newest connection wins (the caller closes the one before), since a frozen one may linger.
 */
export function holdCopy(options: CopyHolderOptions): HeldCopy {
  const { channel, copy, wallUs, log, onChange, onLost, onKept, read, silenceMs = 2_000 } = options;
  const mending = new Mending(channel, copy, log);
  let waiting = 0;
  let reads = 0;
  let work = Promise.resolve();
  let closed = false;
  let silence = setTimeout(silent, silenceMs);
  channel.onClose(() => {
    closed = true;
    clearTimeout(silence);
  });
  channel.onFrame((bytes) => {
    if (!closed) silence.refresh();
    const t2 = wallUs();
    if (++waiting >= MAX_WAITING) channel.pause();
    work = work.then(() => handle(bytes, t2)).catch(fail);
    void work.then(() => {
      if (--waiting < MAX_WAITING / 2 && !closed) channel.resume();
    });
  });

  function silent(): void {
    // While the disk is slow it is us who do not listen.
    if (waiting > 0) silence = setTimeout(silent, silenceMs);
    else channel.close(`silent for ${silenceMs} ms`);
  }
  function fail(error: unknown): void {
    log.error('copy.failed', { peer: channel.peer, why: explain(error) });
    channel.close(explain(error));
  }
  function answer(frame: CopyFrame): void {
    if (!closed) channel.send(encodeFrame(frame));
  }
  async function handle(bytes: Uint8Array, t2: number): Promise<void> {
    if (closed) return;
    const frame = decodeFrame(bytes);
    if (frame.type === 'ping') {
      answer({ type: 'pong', t1: frame.t1, t2, t3: wallUs() });
      if (!Array.isArray(frame.keeps)) return;
      onKept?.(frame.keeps);
      onChange();
    } else if (frame.type === 'hello') {
      mending.peerLends = frame.lends === true;
      answer({ type: 'held', held: copy.held(), lends: true, ...(read === undefined ? {} : { reads: 1 }) });
    } else if (frame.type === 'begin') await begin(frame);
    else if (frame.type === 'records') await keep(frame);
    else if (frame.type === 'want') await mending.lend(frame);
    else if (frame.type === 'lent') await mending.take(frame);
    // Beside the copying, which must not wait for another part of the disk.
    else if (frame.type === 'read') void readFor(frame);
  }
  async function readFor({ id, ...range }: Extract<CopyFrame, { type: 'read' }>): Promise<void> {
    if (read === undefined || reads >= MAX_READS)
      return answer({ type: 'unread', id, why: 'it reads enough for its peer already' });
    reads++;
    const outcome = await read(range);
    reads--;
    if (outcome.kind === 'found') answer({ type: 'found', id, records: outcome.records });
    else if (outcome.kind === 'missing') answer({ type: 'missing', id, throughSeq: outcome.throughSeq });
    else answer({ type: 'unread', id, why: outcome.why });
  }
  return { mend: (range) => mending.ask(range) };
  async function begin({ journalId, firstSeq }: Extract<CopyFrame, { type: 'begin' }>): Promise<void> {
    const lost = await copy.begin(journalId, firstSeq);
    if (lost === null) return;
    // Our disk was set back. The peer lets go only of what both databases hold, so the rows are there; the copies are not.
    log.error('copy.lost', { peer: channel.peer, journalId, ...lost });
    onLost?.(lost.through - lost.from + 1);
    onChange();
  }
  async function keep({ journalId, records }: Extract<CopyFrame, { type: 'records' }>): Promise<void> {
    const outcome = await copy.append(journalId, records).catch((error: unknown) => {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'JOURNAL_CONFLICT') throw error;
      // Two lives of one journal: never overwrite, and let both sides say so.
      answer({ type: 'conflict', journalId, why: error.message });
      throw error;
    });
    if (outcome.kind === 'stored') answer({ type: 'ack', journalId, durableSeq: outcome.durableSeq });
    else if (outcome.kind === 'gap') answer({ type: 'resend', journalId, fromSeq: outcome.expectedSeq, full: false });
    else answer({ type: 'resend', journalId, fromSeq: outcome.durableSeq + 1, full: true });
    onChange();
  }
}
