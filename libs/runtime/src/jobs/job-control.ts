import type { LinkMessage } from '@yosugara/operations';
import { operationsFor } from '@yosugara/operations';
import type { JobDoor, JobLoopOptions } from './job-loop.js';
import { needsOf, startSession, startsOfLink } from './job-starts.js';
import type { JobTurn } from './job-turn.js';
import type { JobControl, JobStats, Keep, OperateAnswer, OperateRequest, StartAnswer, StartRequest } from './ports.js';

/** What people and other programs ask of jobs. */
export function jobControl(
  door: JobDoor,
  { rules, clock }: Pick<JobLoopOptions, 'rules' | 'clock'>,
  stats: () => JobStats,
): JobControl {
  const start = async (request: StartRequest, keep?: Keep<StartAnswer>): Promise<StartAnswer> => {
    const asked = { ...request, scheduledAtMs: request.scheduledAtMs ?? Math.floor(clock.wallMs()) };
    return await door.submit({
      weight: 1,
      needs: () => [needsOf(asked)],
      run: (turn, work) => kept(turn, startSession(work, turn, rules(), asked), keep),
    });
  };
  const operate = async (request: OperateRequest, keep?: Keep<OperateAnswer>): Promise<OperateAnswer> =>
    await door.submit<OperateAnswer>({
      weight: 1,
      needs: () => [{ session: request.session }],
      run: (turn, work) => {
        const { operation, job, facility, by, end, comment } = request;
        const session = work.sessions.session(request.session);
        if (session === null) return { kind: 'unknown', what: 'session' };
        const run = job === null ? null : session.jobs.get(job);
        if (run === undefined) return { kind: 'unknown', what: 'job' };
        const node = facility === null ? null : run?.nodes.find((each) => each.facility === facility);
        if (node === undefined) return { kind: 'unknown', what: 'node' };
        const refusal = turn.operate(session.id, { kind: 'operate', operation, job, facility, who: by, end, comment });
        if (refusal === null) return kept(turn, { kind: 'done' }, keep);
        const unit = work.sessions.unit(session.unit, session.revision);
        const isNet = job !== null && unit?.jobs.get(job)?.body.type === 'jobnet';
        const level = facility !== null ? 'node' : job === null ? 'session' : isNet ? 'jobnet' : 'job';
        return { kind: 'refused', why: refusal, allowed: operationsFor(level, (node ?? run ?? session).state) };
      },
    });
  const link = async (message: LinkMessage, keep?: Keep<boolean>): Promise<boolean> => {
    const asked = startsOfLink(rules(), message, clock.wallMs());
    return await door.submit({
      weight: 1 + asked.length,
      needs: () => asked.map(needsOf),
      run: (turn, work) => {
        if (work.sessions.past.knowsLink(message.id)) return kept(turn, false, keep);
        turn.links.push(message);
        // A job that begins in this very turn looks back at it.
        work.sessions.past.learnLinks([message]);
        for (const session of work.sessions.receivers()) turn.hear(session, { kind: 'linked', message });
        for (const each of asked) startSession(work, turn, rules(), each);
        return kept(turn, true, keep);
      },
    });
  };
  return { start, operate, link, stats };
}

/** The answer goes into the transaction of what it tells of: whoever asks again under its key, also after a take-over, gets it again. */
function kept<T>(turn: JobTurn, answer: T, keep?: Keep<T>): T {
  const row = keep?.(answer) ?? null;
  if (row !== null) turn.answers.push(row);
  return answer;
}
