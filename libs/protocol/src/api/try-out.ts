// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
import type { z } from 'zod';
import { MonitorRanSchema, type MonitorRunSchema, NotificationTestedSchema, type NotificationTestSchema } from '../index.js';
import { apiCall, type Sent, segment } from './call.js';

/** Looks now, whatever its calendar says: what is seen is stored, judged and told as of any look. Needs monitor: execute. */
export const tryOutMonitor = (id: string | number, body: Sent<z.input<typeof MonitorRunSchema>>) =>
  apiCall('POST', `/api/v1/monitors/${segment(id)}/runs`, MonitorRanSchema, { body });

/** Has it tell something, whatever its calendar and its counts say: by the outbox, marked as a test, and nothing is remembered of it. Needs notification: execute. */
export const tryOutNotification = (id: string | number, body: Sent<z.input<typeof NotificationTestSchema>>) =>
  apiCall('POST', `/api/v1/notifications/${segment(id)}/tests`, NotificationTestedSchema, { body, isCommand: true });
