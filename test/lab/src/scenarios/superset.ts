import type { Scenario } from './types.js';
export const SUPERSET: readonly Scenario[] = [];
