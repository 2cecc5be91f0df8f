import {
  type Facilities,
  FacilitiesSchema,
  MAX_IMPORT_PART,
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
import { inParts } from './event-list.js';

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

/** @returns what they are called together. */
async function sent(parts: readonly (readonly unknown[])[]): Promise<string> {
  const id = newId();
  for (const [part, documents] of parts.entries())
    await call(`${root}/import/parts`, { method: 'POST', body: { import: id, part, documents }, deadlineMs: IMPORT_DEADLINE_MS });
  return id;
}

/** RFC 9562 5.4. `crypto.randomUUID` is there over TLS only. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

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
  /** All of it or nothing, however many there are. */
  import: async (documents: readonly unknown[], dryRun: boolean): Promise<SettingsDifference> => {
    const parts = inParts(documents, MAX_IMPORT_PART);
    const body = parts.length <= 1 ? { documents, dryRun } : { import: await sent(parts), dryRun };
    const answer = await call(`${root}/import`, { method: 'POST', body, deadlineMs: IMPORT_DEADLINE_MS });
    return decode('import', SettingsDifferenceSchema, answer);
  },
} as const;
