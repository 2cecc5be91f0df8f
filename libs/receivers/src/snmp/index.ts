export { NODE_USM_CRYPTO } from './crypto.js';
export { type SnmpEngine, SnmpEngineError, startSnmpEngine } from './engine-state.js';
export { type RefusedSample, RefusedSamples } from './refused-samples.js';
export { loadSnmpUsers, SnmpUserError } from './users.js';
