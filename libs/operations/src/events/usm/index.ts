export { BoundedMap, TokenBucket } from './bounded.js';
export * from './crypto.js';
export { isSlowPrivKey, localizedKey, localizedPrivKey, MAC_BYTES, passphraseToKey } from './keys.js';
export { informSameness, type UsmLimits, type UsmOutcome, UsmReceiver, type UsmReceiverOptions } from './receiver.js';
export { counterOid, USM_COUNTERS, type UsmCounter, type UsmCounters } from './reports.js';
export { LATCHED_BOOTS, TIME_WINDOW_S } from './timeliness.js';
export { type UsmPassphrases, type UsmUser, usmUser } from './user.js';
