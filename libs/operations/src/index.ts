export * from './events/index.js';
export * from './mib/index.js';
export * from './monitors/index.js';
export * from './notifications/index.js';
