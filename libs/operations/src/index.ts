export * from './calendars/index.js';
export * from './events/index.js';
export * from './maintenance/index.js';
export * from './mib/index.js';
export * from './monitors/index.js';
export * from './notifications/index.js';
export * from './suppression/index.js';
