export { ALWAYS_OPEN, firesBetween, type IsOpen, isSchedule, nextFire, type ScheduleTrigger } from './fires.js';
export {
  DROPPED,
  type DropReason,
  type DueTrigger,
  decideRuns,
  type LateOutcome,
  lateOutcome,
  MOST_LATE_RUNS,
  ON_TIME_MS,
  type RunDecision,
} from './late.js';
export * from './matching.js';
export { type GivenVariables, variablesGiven } from './parameters.js';
export { type PlannedRun, type PlannedTrigger, planOf } from './plan.js';
export { MOST_PREMADE, type Premade, type PremadeChanges, premadeChanges } from './premade.js';
export { nextSessionId, partsOfSessionId, sessionIdOf, sessionStamp } from './session-id.js';
