import { invariant } from '@yosugara/kernel';

/** What may pass at once after a rest: more than a timer can be late, and nothing that a line would notice. */
export const BURST_MS = 100;

/** Of a stream, before another one has its turn: what is short, as the words of a new connection, waits no longer on a narrow line. */
const PIECE_MS = 25;
const [LEAST_PIECE, LARGEST_PIECE] = [1_024, 65_536];

/**
 * So many bytes a second, whoever takes them: in no stretch of time more than `bytesPerSecond` times that stretch and `BURST_MS`. Each
 * taker is told how long to wait, in the order in which they ask.
 */
export class LineBucket {
  /** To be taken at once. */
  readonly pieceBytes: number;
  readonly #bytesPerMs: number;
  /** When all that was taken so far is paid. */
  #paidAtMs = Number.NEGATIVE_INFINITY;

  constructor(bytesPerSecond: number) {
    invariant(bytesPerSecond > 0, `a bound of ${bytesPerSecond} bytes a second lets something pass`);
    this.#bytesPerMs = bytesPerSecond / 1_000;
    this.pieceBytes = Math.max(LEAST_PIECE, Math.min(LARGEST_PIECE, Math.floor(this.#bytesPerMs * PIECE_MS)));
  }

  /** @returns for how long these bytes are to be kept back. */
  take(bytes: number, nowMs: number): number {
    this.#paidAtMs = Math.max(this.#paidAtMs, nowMs - BURST_MS) + bytes / this.#bytesPerMs;
    return Math.max(0, this.#paidAtMs - nowMs);
  }
}
