import {
  type Facilities,
  FacilitiesSchema,
  type SettingHistory,
  SettingHistorySchema,
  type SettingKind,
  type SettingPage,
  SettingPageSchema,
  type SettingPut,
  SettingPutSchema,
  type SettingsDifference,
  SettingsDifferenceSchema,
  type SettingView,
  SettingViewSchema,
} from '@yosugara/protocol';
import { call, decode } from './client.js';

/** A setting as a form holds it. `revision`: what it was made from; null = it is new. */
export interface SettingDraft {
  readonly id: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly ownerRole: string;
  readonly revision: number | null;
  readonly body: unknown;
}

const root = '/api/v1/settings';
const pathOf = (kind: SettingKind, id: string) => `${root}/${kind}/${encodeURIComponent(id)}`;
const IMPORT_DEADLINE_MS = 150_000;

export const settingsApi = {
  list: async (kind: SettingKind, query: string, signal?: AbortSignal): Promise<SettingPage> =>
    decode(kind, SettingPageSchema, await call(`${root}/${kind}?${query}`, { signal })),
  show: async (kind: SettingKind, id: string, signal?: AbortSignal): Promise<SettingView> =>
    decode(kind, SettingViewSchema, await call(pathOf(kind, id), { signal })),
  history: async (kind: SettingKind, id: string, signal?: AbortSignal): Promise<SettingHistory> =>
    decode(kind, SettingHistorySchema, await call(`${pathOf(kind, id)}/history?limit=20`, { signal })),
  schema: async (kind: SettingKind, signal?: AbortSignal): Promise<unknown> => await call(`${root}/schema/${kind}`, { signal }),
  put: async (kind: SettingKind, { id, revision, ...setting }: SettingDraft): Promise<SettingPut> =>
    decode(
      kind,
      SettingPutSchema,
      await call(pathOf(kind, id), {
        method: 'PUT',
        body: setting,
        headers: revision === null ? { 'if-none-match': '*' } : { 'if-match': `"${revision}"` },
        deadlineMs: 15_000,
      }),
    ),
  remove: async (kind: SettingKind, id: string, revision: number) =>
    await call(pathOf(kind, id), { method: 'DELETE', headers: { 'if-match': `"${revision}"` } }),
  facilities: async (signal?: AbortSignal): Promise<Facilities> =>
    decode('facilities', FacilitiesSchema, await call('/api/v1/facilities', { signal })),
  /** Documents of a text that somebody wrote. */
  read: async (format: 'yaml' | 'csv', text: string): Promise<readonly unknown[]> => {
    const said = await call(`${root}/read`, { method: 'POST', body: { format, text }, deadlineMs: IMPORT_DEADLINE_MS });
    return (said as { documents?: unknown[] } | null)?.documents ?? [];
  },
  /** All of it or nothing. */
  import: async (documents: readonly unknown[], dryRun: boolean): Promise<SettingsDifference> =>
    decode(
      'import',
      SettingsDifferenceSchema,
      await call(`${root}/import`, { method: 'POST', body: { documents, dryRun }, deadlineMs: IMPORT_DEADLINE_MS }),
    ),
} as const;
