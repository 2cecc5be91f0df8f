export * from './events/index.js';
export * from './mib/index.js';
