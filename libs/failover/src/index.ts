export * from './applied.js';
export { awayCause, estimateOf, goAway, homeward, isAwaited } from './away.js';
export { mayClaim, proofOfStop } from './claimant.js';
export { COMMAND_LEVELS } from './command-levels.js';
export * from './commands.js';
export * from './decide.js';
export * from './facts.js';
export { watchdogOf } from './fencing.js';
export { maintenanceOf, outOnPurpose, wallTime } from './fitness.js';
export { heldBack, limited, mayNotClaim, movesAway, RESTARTS_WITHIN_MS } from './governance.js';
export { levelOf } from './level.js';
export * from './lint.js';
export { MANAGER_AGAIN_MS } from './manager.js';
export type { Managing } from './managing.js';
export * from './observation.js';
export * from './predict.js';
export * from './profiles.js';
export * from './record.js';
export * from './transitions.js';
export * from './troubles.js';
export { holdUntilMs, isUnanswered, shootDelayMs, voteWanted } from './twoNodes.js';
export {
  awaitsForce,
  divergedHere,
  isAfar,
  isOwn,
  leaseHolds,
  mayServe,
  mayWrite,
  partnerOf,
  requiredNames,
  rowOf,
  successor,
  supersededBy,
} from './view.js';
