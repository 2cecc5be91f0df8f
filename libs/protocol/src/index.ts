export * from './config.js';
export * from './control.js';
export * from './events.js';
export * from './ingest.js';
export * from './messages.js';
export * from './mibs.js';
export * from './settings/index.js';
export * from './status.js';
