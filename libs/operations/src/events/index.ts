export { pairingContent, parseMessage } from './content.js';
export * from './merge.js';
export * from './record.js';
export { parseSyslog } from './syslog.js';
export { decodeTrap, informAnswer, parseTrap, type Trap, type TrapOutcome, trapContent } from './trap.js';
