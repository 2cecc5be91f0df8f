import type { Command } from './commands.js';

/**
 * Since which level of the cluster each command may be in the log: a member of an older version would refuse one that it does not
 * know, and hold another record than the others from then on. `level` is what raises it, when all speak the new one.
 */
export const COMMAND_LEVELS: Readonly<Record<Command['kind'], number>> = {
  claim: 1,
  forceClaim: 1,
  confirmStopped: 1,
  proveStopped: 1,
  opened: 1,
  join: 1,
  leave: 1,
  release: 1,
  ingestAlone: 1,
  recover: 1,
  switchover: 1,
  endSwitchover: 1,
  home: 1,
  fenceRequest: 1,
  fenceResult: 1,
  pause: 1,
  maintenance: 1,
  level: 1,
};

/** Since which level a claim may take an epoch that is not the next one (`apart`): an older version refuses it. */
export const APART_LEVEL = 2;
