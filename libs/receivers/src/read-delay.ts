import { bothClocks } from './clock.js';

/*
 * How long may what is read now have waited in the kernel? Node does not hand on the kernel's receive times (SO_TIMESTAMP), so the
 * answer is an upper bound: since the socket was last known to be empty. After a process or its host stood still (SIGSTOP, freezer,
 * a long pause of any kind), and while a socket is read more slowly than it fills, that is what tells the late from the new.
 *
 * libuv looks at every socket once a turn, and `setImmediate` runs behind that. So between two marks set there each socket was
 * looked at, and one that gave less than libuv takes in one turn was empty at some time after the first of the two.
 */

/** How often a loop that has nothing to do is marked. Two marks and a busy host must stay well below `LATE_MS`. */
const TICK_MS = 50;
/** Less is not worth saying: the window within which copies match is ten times as wide. */
const LATE_MS = 200;

interface Instant {
  readonly monotonicMs: number;
  readonly wallUs: number;
}

/** When something was read, as it goes into the journal. */
export interface ReadStamp {
  readonly receivedAtUs: number;
  readonly monotonicMs: number;
  readonly lateByUs?: number;
}

/** Time of reading, and how much earlier it may have come when that is much. */
export function stampSince(from: Instant): ReadStamp {
  const at = bothClocks();
  // A guest that was suspended finds its wall clock advanced and its monotonic clock as it was.
  const lateUs = Math.max((at.monotonicMs - from.monotonicMs) * 1_000, at.wallUs - from.wallUs);
  const stamp = { receivedAtUs: at.wallUs, monotonicMs: at.monotonicMs };
  return lateUs > LATE_MS * 1_000 ? { ...stamp, lateByUs: Math.ceil(lateUs) } : stamp;
}

/** Marks the turns of this process's loop for the sockets of one listener. */
export class LoopTurns {
  readonly #timer = setInterval(() => this.#markNext(), TICK_MS);
  readonly #reading = new Set<SocketReads>();
  #pending: NodeJS.Immediate | null = null;
  #before: Instant = bothClocks();
  #last = this.#before;

  /** Whatever is found by a look that found the socket empty before came after this. */
  get emptySince(): Instant {
    return this.#before;
  }

  /** This socket was read in this turn. */
  note(socket: SocketReads): void {
    this.#reading.add(socket);
    this.#markNext();
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.#pending !== null) clearImmediate(this.#pending);
  }

  readonly #mark = () => {
    this.#pending = null;
    for (const socket of this.#reading) socket.endTurn();
    this.#reading.clear();
    this.#before = this.#last;
    this.#last = bothClocks();
  };

  #markNext(): void {
    this.#pending ??= setImmediate(this.#mark);
  }
}

export interface ReadLimits {
  /** So much read in one turn: libuv may have left some. */
  readonly perTurn: number;
  /** The kernel keeps no more for this socket. */
  readonly kept: number;
}

/** One socket, counted in datagrams or in bytes. */
export class SocketReads {
  readonly #turns: LoopTurns;
  readonly #limits: ReadLimits;
  /** null = found empty in the turn before. */
  #heldSince: Instant | null = null;
  #isPaused = false;
  #isNoted = false;
  #inTurn = 0;
  #sinceMark = 0;
  #mark: Instant | null = null;

  constructor(turns: LoopTurns, limits: ReadLimits) {
    this.#turns = turns;
    this.#limits = limits;
  }

  /** Of what libuv read in this turn. */
  get inTurn(): number {
    return this.#inTurn;
  }

  /** To be called for everything that libuv read, at once. @returns since when it may have waited. */
  read(amount: number): Instant {
    this.#inTurn += amount;
    return this.more(amount);
  }

  /** What somebody else read besides, while libuv looks at the socket: it still looks until it finds nothing, or had its share. */
  more(amount: number): Instant {
    this.#isPaused = false;
    this.#sinceMark += amount;
    this.#note();
    return this.#heldSince ?? this.#turns.emptySince;
  }

  /** It is not looked at from now on; the next that is read may have come any time since. */
  pause(): void {
    this.#isPaused = true;
    this.#note();
  }

  #note(): void {
    if (this.#isNoted) return;
    this.#isNoted = true;
    this.#turns.note(this);
  }

  endTurn(): void {
    this.#isNoted = false;
    const left = this.#isPaused || this.#inTurn >= this.#limits.perTurn;
    this.#inTurn = 0;
    if (!left) {
      this.#heldSince = null;
      this.#mark = null;
      return;
    }
    this.#heldSince ??= this.#turns.emptySince;
    // Never found empty, but as much was read as can have been there at the mark: what is there now came after it.
    if (this.#mark !== null && this.#sinceMark < this.#limits.kept) return;
    if (this.#mark !== null) this.#heldSince = this.#mark;
    this.#mark = bothClocks();
    this.#sinceMark = 0;
  }
}
