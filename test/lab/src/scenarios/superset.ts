import { ANOTHER_SITE } from './another-site.js';
import { NARROW_LINE } from './narrow-line.js';
import { RECOVERS } from './recovers.js';
import { SITE_DRILL } from './site-drill.js';
import { CONSENSUS } from './superset-consensus.js';
import { DISKS } from './superset-disks.js';
import { NETWORK } from './superset-network.js';
import { OPERATIONS } from './superset-operations.js';
import { OPERATORS } from './superset-operators.js';
import { PROCESSES } from './superset-processes.js';
import type { Scenario } from './types.js';

/**
 * The ids of faults.md's superset that the lab can make. It cannot make: clocks that jump or drift (one kernel has one clock), kernel
 * panics, live migration, torn or misdirected sectors, hardware watchdogs.
 */
export const SUPERSET: readonly Scenario[] = [
  ...PROCESSES,
  ...NETWORK,
  ...DISKS,
  ...CONSENSUS,
  ...OPERATIONS,
  ...OPERATORS,
  ...ANOTHER_SITE,
  ...SITE_DRILL,
  ...NARROW_LINE,
  ...RECOVERS,
];
