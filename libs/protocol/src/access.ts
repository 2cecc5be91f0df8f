export * from './access/audit.js';
export * from './access/config.js';
export * from './access/login.js';
export * from './access/people.js';
export * from './access/rights.js';
