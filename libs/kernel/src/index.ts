export * from './alarm.js';
export * from './awake.js';
export * from './errors.js';
export * from './ids.js';
export * from './lsn.js';
export * from './ports.js';
export * from './sse.js';
export * from './time.js';
