import {
  type Facilities,
  MAX_IMPORT_PART,
  type SettingHistory,
  type SettingKind,
  type SettingPage,
  type SettingPut,
  type SettingsDifference,
  type SettingsExport,
  type SettingView,
} from '@yosugara/protocol';
import {
  facilitiesTree,
  readRead,
  settingsExport,
  settingsHistory,
  settingsImport,
  settingsList,
  settingsPart,
  settingsPut,
  settingsRemove,
  settingsSchema,
  settingsShow,
} from '@yosugara/protocol/api';
import { asked, send } from './client.js';
import { inParts } from './event-list.js';
import { newId } from './new-id.js';

/** A setting as a form holds it. `revision`: what it was made from; null = it is new. */
export interface SettingDraft {
  readonly id: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly ownerRole: string;
  readonly revision: number | null;
  readonly body: unknown;
}

const IMPORT_DEADLINE_MS = 150_000;

/** @returns what they are called together. */
async function sent(parts: readonly (readonly unknown[])[]): Promise<string> {
  const id = newId();
  for (const [part, documents] of parts.entries())
    await send(settingsPart({ import: id, part, documents }), { deadlineMs: IMPORT_DEADLINE_MS });
  return id;
}

export const settingsApi = {
  list: async (kind: SettingKind, query: string, signal?: AbortSignal): Promise<SettingPage> =>
    await send(settingsList(kind, asked(query)), { signal }),
  show: async (kind: SettingKind, id: string, signal?: AbortSignal): Promise<SettingView> =>
    await send(settingsShow(kind, id), { signal }),
  history: async (kind: SettingKind, id: string, signal?: AbortSignal): Promise<SettingHistory> =>
    await send(settingsHistory(kind, id, { limit: 20 }), { signal }),
  schema: async (kind: SettingKind, signal?: AbortSignal): Promise<unknown> => await send(settingsSchema(kind), { signal }),
  put: async (kind: SettingKind, { id, revision, ...setting }: SettingDraft): Promise<SettingPut> =>
    await send(settingsPut(kind, id, setting, revision === null ? { ifNoneMatch: '*' } : { ifMatch: revision }), {
      deadlineMs: 15_000,
    }),
  remove: async (kind: SettingKind, id: string, revision: number) =>
    await send(settingsRemove(kind, id, {}, { ifMatch: revision })),
  /** All of a kind that one may read, as documents that an import takes. */
  export: async (kind: SettingKind): Promise<readonly unknown[]> => {
    const found: unknown[] = [];
    for (let after: string | null = null; ; ) {
      const page: SettingsExport = await send(settingsExport({ kind, after: after ?? undefined }), { deadlineMs: 15_000 });
      found.push(...page.documents);
      after = page.next;
      if (after === null) return found;
    }
  },
  facilities: async (signal?: AbortSignal): Promise<Facilities> => await send(facilitiesTree(), { signal }),
  /** Documents of a text that somebody wrote. */
  read: async (format: 'yaml' | 'csv', text: string): Promise<readonly unknown[]> =>
    (await send(readRead({ format, text }), { deadlineMs: IMPORT_DEADLINE_MS })).documents,
  /** All of it or nothing, however many there are. */
  import: async (documents: readonly unknown[], dryRun: boolean): Promise<SettingsDifference> => {
    const parts = inParts(documents, MAX_IMPORT_PART);
    const body = parts.length <= 1 ? { documents, dryRun } : { import: await sent(parts), dryRun };
    return await send(settingsImport(body), { deadlineMs: IMPORT_DEADLINE_MS });
  },
} as const;
