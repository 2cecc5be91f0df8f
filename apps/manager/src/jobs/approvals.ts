import type { CompiledUnit } from '@yosugara/operations';
import type { JobApprovals } from '@yosugara/protocol';
import type { PlacedRun } from '@yosugara/runtime';
import type { Identity } from '../auth/identity.js';
import { mayAnswer } from './may-answer.js';
import { isoOrNull } from './views.js';

type UnitOf = (unit: string, revision: number) => Promise<CompiledUnit | null>;

/** What waits for an answer, and whether it is asked of whoever wants to know. */
export async function approvalsView(
  running: readonly PlacedRun[],
  more: boolean,
  unitOf: UnitOf,
  asker: Identity,
): Promise<JobApprovals> {
  const approvals: JobApprovals['approvals'] = [];
  for (const { session, unit, revision, run } of running) {
    const compiled = await unitOf(unit, revision);
    const body = compiled?.jobs.get(run.job)?.body;
    if (compiled === null || body?.type !== 'approval') continue;
    approvals.push({
      ...{ session, unit, unitName: compiled.body.name, job: run.job, name: body.name },
      // A manager of before did not write it down.
      sentence: run.why === '' ? body.sentence : run.why,
      ...{ role: body.role, user: body.user === '' ? null : body.user, since: isoOrNull(run.startedAtMs) },
      mine: mayAnswer(body, asker, asker.login) === null,
    });
  }
  return { approvals, more };
}
