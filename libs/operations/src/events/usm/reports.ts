import { berInteger, berOid, tlv } from '../ber-write.js';
import { Pdu } from '../trap-pdu.js';

/** RFC 3414 section 5, usmStats: the place in this list is the last arc of the counter. */
export const USM_COUNTERS = [
  ...([
    'unsupportedSecLevels',
    'notInTimeWindows',
    'unknownUserNames',
    'unknownEngineIds',
    'wrongDigests',
    'decryptionErrors',
  ] as const),
] as const;
export type UsmCounter = (typeof USM_COUNTERS)[number];
export type UsmCounters = Readonly<Record<UsmCounter, number>>;

const USM_STATS = '1.3.6.1.6.3.15.1.1';
const COUNTER32 = 0x41;

export function counterOid(counter: UsmCounter): string {
  return `${USM_STATS}.${USM_COUNTERS.indexOf(counter) + 1}.0`;
}

/** The scopedPDU of a report: it names one counter and its value (RFC 3412 7.1 3). */
export function reportPdu(engineId: Uint8Array, requestId: number, counter: UsmCounter, value: number): Uint8Array {
  const varbind = tlv(0x30, berOid(counterOid(counter)), berInteger(value, COUNTER32));
  const pdu = tlv(Pdu.report, berInteger(requestId), berInteger(0), berInteger(0), tlv(0x30, varbind));
  return tlv(0x30, tlv(0x04, engineId), tlv(0x04), pdu);
}
