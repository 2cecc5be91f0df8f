import {
  type JobApprovals,
  JobApprovalsSchema,
  type JobHistory,
  JobHistorySchema,
  type JobOperate,
  type JobPlan,
  JobPlanSchema,
  type JobPlanTried,
  JobPlanTriedSchema,
  type JobPlanTry,
  type JobQueues,
  JobQueuesSchema,
  type JobRunDetail,
  JobRunDetailSchema,
  type JobSessionDetail,
  JobSessionDetailSchema,
  type JobSessions,
  JobSessionsSchema,
  type JobStart,
  type JobStarted,
  JobStartedSchema,
} from '@yosugara/protocol';
import { call, decode } from './client.js';

const READ_MS = 15_000;
const sessionPath = (id: string) => `/api/v1/job-sessions/${encodeURIComponent(id)}`;

export const jobsApi = {
  sessions: async (query: string, signal?: AbortSignal): Promise<JobSessions> =>
    decode('jobs', JobSessionsSchema, await call(`/api/v1/job-sessions?${query}`, { signal, deadlineMs: READ_MS })),
  session: async (id: string, signal?: AbortSignal): Promise<JobSessionDetail> =>
    decode('jobs', JobSessionDetailSchema, await call(sessionPath(id), { signal, deadlineMs: READ_MS })),
  job: async (id: string, job: string, signal?: AbortSignal): Promise<JobRunDetail> =>
    decode('jobs', JobRunDetailSchema, await call(`${sessionPath(id)}/job?job=${encodeURIComponent(job)}`, { signal })),
  operate: async (id: string, wish: Omit<JobOperate, 'by'>): Promise<unknown> =>
    await call(`${sessionPath(id)}/operations`, { method: 'POST', body: wish, deadlineMs: READ_MS }),
  start: async (unit: string, wish: Partial<JobStart>): Promise<JobStarted> =>
    decode(
      'jobs',
      JobStartedSchema,
      await call(`/api/v1/job-units/${encodeURIComponent(unit)}/sessions`, { method: 'POST', body: wish, deadlineMs: READ_MS }),
    ),
  plan: async (query: string, signal?: AbortSignal): Promise<JobPlan> =>
    decode('jobs', JobPlanSchema, await call(`/api/v1/job-plan?${query}`, { signal, deadlineMs: READ_MS })),
  /** When a schedule would be due next, before anybody saves it. */
  tryPlan: async (wish: Partial<JobPlanTry>, signal?: AbortSignal): Promise<JobPlanTried> =>
    decode('jobs', JobPlanTriedSchema, await call('/api/v1/job-plan/try', { method: 'POST', body: wish, signal })),
  queues: async (signal?: AbortSignal): Promise<JobQueues> =>
    decode('jobs', JobQueuesSchema, await call('/api/v1/job-queues', { signal, deadlineMs: READ_MS })),
  approvals: async (signal?: AbortSignal): Promise<JobApprovals> =>
    decode('jobs', JobApprovalsSchema, await call('/api/v1/job-approvals', { signal, deadlineMs: READ_MS })),
  history: async (id: string, query: string, signal?: AbortSignal): Promise<JobHistory> =>
    decode('jobs', JobHistorySchema, await call(`${sessionPath(id)}/history?${query}`, { signal, deadlineMs: READ_MS })),
} as const;
