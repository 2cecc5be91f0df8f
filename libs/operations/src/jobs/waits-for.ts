import type { CompiledUnit } from './compiled.js';
import { openConditions } from './conditions.js';
import { Draft, SESSION } from './draft.js';
import { isEnded } from './states.js';
import type { JobEnv } from './step-types.js';
import type { JobRun, JobSession } from './types.js';

/** What an open session waits for: `job` '' = the session. */
export interface Waiting {
  readonly job: string;
  /** Somebody must do something; else it comes by itself. */
  readonly needsPeople: boolean;
  readonly text: string;
}

/** Why it has not ended: empty of a session that has. Only what can be waited for now, not what comes after it. */
export function waitsFor(unit: CompiledUnit, session: JobSession, env: JobEnv): readonly Waiting[] {
  const draft = new Draft(unit, session, env);
  if (isEnded(session.state)) return [];
  const { state, scheduledAtMs } = session;
  if (state === 'scheduled' || state === 'skipped')
    return [{ job: SESSION, needsPeople: false, text: `${new Date(scheduledAtMs).toISOString()}, the time that it is for` }];
  if (state !== 'running' && state !== 'stopping') return [{ job: SESSION, needsPeople: true, text: `somebody: it is ${state}` }];
  return [...session.jobs].flatMap(([id, run]) => ofJob(draft, id, run));
}

function ofJob(draft: Draft, id: string, run: JobRun): readonly Waiting[] {
  const people = (text: string): readonly Waiting[] => [{ job: id, needsPeople: true, text }];
  const itself = (text: string): readonly Waiting[] => [{ job: id, needsPeople: false, text }];
  const parent = draft.parentOf(id);
  if (isEnded(run.state) || (parent !== SESSION && isEnded(draft.state(parent)))) return [];
  switch (run.state) {
    case 'waiting':
    case 'skipped': {
      if (!draft.isOpen(parent)) return [];
      if (run.notBeforeMs !== null) return itself(`its next attempt at ${new Date(run.notBeforeMs).toISOString()}`);
      const open = openConditions(draft, id);
      return itself(open.length === 0 ? 'its turn' : open.join('; '));
    }
    case 'queued':
      return itself('a place in its queue');
    case 'running':
    case 'stopping':
      return ofRunning(draft, id, run);
    default:
      return people(`somebody: it is ${run.state}${run.why === '' ? '' : ` (${run.why})`}`);
  }
}

function ofRunning(draft: Draft, id: string, run: JobRun): readonly Waiting[] {
  const { body } = draft.job(id);
  const say = (text: string, needsPeople = false): Waiting => ({ job: id, needsPeople, text });
  if (body.type === 'jobnet') return [];
  if (body.type === 'approval') return [say(`the answer of ${body.user ?? body.role}`, true)];
  if (body.type === 'link-receive') return [say(`message ${body.messageId}`)];
  return run.nodes.flatMap(({ facility, state, spool, asked, notBeforeMs = null }) => {
    switch (state) {
      case 'waiting':
        return notBeforeMs === null ? [] : [say(`its next run on ${facility} at ${new Date(notBeforeMs).toISOString()}`)];
      case 'queued':
        return [say(`a place on ${facility}`)];
      case 'claimed':
        return [
          say(
            spool === null
              ? `the agent of ${facility} to take it (asked ${asked} times)`
              : `news of the agent of ${facility}, which was let start it`,
          ),
        ];
      case 'running':
        return [say(`the end on ${facility === '' ? 'the other side' : facility}`)];
      case 'stopping':
        return [say(`${facility} to stop it`)];
      default:
        return [];
    }
  });
}
