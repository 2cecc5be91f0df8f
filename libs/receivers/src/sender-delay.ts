import { ClockDistances, exactStamp } from '@yosugara/operations';
import type { ReadStamp } from './read-delay.js';

/*
 * How long may a line have waited at its sender? A queue for a node that was away, a connection that hung, a frame that was not
 * answered: the line comes late, and the other node's copy came long before. Where the line has an exact stamp it says so itself,
 * by the sender's clock. That clock may be wrong, so the distance that it always has is taken off.
 */

/** Less is not worth saying: the window within which copies match is twice as wide. */
const LATE_US = 1_000_000;
/** Nothing is taken to be later (decision 0016): then it is the clock that is wrong, or nobody looks for the copy. */
const MAX_LATE_US = 900_000_000;
/** The clocks of those who send over streams, by address and, since a relay hands on others' lines, by host. */
export class SenderClocks {
  readonly #distances = new ClockDistances();

  /** The same stamp, or with how much earlier the line was said when that is more than the kernel's part. */
  late(stamp: ReadStamp, address: string, raw: Uint8Array): ReadStamp {
    const said = exactStamp(raw);
    if (said === null) return stamp;
    const us = stamp.receivedAtUs - said.atUs;
    const lateUs = us - this.#distances.usual(`${address} ${said.host}`, us, stamp.monotonicMs);
    if (lateUs < LATE_US || lateUs > MAX_LATE_US || lateUs <= (stamp.lateByUs ?? 0)) return stamp;
    return { ...stamp, lateByUs: Math.ceil(lateUs) };
  }
}
