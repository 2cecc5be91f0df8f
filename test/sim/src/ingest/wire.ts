import type { PeerChannel, PeerDialer } from '@yosugara/runtime';
import type { Rng } from '../rng.js';
import type { Proc, VirtualTime } from './virtual-time.js';

const RETRY_MS = 200;
const FIN = null;

/** One end of a TCP connection with TLS: frames come whole and in order; what a cut keeps back comes when it is mended. */
class End implements PeerChannel {
  readonly peer: string;
  readonly bufferedBytes = 0;
  readonly proc: Proc;
  readonly #wire: Wire;
  readonly #direction: string;
  other!: End;
  isClosed = false;
  #isPaused = false;
  readonly #arrived: (Uint8Array | typeof FIN)[] = [];
  #frames: ((frame: Uint8Array) => void) | null = null;
  readonly #closes: ((why: string) => void)[] = [];
  #lastMs = 0;

  constructor(wire: Wire, proc: Proc, peer: string, direction: string) {
    this.#wire = wire;
    this.proc = proc;
    this.peer = peer;
    this.#direction = direction;
  }
  onFrame(handler: (frame: Uint8Array) => void): void {
    this.#frames = handler;
    this.#drain();
  }
  onClose(handler: (why: string) => void): void {
    this.#closes.push(handler);
  }
  pause(): void {
    this.#isPaused = true;
  }
  resume(): void {
    this.#isPaused = false;
    this.#drain();
  }
  send(frame: Uint8Array): void {
    if (!this.isClosed) this.#post(frame);
  }
  close(why: string): void {
    if (this.isClosed) return;
    this.#post(FIN);
    this.#end(why);
  }
  /** The process ended: its kernel says so, if the host lives. */
  abandon(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#post(FIN);
  }

  #end(why: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const handler of this.#closes) handler(why);
  }
  #post(frame: Uint8Array | typeof FIN): void {
    const { time } = this.#wire;
    this.#lastMs = Math.max(this.#lastMs, time.nowMs + this.#wire.delayMs());
    time.at(this.#lastMs, () => this.other.#arrive(frame, this.#direction), this.other.proc);
  }
  #arrive(frame: Uint8Array | typeof FIN, direction: string): void {
    this.#arrived.push(frame);
    if (this.#arrived.length === 1 || !this.#wire.isCut(direction)) this.#drain();
  }
  #drain(): void {
    const from = this.other.#direction;
    while (this.#arrived.length > 0 && !this.isClosed && !this.#isPaused && this.#frames !== null) {
      if (this.#wire.isCut(from)) {
        this.#wire.time.after(RETRY_MS, () => this.#drain(), this.proc);
        return;
      }
      const frame = this.#arrived.shift()!;
      if (frame === FIN) this.#end('closed by the peer');
      else this.#frames(frame);
    }
  }
}

/** The network between the two receivers. */
export class Wire {
  readonly time: VirtualTime;
  readonly #rng: Rng;
  readonly #cut = new Set<string>();
  readonly #ends = new Set<End>();
  slowMs = 0;

  constructor(time: VirtualTime, rng: Rng) {
    this.time = time;
    this.#rng = rng;
  }

  /** @param from the node whose packets are lost; both directions by calling twice. */
  cut(from: string): void {
    this.#cut.add(from);
  }
  mend(): void {
    this.#cut.clear();
  }
  isCut(from: string): boolean {
    return this.#cut.has(from);
  }
  get isWhole(): boolean {
    return this.#cut.size === 0;
  }
  delayMs(): number {
    return 0.1 + this.#rng.next() * (this.#rng.chance(0.02) ? 40 : 1) + this.slowMs * this.#rng.next();
  }

  /** @param accept the peer's process and what it does with a connection; null: nobody listens. */
  dialer(
    node: string,
    peer: string,
    proc: Proc,
    accept: () => { proc: Proc; take: (channel: PeerChannel) => void } | null,
  ): PeerDialer {
    return {
      dial: async (deadlineMs) => {
        await this.time.wait(2 * this.delayMs());
        const listener = accept();
        if (listener === null || this.isCut(node) || this.isCut(peer)) {
          await this.time.wait(listener === null ? 1 : deadlineMs);
          throw new Error('no answer');
        }
        const ours = new End(this, proc, peer, node);
        const theirs = new End(this, listener.proc, node, peer);
        [ours.other, theirs.other] = [theirs, ours];
        for (const each of [ours, theirs]) this.#ends.add(each);
        this.time.after(0, () => listener.take(theirs), listener.proc);
        return ours;
      },
    };
  }

  /** @param says the kernel lives and closes the sockets; otherwise there is silence. */
  ended(proc: Proc, says: boolean): void {
    for (const each of this.#ends) {
      if (each.proc !== proc) continue;
      if (says) each.abandon();
      each.isClosed = true;
      this.#ends.delete(each);
    }
  }
}
