import { InvalidInputError } from '@yosugara/kernel';
import {
  type EndWith,
  type JobApprovals,
  type JobHistory,
  type JobLink,
  type JobLinks,
  type JobOperation,
  type JobPlan,
  type JobPlanTried,
  type JobPlanTry,
  type JobQueues,
  type JobRunDetail,
  type JobSessionDetail,
  type JobSessionRow,
  type JobSessions,
  type JobStarted,
} from '@yosugara/protocol';
import {
  jobSessionsHistory,
  jobSessionsJob,
  jobSessionsList,
  jobSessionsOperate,
  jobSessionsShow,
  jobsApprovals,
  jobsLink,
  jobsLinks,
  jobsPlan,
  jobsQueues,
  jobsStart,
  jobsTry,
} from '@yosugara/protocol/api';
import { RefusedError } from '../control/client.js';
import { known, type ManagerApi } from '../control/manager-api.js';
import { queryOf } from './messages.js';

const PAGE = 500;
const HISTORY_PAGE = 1_000;
const CHANGE_DEADLINE_MS = 20_000;

export interface SessionFilter {
  readonly unit?: string | undefined;
  readonly job?: string | undefined;
  readonly state?: string | undefined;
  readonly endStatus?: string | undefined;
  readonly trigger?: string | undefined;
  readonly triggerType?: string | undefined;
  readonly open?: 'true' | 'false' | undefined;
  /** RFC 3339, UTC: of the times that sessions are for. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** Pages until `limit` rows are there, newest first. */
export async function readSessions(
  api: ManagerApi,
  filter: SessionFilter,
  limit: number,
  after: string | null,
): Promise<JobSessions> {
  const rows: JobSessionRow[] = [];
  let next = after;
  do {
    const query = queryOf(filter);
    query.set('limit', String(Math.min(PAGE, limit - rows.length)));
    if (next !== null) query.set('after', next);
    const page = await api.ask(jobSessionsList(query));
    rows.push(...page.rows);
    next = page.next;
  } while (next !== null && rows.length < limit);
  return { rows, next };
}

export const readSession = async (api: ManagerApi, session: string): Promise<JobSessionDetail> =>
  await known(api.ask(jobSessionsShow(session)));

export const readJob = async (api: ManagerApi, session: string, job: string): Promise<JobRunDetail> =>
  await known(api.ask(jobSessionsJob(session, { job })));

export async function readHistory(api: ManagerApi, session: string): Promise<JobHistory['lines']> {
  const lines: JobHistory['lines'] = [];
  let next: number | null = 0;
  while (next !== null) {
    const query: URLSearchParams = queryOf({ after: next, limit: HISTORY_PAGE });
    const page: JobHistory = await known(api.ask(jobSessionsHistory(session, query)));
    lines.push(...page.lines);
    next = page.next;
  }
  return lines;
}

export const readPlan = async (api: ManagerApi, filter: object): Promise<JobPlan> => await api.ask(jobsPlan(queryOf(filter)));

export const readQueues = async (api: ManagerApi): Promise<JobQueues> => await api.ask(jobsQueues());

export interface StartWish {
  readonly request: string;
  readonly job: string | null;
  readonly trigger: string | null;
  readonly parameters: Readonly<Record<string, string>>;
  readonly ignoresTimes: boolean;
  readonly testCommand: string | null;
}

/** @throws RefusedError, InvalidInputError, MistakesError */
export const startSession = async (api: ManagerApi, unit: string, wish: StartWish, by: string): Promise<JobStarted> =>
  await known(api.ask(jobsStart(unit, { ...wish, by }), CHANGE_DEADLINE_MS));

export interface OperateWish {
  readonly operation: JobOperation;
  readonly job: string | null;
  readonly facility: string | null;
  readonly end: EndWith | null;
  readonly comment: string;
}

/** @throws RefusedError — not possible now: the sentence says why, and what is */
export async function operateJob(api: ManagerApi, session: string, wish: OperateWish, by: string): Promise<void> {
  await known(api.ask(jobSessionsOperate(session, { ...wish, by }), CHANGE_DEADLINE_MS));
}

const RELEASES = ['release-hold', 'release-skip', 'release-suspend'] as const satisfies readonly JobOperation[];

/** The release that is possible now. @throws RefusedError — none is. */
export async function releaseOf(api: ManagerApi, session: string, job: string | null): Promise<JobOperation> {
  const found = await readSession(api, session);
  const part = job === null ? found : found.jobs.find((each) => each.job === job);
  if (part === undefined) throw new RefusedError('REFUSED', `session ${session} has no job ${job}`);
  const release = RELEASES.find((each) => part.operations.includes(each));
  if (release !== undefined) return release;
  throw new RefusedError(
    'REFUSED',
    `there is nothing to release: it is ${part.state}${'why' in part && part.why !== '' ? `, ${part.why}` : ''}`,
  );
}

export const sayLink = async (api: ManagerApi, message: object): Promise<{ readonly isNew: boolean }> =>
  await api.ask(jobsLink(message as JobLink), CHANGE_DEADLINE_MS);

/** `NAME=VALUE`, each. */
export function parseAssignments(given: readonly string[], option: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new InvalidInputError(option, text, 'NAME=VALUE');
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

export const readApprovals = async (api: ManagerApi): Promise<JobApprovals> => await api.ask(jobsApprovals());

export const readLinks = async (api: ManagerApi, filter: object): Promise<JobLinks> => await api.ask(jobsLinks(queryOf(filter)));

export const trySchedule = async (api: ManagerApi, wish: object): Promise<JobPlanTried> =>
  await api.ask(jobsTry(wish as JobPlanTry), CHANGE_DEADLINE_MS);
