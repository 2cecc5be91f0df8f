export type { RunReport, ScenarioReport } from './check/types.js';
