import type { Job, StartCondition } from '@yosugara/protocol';

/** What a job waits for among those beside it. */
export interface Wait {
  readonly from: string;
  /** Such as `normal`, `= 0`; several conditions on the same job in one. */
  readonly says: string;
  readonly isNormalOnly: boolean;
}

/** A job as the graph sees it, of a unit or of a session. */
export interface GraphJob {
  readonly id: string;
  readonly waits: readonly Wait[];
  /** Of those that wait for it only one runs: the first that may. */
  readonly branches: readonly string[];
  /** Conditions that are no edges: times, variables, other sessions. */
  readonly others: readonly string[];
}

/** One condition for people; only of those that name a job of the same jobnet or stand alone. */
export function conditionText(condition: StartCondition): string {
  switch (condition.kind) {
    case 'end-status':
      return condition.status.join('/');
    case 'end-value':
    case 'return-value':
      return `${condition.operator} ${condition.value}`;
    case 'time':
      return condition.at;
    case 'elapsed':
      return `+${condition.minutes} min`;
    case 'variable':
      return `${condition.left} ${condition.operator} ${condition.right}`;
    case 'cross-session-end-status':
      return `${condition.unit}/${condition.job} ${condition.status.join('/')}`;
    case 'cross-session-end-value':
      return `${condition.unit}/${condition.job} ${condition.operator} ${condition.value}`;
  }
}

export function graphJob(job: Pick<Job, 'id'> & Partial<Pick<Job, 'wait' | 'exclusive'>>): GraphJob {
  const waits = new Map<string, Wait>();
  const others: string[] = [];
  for (const { conditions } of job.wait?.groups ?? [])
    for (const each of conditions) {
      const says = conditionText(each);
      if (each.kind !== 'end-status' && each.kind !== 'end-value' && each.kind !== 'return-value') {
        others.push(says);
        continue;
      }
      const known = waits.get(each.job);
      const isNormalOnly = each.kind === 'end-status' && says === 'normal' && known === undefined;
      waits.set(each.job, { from: each.job, says: known === undefined ? says : `${known.says}, ${says}`, isNormalOnly });
    }
  return { id: job.id, waits: [...waits.values()], branches: job.exclusive?.order ?? [], others };
}
