export * from './machine.js';
export * from './phases.js';
export * from './plan.js';
export * from './preflight.js';
export * from './rate.js';
export * from './types.js';
