import type { LinkMessage } from '@yosugara/operations';
import { operationsFor } from '@yosugara/operations';
import type { JobDoor, JobLoopOptions } from './job-loop.js';
import { needsOf, startSession, startsOfLink } from './job-starts.js';
import type { JobControl, JobStats, OperateAnswer, OperateRequest, StartAnswer, StartRequest } from './ports.js';

/** What people and other programs ask of jobs. */
export function jobControl(
  door: JobDoor,
  { rules, clock }: Pick<JobLoopOptions, 'rules' | 'clock'>,
  stats: () => JobStats,
): JobControl {
  const start = async (request: StartRequest): Promise<StartAnswer> => {
    const asked = { ...request, scheduledAtMs: request.scheduledAtMs ?? Math.floor(clock.wallMs()) };
    return await door.submit({
      weight: 1,
      needs: () => [needsOf(asked)],
      run: (turn, work) => startSession(work, turn, rules(), asked),
    });
  };
  const operate = async (request: OperateRequest): Promise<OperateAnswer> =>
    await door.submit<OperateAnswer>({
      weight: 1,
      needs: () => [{ session: request.session }],
      run: (turn, work) => {
        const { operation, job, facility, by, end } = request;
        const session = work.sessions.session(request.session);
        if (session === null) return { kind: 'unknown', what: 'session' };
        const run = job === null ? null : session.jobs.get(job);
        if (run === undefined) return { kind: 'unknown', what: 'job' };
        const node = facility === null ? null : run?.nodes.find((each) => each.facility === facility);
        if (node === undefined) return { kind: 'unknown', what: 'node' };
        const refusal = turn.operate(session.id, { kind: 'operate', operation, job, facility, who: by, end });
        if (refusal === null) return { kind: 'done' };
        const unit = work.sessions.unit(session.unit, session.revision);
        const isNet = job !== null && unit?.jobs.get(job)?.body.type === 'jobnet';
        const level = facility !== null ? 'node' : job === null ? 'session' : isNet ? 'jobnet' : 'job';
        return { kind: 'refused', why: refusal, allowed: operationsFor(level, (node ?? run ?? session).state) };
      },
    });
  const link = async (message: LinkMessage): Promise<boolean> => {
    const asked = startsOfLink(rules(), message, clock.wallMs());
    return await door.submit({
      weight: 1 + asked.length,
      needs: () => asked.map(needsOf),
      run: (turn, work) => {
        if (work.sessions.knowsLink(message.id)) return false;
        turn.links.push(message);
        // A job that begins in this very turn looks back at it.
        work.sessions.learnLinks([message]);
        for (const session of work.sessions.receivers()) turn.hear(session, { kind: 'linked', message });
        for (const each of asked) startSession(work, turn, rules(), each);
        return true;
      },
    });
  };
  return { start, operate, link, stats };
}
