import { CERTIFICATES } from './certificates.js';
import { FEATURES } from './features.js';
import { INGEST } from './ingest.js';
import { JOBS } from './jobs.js';
import { OPERATIONS } from './operations.js';
import { PATTERNS } from './patterns.js';
import { REVOKED } from './revoked.js';
import { STARVATION } from './starvation.js';
import { SUPERSET } from './superset.js';
import { TIMED } from './timed.js';
import type { Scenario } from './types.js';
import { UPGRADES } from './upgrades.js';

export const PATTERNS_AND_FEATURES: readonly Scenario[] = [...PATTERNS, ...FEATURES];

/** The table is the code, the list for people, and where the next id of faults.md goes. */
export const SCENARIOS: readonly Scenario[] = [
  ...PATTERNS_AND_FEATURES,
  ...SUPERSET,
  ...INGEST,
  ...UPGRADES,
  ...OPERATIONS,
  ...JOBS,
  ...CERTIFICATES,
  ...REVOKED,
  STARVATION,
  ...TIMED,
];
