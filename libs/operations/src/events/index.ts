export { berInteger, berOid, tlv } from './ber-write.js';
export { ClockDistances } from './clock-distances.js';
export { type Pairing, pairingContent, parseMessage, type SourceProperties } from './content.js';
export * from './custom.js';
export { type ExactStamp, exactStamp, stampAgeS } from './exact-stamp.js';
export { INFORM_COMES_AGAIN_US, informLateByUs } from './inform.js';
export * from './merge.js';
export * from './node-resolution.js';
export * from './record.js';
export { type ParseOptions, parseSyslog } from './syslog.js';
export type { Tally } from './tally.js';
export type { Charset } from './text.js';
export {
  decodeTrap,
  informAnswer,
  parseTrap,
  snmpVersion,
  type Trap,
  type TrapOutcome,
  trapContent,
  type V3Identity,
} from './trap.js';
export * from './trap-refusals.js';
export * from './usm/index.js';
export { readV3, V3Flag, type V3Message, type V3Parts, writeV3 } from './v3-message.js';
