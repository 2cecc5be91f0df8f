export * from './api.js';
export * from './common.js';
export * from './difference.js';
export * from './filter.js';
export * from './node.js';
export * from './schemas.js';
export * from './scope.js';
export * from './secrets.js';
