export * from './queries.js';
export { createRaft, type RaftState } from './state.js';
export { step } from './step.js';
export { timingsProblems } from './timings.js';
export * from './types.js';
