import type {
  CleanUpPreview,
  CleanUpQuestion,
  CleanUpRuns,
  ClusterLag,
  Retained,
  RetentionView,
  TakeOvers,
} from '@yosugara/protocol';
import {
  clusterFence,
  clusterMaintenance,
  clusterPause,
  retentionCleanUp,
  retentionPreview,
  retentionRuns,
  retentionShow,
  takeOversLag,
  takeOversList,
} from '@yosugara/protocol/api';
import { accepted, send } from './client.js';

const READ_MS = 20_000;
const COMMAND_MS = 15_000;

/** What is kept and deleted, and how the cluster was. */
export const upkeepApi = {
  retention: async (signal?: AbortSignal): Promise<RetentionView> => await send(retentionShow(), { signal, deadlineMs: READ_MS }),
  preview: async (body: CleanUpQuestion): Promise<CleanUpPreview> => await send(retentionPreview(body), { deadlineMs: 60_000 }),
  cleanUp: async (kinds: readonly Retained[]) => await send(retentionCleanUp({ kinds })),
  runs: async (signal?: AbortSignal): Promise<CleanUpRuns> =>
    await send(retentionRuns({ limit: 30 }), { signal, deadlineMs: READ_MS }),
  takeOvers: async (after: string | null, signal?: AbortSignal): Promise<TakeOvers> =>
    await send(takeOversList(new URLSearchParams({ limit: '10', ...(after === null ? {} : { after }) })), {
      ...{ signal, deadlineMs: READ_MS },
    }),
  lag: async (hours: number, signal?: AbortSignal): Promise<ClusterLag> =>
    await send(takeOversLag({ hours }), { signal, deadlineMs: READ_MS }),
  /** minutes 0: it ends now. */
  maintenance: async (body: { readonly node: string; readonly minutes: number; readonly why: string }) =>
    void accepted(await send(clusterMaintenance(body), { deadlineMs: COMMAND_MS })),
  fence: async (body: { readonly node: string; readonly why: string }) =>
    void accepted(await send(clusterFence(body), { deadlineMs: COMMAND_MS })),
  pause: async (body: { readonly minutes: number; readonly why: string }) =>
    void accepted(await send(clusterPause(body), { deadlineMs: COMMAND_MS })),
} as const;
