export { applyChange, type Kept, keptOf, NEW_AGENT, stateOf } from './changes.js';
export { MAX_OPEN_RUNS, runStateOf, STOP_GRACE_MS } from './runs.js';
export { Shelf } from './shelf.js';
export { nextDueMs, REMEMBER_MS, stepAgent } from './step.js';
export { RUN_TABLE, RUN_TRIGGERS, type RunDeed, type RunRow, type RunTrigger } from './table.js';
export * from './types.js';
