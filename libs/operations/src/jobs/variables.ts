import { localTime, type Values } from '../notifications/index.js';
import type { Draft } from './draft.js';

const OF_SESSION: Readonly<Record<string, (draft: Draft) => string>> = {
  SESSION_ID: ({ session }) => session.id,
  JOBUNIT_ID: ({ unit }) => unit.id,
  START_DATE: ({ session, unit }) => localTime(session.startedAtMs ?? session.scheduledAtMs, unit.body.timeZone),
  TRIGGER_TYPE: ({ session }) => session.trigger.type,
  TRIGGER_ID: ({ session }) => session.trigger.id ?? '',
  TRIGGER_INFO: ({ session }) => session.trigger.info,
};
export const SESSION_VARIABLES: readonly string[] = [...Object.keys(OF_SESSION), 'JOB_ID'];

/**
 * What `#[NAME]` means in a job, on a node where there is one: what other jobs returned, the session's variables (of the start, of the unit,
 * from outputs), what is known of the session, and what is known of the node.
 */
export function valuesIn(draft: Draft, job: string, facility: string | null): Values {
  return (name) => {
    const returned = returnedBy(draft, job, name);
    if (returned !== undefined) return returned;
    const { variables } = draft.session;
    if (Object.hasOwn(variables, name)) return variables[name];
    if (Object.hasOwn(OF_SESSION, name)) return OF_SESSION[name]!(draft);
    if (name === 'JOB_ID') return job;
    if (name === 'FACILITY_ID' && facility !== null) return facility;
    return facility === null ? undefined : draft.env.nodeValue(facility, name);
  };
}

/** `RETURN:JOB:FACILITY`, `RETURN:JOB` (of its first node), `END_NUM:JOB`. */
function returnedBy(draft: Draft, job: string, name: string): string | undefined {
  const [what, other, ...rest] = name.split(':');
  if (other === undefined || (what !== 'RETURN' && what !== 'END_NUM')) return undefined;
  const run = namedFrom(draft, job, other);
  if (run === undefined) return undefined;
  if (what === 'END_NUM') return run.endValue === null ? undefined : String(run.endValue);
  const facility = rest.join(':');
  const node = facility === '' ? run.nodes[0] : run.nodes.find((each) => each.facility === facility);
  return node?.returnValue == null ? undefined : String(node.returnValue);
}

/** In what a reference brought along, a name means the job beside it. */
function namedFrom(draft: Draft, job: string, name: string) {
  for (let prefix = job; ; ) {
    const slash = prefix.lastIndexOf('/');
    if (slash < 0) return draft.jobs.get(name);
    prefix = prefix.slice(0, slash);
    const found = draft.jobs.get(`${prefix}/${name}`);
    if (found !== undefined) return found;
  }
}
