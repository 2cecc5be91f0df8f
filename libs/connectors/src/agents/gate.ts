import type { Socket } from 'node:net';
import type { AgentLimits } from './limits.js';

const TURN_MS = 10;

type GateLimits = Pick<AgentLimits, 'handshakesPerSecond' | 'handshakeBurst' | 'waiting'>;

/** Sockets wait here for their turn, so that no storm of handshakes keeps the event loop from the rest of a take-over. */
export class HandshakeGate {
  readonly #limits: GateLimits;
  readonly #begin: (socket: Socket) => void;
  /** In the order in which they came. */
  readonly #waiting = new Set<Socket>();
  #allowed: number;
  #timer: ReturnType<typeof setInterval> | undefined;
  #turnedAtMs = 0;

  constructor(limits: GateLimits, begin: (socket: Socket) => void) {
    this.#limits = limits;
    this.#begin = begin;
    this.#allowed = limits.handshakeBurst;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** @returns false: too many wait. */
  admit(socket: Socket): boolean {
    if (this.#waiting.size >= this.#limits.waiting) return false;
    if (this.#waiting.size === 0 && this.#allowed >= 1) this.#pass(socket);
    else {
      this.#waiting.add(socket);
      socket.once('close', () => this.#waiting.delete(socket));
    }
    this.#run();
    return true;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#waiting.clear();
  }

  #pass(socket: Socket): void {
    this.#allowed -= 1;
    this.#begin(socket);
  }

  #run(): void {
    if (this.#timer !== undefined) return;
    this.#turnedAtMs = performance.now();
    this.#timer = setInterval(() => this.#turn(), TURN_MS);
  }

  #turn(): void {
    const { handshakesPerSecond, handshakeBurst } = this.#limits;
    const nowMs = performance.now();
    // After a stop of the loop it goes on at its rate: what was not used then is no reason for a larger burst.
    const grownBy = ((nowMs - this.#turnedAtMs) / 1_000) * handshakesPerSecond;
    this.#allowed = Math.min(handshakeBurst, this.#allowed + grownBy);
    this.#turnedAtMs = nowMs;
    for (const socket of this.#waiting) {
      if (this.#allowed < 1) return;
      this.#waiting.delete(socket);
      if (!socket.destroyed) this.#pass(socket);
    }
    if (this.#allowed < handshakeBurst) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
