import { beginSession, stepSessionAll } from '@yosugara/operations';

/** The pure part: what becomes of a session (`libs/operations/src/jobs`). A simulation puts a broken one in its place. */
export interface JobEngine {
  readonly beginSession: typeof beginSession;
  readonly stepSessionAll: typeof stepSessionAll;
}

export const JOB_ENGINE: JobEngine = { beginSession, stepSessionAll };
