// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
import type { z } from 'zod';
import {
  JobApprovalsSchema,
  JobHistorySchema,
  JobLinkedSchema,
  type JobLinkSchema,
  JobLinksSchema,
  JobOperatedSchema,
  type JobOperateSchema,
  JobPlanSchema,
  JobPlanTriedSchema,
  type JobPlanTrySchema,
  JobQueuesSchema,
  JobRunDetailSchema,
  JobSessionDetailSchema,
  JobSessionsSchema,
  JobStartedSchema,
  type JobStartSchema,
} from '../index.js';
import { apiCall, type Query, type Sent, segment } from './call.js';

export interface JobSessionsListQuery {
  readonly unit?: string | undefined;
  readonly job?: string | undefined;
  readonly state?: string | readonly string[] | undefined;
  readonly endStatus?: string | readonly string[] | undefined;
  readonly trigger?: string | undefined;
  readonly triggerType?: 'schedule' | 'file-check' | 'link-receive' | 'manual' | 'event' | 'api' | undefined;
  readonly open?: 'true' | 'false' | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}
/** Newest first; on a Standby as far as it has replayed. Needs job: read. */
export const jobSessionsList = (query: Query<JobSessionsListQuery> = {}) =>
  apiCall('GET', '/api/v1/job-sessions', JobSessionsSchema, { query });

/** With all its jobs: how they are, why, and what may be done with them. Needs job: read. */
export const jobSessionsShow = (id: string | number) =>
  apiCall('GET', `/api/v1/job-sessions/${segment(id)}`, JobSessionDetailSchema);

export interface JobSessionsJobQuery {
  readonly job: string;
}
/** One job of it with its nodes, and what they wrote. Needs job: read. */
export const jobSessionsJob = (id: string | number, query: Query<JobSessionsJobQuery>) =>
  apiCall('GET', `/api/v1/job-sessions/${segment(id)}/job`, JobRunDetailSchema, { query });

export interface JobSessionsHistoryQuery {
  readonly after?: number | undefined;
  readonly limit?: number | undefined;
}
/** All that became of it, oldest first. Needs job: read. */
export const jobSessionsHistory = (id: string | number, query: Query<JobSessionsHistoryQuery> = {}) =>
  apiCall('GET', `/api/v1/job-sessions/${segment(id)}/history`, JobHistorySchema, { query });

/** Does something with it, with one of its jobs, or with one node of a job; 409 with the reason where that is not possible now. Needs job: execute or approve. */
export const jobSessionsOperate = (id: string | number, body: Sent<z.input<typeof JobOperateSchema>>) =>
  apiCall('POST', `/api/v1/job-sessions/${segment(id)}/operations`, JobOperatedSchema, { body, isCommand: true });

/** Begins a session by hand: of the whole unit, or of one of its jobs. Under the same `request` it is the same session. Needs job: execute. */
export const jobsStart = (id: string | number, body: Sent<z.input<typeof JobStartSchema>>) =>
  apiCall('POST', `/api/v1/job-units/${segment(id)}/sessions`, JobStartedSchema, { body, isCommand: true });

export interface JobsPlanQuery {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly unit?: string | undefined;
  readonly trigger?: string | undefined;
  readonly limit?: number | undefined;
}
/** Runs to come, by the schedules of now: the next day when nothing is said. Those made beforehand have a session. Needs job: read. */
export const jobsPlan = (query: Query<JobsPlanQuery> = {}) => apiCall('GET', '/api/v1/job-plan', JobPlanSchema, { query });

/** When a schedule would be due next, whether a trigger has it or not. Needs job: read. */
export const jobsTry = (body: Sent<z.input<typeof JobPlanTrySchema>>) =>
  apiCall('POST', '/api/v1/job-plan/try', JobPlanTriedSchema, { body });

/** What waits for an answer, of whoever it is asked. Needs job: read. */
export const jobsApprovals = () => apiCall('GET', '/api/v1/job-approvals', JobApprovalsSchema);

/** Who has a place in a queue, and who waits for one there, or on a node. Needs job: read. */
export const jobsQueues = () => apiCall('GET', '/api/v1/job-queues', JobQueuesSchema);

/** Says something to jobs and triggers that wait for it. Under the same `id` it is said once. Needs job: execute. */
export const jobsLink = (body: Sent<z.input<typeof JobLinkSchema>>) =>
  apiCall('POST', '/api/v1/job-links', JobLinkedSchema, { body, isCommand: true });

export interface JobsLinksQuery {
  readonly messageId?: string | undefined;
  readonly after?: number | undefined;
  readonly limit?: number | undefined;
}
/** What was said, newest first. Needs job: read. */
export const jobsLinks = (query: Query<JobsLinksQuery> = {}) => apiCall('GET', '/api/v1/job-links', JobLinksSchema, { query });
