export { NO_BACKUP, NO_BACKUP_S } from './backup-watches.js';
export { internalLine, internalPayload, internalTold, isAtLeast } from './line.js';
export * from './recent.js';
export {
  type Observation,
  SELF_BEGIN,
  SELF_FACILITY,
  type Seen,
  type SelfRules,
  type SelfSeenLevel,
  type SelfState,
  type SelfStep,
  selfStep,
} from './step.js';
export { BAD_LEVELS, metricOf, runbookOf, SELF_LEVELS, type SelfLevel, type SelfLimits, type Watch } from './watch.js';
export { limitsInWords, WATCHES, watchOf } from './watches.js';
