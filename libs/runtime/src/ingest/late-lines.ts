import { ClockDistances, exactStamp, MERGE_LIMITS, type RawRecord, stampAgeS } from '@yosugara/operations';

/** Less is not worth saying: the window within which copies match is twice as wide. */
const LATE_S = 1;
const US = 1_000_000;

/**
 * Datagrams that waited at their sender: syslog-ng holds back for a moment when one of its destinations goes, and then says to the
 * other one what it kept. With an exact stamp a line says itself since when (decision 0021). Receivers look at it for
 * streams; datagrams are too many there, and here only those with an old stamp are looked at closely.
 */
export class LateLines {
  readonly #clocks = new ClockDistances();

  /** How much earlier than its receipt the line may have come; 0 = nothing is known. @param node whose clock says the receipt. */
  lateByUs({ kind, transport, source, receivedAtUs, raw }: RawRecord, node: string): number {
    if (kind !== 'syslog' || transport !== 'udp') return 0;
    const ageS = stampAgeS(raw, receivedAtUs);
    if (ageS === null || ageS < LATE_S || ageS * US > MERGE_LIMITS.maxLateUs) return 0;
    const said = exactStamp(raw);
    if (said === null) return 0;
    const us = receivedAtUs - said.atUs;
    const lateUs = us - this.#clocks.usual(`${node} ${source.address} ${said.host}`, us, receivedAtUs / 1_000);
    return lateUs < LATE_S * US || lateUs > MERGE_LIMITS.maxLateUs ? 0 : Math.ceil(lateUs);
  }
}
