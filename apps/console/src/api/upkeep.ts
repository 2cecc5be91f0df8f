import {
  CleanUpAcceptedSchema,
  type CleanUpPreview,
  CleanUpPreviewSchema,
  type CleanUpQuestion,
  type CleanUpRuns,
  CleanUpRunsSchema,
  type ClusterLag,
  ClusterLagSchema,
  CommandAnswerSchema,
  type Retained,
  type RetentionView,
  RetentionViewSchema,
  type TakeOvers,
  TakeOversSchema,
} from '@yosugara/protocol';
import { ApiError, call, decode } from './client.js';

const READ_MS = 20_000;
const RETENTION = '/api/v1/retention';

/** A refusal of the cluster's is no HTTP error, but one for the operator. */
async function accepted(path: string, body: object): Promise<void> {
  const answer = decode(path, CommandAnswerSchema, await call(path, { method: 'POST', body, deadlineMs: 15_000 }));
  if (!answer.ok) throw new ApiError(409, 'REFUSED', answer.message);
}

/** What is kept and deleted, and how the cluster was. */
export const upkeepApi = {
  retention: async (signal?: AbortSignal): Promise<RetentionView> =>
    decode(RETENTION, RetentionViewSchema, await call(RETENTION, { signal, deadlineMs: READ_MS })),
  preview: async (body: CleanUpQuestion): Promise<CleanUpPreview> =>
    decode(RETENTION, CleanUpPreviewSchema, await call(`${RETENTION}/preview`, { method: 'POST', body, deadlineMs: 60_000 })),
  cleanUp: async (kinds: readonly Retained[]) =>
    decode(RETENTION, CleanUpAcceptedSchema, await call(`${RETENTION}/clean-up`, { method: 'POST', body: { kinds } })),
  runs: async (signal?: AbortSignal): Promise<CleanUpRuns> =>
    decode(RETENTION, CleanUpRunsSchema, await call(`${RETENTION}/runs?limit=30`, { signal, deadlineMs: READ_MS })),
  takeOvers: async (after: string | null, signal?: AbortSignal): Promise<TakeOvers> => {
    const path = `/api/v1/cluster/take-overs?limit=10${after === null ? '' : `&after=${after}`}`;
    return decode('take-overs', TakeOversSchema, await call(path, { signal, deadlineMs: READ_MS }));
  },
  lag: async (hours: number, signal?: AbortSignal): Promise<ClusterLag> =>
    decode('lag', ClusterLagSchema, await call(`/api/v1/cluster/lag?hours=${hours}`, { signal, deadlineMs: READ_MS })),
  /** minutes 0: it ends now. */
  maintenance: async (body: { readonly node: string; readonly minutes: number; readonly why: string }) =>
    await accepted('/api/cluster/maintenance', body),
  pause: async (body: { readonly minutes: number; readonly why: string }) => await accepted('/api/cluster/pause', body),
} as const;
