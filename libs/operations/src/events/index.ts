export { pairingContent, parseMessage } from './content.js';
export * from './merge.js';
export * from './record.js';
export { parseSyslog } from './syslog.js';
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
export * from './usm/index.js';
