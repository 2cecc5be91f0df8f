import type {
  JobApprovals,
  JobHistory,
  JobOperate,
  JobPlan,
  JobPlanTried,
  JobPlanTry,
  JobQueues,
  JobRunDetail,
  JobSessionDetail,
  JobSessions,
  JobStart,
  JobStarted,
} from '@yosugara/protocol';
import {
  jobSessionsHistory,
  jobSessionsJob,
  jobSessionsList,
  jobSessionsOperate,
  jobSessionsShow,
  jobsApprovals,
  jobsPlan,
  jobsQueues,
  jobsStart,
  jobsTry,
} from '@yosugara/protocol/api';
import { asked, send } from './client.js';

const READ_MS = 15_000;

export const jobsApi = {
  sessions: async (query: string, signal?: AbortSignal): Promise<JobSessions> =>
    await send(jobSessionsList(asked(query)), { signal, deadlineMs: READ_MS }),
  session: async (id: string, signal?: AbortSignal): Promise<JobSessionDetail> =>
    await send(jobSessionsShow(id), { signal, deadlineMs: READ_MS }),
  job: async (id: string, job: string, signal?: AbortSignal): Promise<JobRunDetail> =>
    await send(jobSessionsJob(id, { job }), { signal }),
  operate: async (id: string, wish: Omit<JobOperate, 'by'>): Promise<unknown> =>
    await send(jobSessionsOperate(id, wish), { deadlineMs: READ_MS }),
  start: async (unit: string, wish: Partial<JobStart>): Promise<JobStarted> =>
    await send(jobsStart(unit, wish), { deadlineMs: READ_MS }),
  plan: async (query: string, signal?: AbortSignal): Promise<JobPlan> =>
    await send(jobsPlan(asked(query)), { signal, deadlineMs: READ_MS }),
  /** When a schedule would be due next, before anybody saves it: as far as it is filled in. */
  tryPlan: async (wish: Partial<JobPlanTry>, signal?: AbortSignal): Promise<JobPlanTried> =>
    await send(jobsTry(wish as JobPlanTry), { signal }),
  queues: async (signal?: AbortSignal): Promise<JobQueues> => await send(jobsQueues(), { signal, deadlineMs: READ_MS }),
  approvals: async (signal?: AbortSignal): Promise<JobApprovals> => await send(jobsApprovals(), { signal, deadlineMs: READ_MS }),
  history: async (id: string, query: string, signal?: AbortSignal): Promise<JobHistory> =>
    await send(jobSessionsHistory(id, asked(query)), { signal, deadlineMs: READ_MS }),
} as const;
