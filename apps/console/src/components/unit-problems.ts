import { type Job, JobUnitBodySchema, jobsOf, jobUnitMistakes } from '@yosugara/protocol';
import type { Problem } from '../api/client.js';
import type { UnitDraft } from './unit-model.js';

/** What the manager would refuse, as far as the unit itself shows it; places as it names them, without `body.`. */
export function mistakesOf(unit: unknown): readonly Problem[] {
  const parsed = JobUnitBodySchema.safeParse(unit);
  if (parsed.success) return jobUnitMistakes(parsed.data).map(({ place, found, allowed }) => ({ place, found, allowed }));
  const problems = new Map<string, Problem>();
  for (const issue of parsed.error.issues)
    for (const problem of flat(issue, [])) problems.set(`${problem.place} ${problem.allowed}`, problem);
  return [...problems.values()];
}

interface Issue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly errors?: readonly (readonly Issue[])[];
}

/** Of alternatives that all fail, that which came nearest: the one with the deepest mistakes. */
function flat(issue: Issue, before: readonly PropertyKey[]): readonly Problem[] {
  const path = [...before, ...issue.path];
  if (issue.code === 'invalid_union' && issue.errors !== undefined && issue.errors.length > 0) {
    const depth = (errors: readonly Issue[]) =>
      Math.min(...errors.map((each) => (/type$/.test(each.path.join('.')) && each.path.length === 1 ? 0 : 1)));
    const nearest = issue.errors.toSorted((one, other) => depth(other) - depth(one) || one.length - other.length)[0]!;
    return nearest.flatMap((each) => flat(each, path));
  }
  return [{ place: path.map(String).join('.'), found: '', allowed: issue.message }];
}

/** To each job what is wrong with it itself (not with a job in it), at places as its own form names them; '' = of the unit. */
export function problemsByJob(
  unit: Pick<UnitDraft, 'jobs'>,
  problems: readonly Problem[],
): ReadonlyMap<string, readonly Problem[]> {
  const byJob = new Map<string, Problem[]>();
  if (problems.length === 0) return byJob;
  const places = new Map<string, string>();
  for (const { job, place } of jobsOf(unit as { jobs: Job[] })) places.set(place, job.id);
  for (const problem of problems) {
    const whole = problem.place.replace(/^body\./, '');
    const parts = whole.split('.');
    let [id, rest] = ['', whole];
    for (let length = parts.length; length > 0; length--) {
      const found = places.get(parts.slice(0, length).join('.'));
      if (found === undefined) continue;
      [id, rest] = [found, parts.slice(length).join('.')];
      break;
    }
    const list = byJob.get(id) ?? [];
    list.push({ ...problem, place: rest });
    byJob.set(id, list);
  }
  return byJob;
}
