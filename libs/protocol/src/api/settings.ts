// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
import type { z } from 'zod';
import {
  FacilitiesSchema,
  ImportPartSchema,
  NodeSearchSchema,
  ReadDocumentsSchema,
  type ReadTextSchema,
  ResolvedNodesSchema,
  SettingHistorySchema,
  SettingPageSchema,
  SettingPutSchema,
  SettingRemovedSchema,
  SettingsDifferenceSchema,
  SettingsExportSchema,
  SettingsOverviewSchema,
  SettingViewSchema,
} from '../index.js';
import { ANYTHING, apiCall, type Matching, type Query, type Sent, segment } from './call.js';

/** Needs that of the kind: read. */
export const settingsOverview = () => apiCall('GET', '/api/v1/settings', SettingsOverviewSchema);

export interface SettingsExportQuery {
  readonly kind?:
    | 'scope'
    | 'node'
    | 'calendar-pattern'
    | 'calendar'
    | 'mail-server'
    | 'mail-template'
    | 'rest-access'
    | 'notification'
    | 'monitor'
    | 'maintenance'
    | 'filter'
    | 'job-queue'
    | 'job-unit'
    | 'job-trigger'
    | 'role'
    | 'dashboard'
    | 'retention'
    | readonly (
        | 'scope'
        | 'node'
        | 'calendar-pattern'
        | 'calendar'
        | 'mail-server'
        | 'mail-template'
        | 'rest-access'
        | 'notification'
        | 'monitor'
        | 'maintenance'
        | 'filter'
        | 'job-queue'
        | 'job-unit'
        | 'job-trigger'
        | 'role'
        | 'dashboard'
        | 'retention'
      )[]
    | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}
/** In pages, as `import` takes them; secrets are null, which leaves them as they are. Built-in scopes are no part of it. Needs that of the kind: read. */
export const settingsExport = (query: Query<SettingsExportQuery> = {}) =>
  apiCall('GET', '/api/v1/settings/export', SettingsExportSchema, { query });

/** The JSON Schema of a kind's body; `writeOnly` marks secrets. Needs that of the kind: read. */
export const settingsSchema = (kind: string | number) => apiCall('GET', `/api/v1/settings/schema/${segment(kind)}`, ANYTHING);

/** All of it or nothing. `dryRun`: what would be added, changed field by field, and removed. Needs that of the kind: add or modify. */
export const settingsImport = (body: {
  readonly documents?: readonly unknown[] | undefined;
  readonly import?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly deleteMissing?:
    | readonly (
        | 'scope'
        | 'node'
        | 'calendar-pattern'
        | 'calendar'
        | 'mail-server'
        | 'mail-template'
        | 'rest-access'
        | 'notification'
        | 'monitor'
        | 'maintenance'
        | 'filter'
        | 'job-queue'
        | 'job-unit'
        | 'job-trigger'
        | 'role'
        | 'dashboard'
        | 'retention'
      )[]
    | undefined;
  readonly by?: string | undefined;
}) => apiCall('POST', '/api/v1/settings/import', SettingsDifferenceSchema, { body });

/** Of an import that is too large for one request: checked now, done with `import`. Needs that of the kind: add or modify. */
export const settingsPart = (body: {
  readonly import: string;
  readonly part: number;
  readonly documents: readonly unknown[];
  readonly by?: string | undefined;
}) => apiCall('POST', '/api/v1/settings/import/parts', ImportPartSchema, { body });

export interface SettingsListQuery {
  readonly text?: string | undefined;
  readonly enabled?: 'true' | 'false' | undefined;
  readonly ownerRole?: string | undefined;
  readonly address?: string | undefined;
  readonly host?: string | undefined;
  readonly scope?: string | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}
/** Needs that of the kind: read. */
export const settingsList = (kind: string | number, query: Query<SettingsListQuery> = {}) =>
  apiCall('GET', `/api/v1/settings/${segment(kind)}`, SettingPageSchema, { query });

/** Needs that of the kind: read. */
export const settingsShow = (kind: string | number, id: string | number) =>
  apiCall('GET', `/api/v1/settings/${segment(kind)}/${segment(id)}`, SettingViewSchema);

/** Secrets that are null or not there stay as they are; `""` removes one. Needs that of the kind: add or modify. */
export const settingsPut = (
  kind: string | number,
  id: string | number,
  body: {
    readonly description?: unknown | undefined;
    readonly enabled?: unknown | undefined;
    readonly ownerRole?: unknown | undefined;
    readonly body: unknown;
    readonly by?: string | undefined;
  },
  matching: Matching,
) => apiCall('PUT', `/api/v1/settings/${segment(kind)}/${segment(id)}`, SettingPutSchema, { body, matching });

export interface SettingsRemoveQuery {
  readonly by?: string | undefined;
}
/** 409 while others refer to it; they are named. Needs that of the kind: modify. */
export const settingsRemove = (
  kind: string | number,
  id: string | number,
  query: Query<SettingsRemoveQuery> = {},
  matching: Matching,
) => apiCall('DELETE', `/api/v1/settings/${segment(kind)}/${segment(id)}`, SettingRemovedSchema, { query, matching });

export interface SettingsHistoryQuery {
  readonly after?: number | undefined;
  readonly limit?: number | undefined;
}
/** Newest first. Needs that of the kind: read. */
export const settingsHistory = (kind: string | number, id: string | number, query: Query<SettingsHistoryQuery> = {}) =>
  apiCall('GET', `/api/v1/settings/${segment(kind)}/${segment(id)}/history`, SettingHistorySchema, { query });

/** All scopes, each before those below it. Their nodes: /api/v1/settings/node?scope=ID. Needs repository: read. */
export const facilitiesTree = () => apiCall('GET', '/api/v1/facilities', FacilitiesSchema);

export interface FacilitiesResolveQuery {
  readonly address: string;
  readonly host?: string | undefined;
}
/** Whose messages these would be: by address, then by host name. Several may be. Needs repository: read. */
export const facilitiesResolve = (query: Query<FacilitiesResolveQuery>) =>
  apiCall('GET', '/api/v1/facilities/resolve', ResolvedNodesSchema, { query });

/** Needs repository: execute. */
export const nodeSearchSearch = (body: {
  readonly range: string;
  readonly snmp?:
    | {
        readonly version?: 'v1' | 'v2c' | 'v3' | undefined;
        readonly port?: number | undefined;
        readonly timeoutMs?: number | undefined;
        readonly retries?: number | undefined;
        readonly community?: string | undefined;
        readonly user?: string | undefined;
        readonly level?: 'noAuthNoPriv' | 'authNoPriv' | 'authPriv' | undefined;
        readonly auth?: 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512' | undefined;
        readonly authSecret?: string | undefined;
        readonly priv?: 'des' | 'aes128' | 'aes192' | 'aes256' | 'aes192c' | 'aes256c' | undefined;
        readonly privSecret?: string | undefined;
      }
    | undefined;
}) => apiCall('POST', '/api/v1/nodes/search', NodeSearchSchema, { body });

/** Documents of a text, as `import` takes them: YAML of several, or CSV of nodes. Nothing is stored, and nothing checked but the form. Needs a login. */
export const readRead = (body: Sent<z.input<typeof ReadTextSchema>>) =>
  apiCall('POST', '/api/v1/settings/read', ReadDocumentsSchema, { body });
