import type { Accepted } from './acceptor.js';
import { type LoopTurns, type ReadStamp, SocketReads, stampSince } from './read-delay.js';
import type { Source } from './sources.js';

/**
 * `wait`: it cannot be taken now (the journal refuses, too many answers are owed), `slow`: its sender is above its rate. In both the
 * connection is not read on, and it is offered again. `end`: the connection is of no more use.
 */
export type Said = 'took' | 'more' | 'wait' | 'slow' | 'end';

/** What is spoken on one connection. `next` is called again and again until there is no more, and again when more has come. */
export interface Session {
  push(chunk: Buffer): void;
  /** Takes the next message out of what was pushed. */
  next(): Said;
  /** The connection is gone; what was read whole may still be taken, with the same words. */
  nextOfRest(): Said;
  /** It said `wait`: calls once, when that may be over; never from within. @returns takes it back. */
  whenReady(then: () => void): () => void;
  /** What was read whole and not taken will not be offered again: it is lost, and counted. */
  giveUp(): void;
  /** The listener stops, or the connection is gone for good. */
  close(): void;
  /** While it waits it is read on until it holds so much, so that the end of the connection is seen. Missing: not at all. */
  readonly roomBytes?: number;
  /** The sender waits for a word of ours: it is not idle, however long that takes. */
  readonly isOwing?: boolean;
}

export interface StreamHands {
  /** For the message at hand. */
  stamp(): ReadStamp;
  /** What it waited for may have come. */
  wake(): void;
}

/** Who is above its rate is looked at again when some messages may be taken together, and not after hours. */
const PAUSE_MS = { least: 20, most: 60_000 } as const;
/** Node reads into 64 KiB; less means that there was no more (uv__read in libuv, src/unix/stream.c). */
const BYTES_PER_TURN = 64 * 1024;
/** More than tcp_rmem allows by default (6 MiB), with room for hosts that were tuned. */
const MOST_KEPT_BYTES = 64 * 1024 * 1024;

function whenWithinRate(source: Source, then: () => void): () => void {
  const pauseMs = Math.min(Math.max(source.roomInMs, PAUSE_MS.least), PAUSE_MS.most);
  const timer = setTimeout(then, pauseMs).unref();
  return () => clearTimeout(timer);
}

/** Connections that are gone, and what was read of them waits to be taken. More are lost. */
export const MAX_LEFT = { ofAll: 1_000, ofSource: 100 } as const;

/**
 * What gone connections of one listener left behind. A sender that is held back keeps its connection, and these are bounded; one that
 * hangs up could leave any number of them: so many wait, of each source no more than leaves others room.
 */
export class LeftBehind {
  readonly #bySource = new Map<Source, number>();
  #all = 0;

  /** @returns false: there are too many. */
  add(source: Source): boolean {
    const ofSource = this.#bySource.get(source) ?? 0;
    if (this.#all >= MAX_LEFT.ofAll || ofSource >= MAX_LEFT.ofSource) return false;
    this.#all++;
    this.#bySource.set(source, ofSource + 1);
    return true;
  }

  remove(source: Source): void {
    const ofSource = this.#bySource.get(source) ?? 0;
    this.#all--;
    if (ofSource > 1) this.#bySource.set(source, ofSource - 1);
    else this.#bySource.delete(source);
  }
}

/** Drives one connection. Backpressure: a session that waits is not read, so the sender holds back. */
export function serveStream(
  { socket, source }: Accepted,
  { turns, left, idleMs }: { readonly turns: LoopTurns; readonly left: LeftBehind; readonly idleMs: number },
  open: (hands: StreamHands) => Session,
): Session {
  const reads = new SocketReads(turns, { perTurn: BYTES_PER_TURN, kept: MOST_KEPT_BYTES });
  let since = turns.emptySince;
  /** What it waits for, to be taken back; null: it does not wait. */
  let waiting: (() => void) | null = null;
  let gone = false;
  let useless = false;
  let isLeft = false;
  const session = open({ stamp: () => stampSince(since), wake: () => void (waiting !== null && drain()) });
  const mayWait = (): boolean => {
    if (gone && !isLeft) isLeft = left.add(source);
    return !gone || isLeft;
  };
  const drain = (): void => {
    if (waiting !== null) {
      waiting();
      waiting = null;
      // Who was held back has its whole time again.
      socket.setTimeout(idleMs);
    }
    if (useless) return;
    for (;;) {
      const said = gone ? session.nextOfRest() : session.next();
      if (said === 'took') continue;
      const isToWait = said === 'wait' || said === 'slow';
      if (isToWait && mayWait()) {
        if ((session.roomBytes ?? 0) <= 0) {
          reads.pause();
          socket.pause();
        }
        waiting = said === 'slow' ? whenWithinRate(source, drain) : session.whenReady(drain);
        return;
      }
      if (isToWait) session.giveUp();
      if (said === 'end' || gone) {
        useless = true;
        if (isLeft) left.remove(source);
        session.close();
        // What it still says goes out first; nothing more is read.
        socket.destroySoon();
      } else socket.resume();
      return;
    }
  };
  socket.on('data', (chunk: Buffer) => {
    since = reads.read(chunk.length);
    if (useless) return;
    session.push(chunk);
    if (waiting === null) drain();
    else if ((session.roomBytes ?? 0) <= 0) socket.pause();
  });
  // Also after a reset: what was read whole is a message. At once, whatever it waited for: a client that comes back meanwhile would
  // not be known by what it was owed.
  socket.on('close', () => {
    gone = true;
    drain();
  });
  socket.setTimeout(idleMs);
  socket.on('timeout', () => {
    const { bytesRead } = socket;
    // Where it is us who stood still, timers come before what came meanwhile, and closing would throw that away: judged when sockets
    // were looked at.
    setImmediate(() => {
      // Who is held back says nothing since it is not read, and who waits for an answer since its window is full. One that is gone
      // without a word is ended by keep-alive.
      const isHeard = waiting !== null || session.isOwing === true || socket.bytesRead > bytesRead;
      if (isHeard) socket.setTimeout(idleMs);
      else socket.destroy();
    });
  });
  return session;
}
