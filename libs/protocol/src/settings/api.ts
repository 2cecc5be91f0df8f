import { z } from 'zod';
import { SETTING_KINDS, SettingHeadSchema } from './common.js';
import { PLATFORMS } from './scope.js';

/** Of one part of an import; whoever has more sends several. */
export const MAX_IMPORT_PART = 1_000;
export const MAX_IMPORT_PART_BYTES = 8 * 1024 * 1024;
/** Of a whole import. */
export const MAX_IMPORT = 250_000;
/** Settings that an answer tells one by one; more are counted. */
export const MAX_TOLD = 1_000;

export const SettingViewSchema = SettingHeadSchema.extend({
  /** null in the place of each secret. */
  body: z.unknown(),
  /** Places of secrets that are set, such as `snmp.community`. */
  hasSecret: z.array(z.string()),
}).meta({ id: 'Setting' });
export type SettingView = z.infer<typeof SettingViewSchema>;

/** GET /api/v1/settings/KIND */
export const SettingPageSchema = z
  .object({ rows: z.array(SettingViewSchema), next: z.string().nullable() })
  .meta({ id: 'SettingPage' });
export type SettingPage = z.infer<typeof SettingPageSchema>;

/** GET /api/v1/settings */
export const SettingsOverviewSchema = z
  .object({
    /** Grows with every change. */
    version: z.int(),
    /** Those that this version can write. */
    kinds: z.array(z.object({ kind: z.enum(SETTING_KINDS), count: z.int() })),
  })
  .meta({ id: 'SettingsOverview' });
export type SettingsOverview = z.infer<typeof SettingsOverviewSchema>;

export const SettingKeySchema = z.object({ kind: z.enum(SETTING_KINDS), id: z.string() });
export type SettingKey = z.infer<typeof SettingKeySchema>;

/** It is taken, and works otherwise than it looks. `place` is one in its body. */
export const SettingWarningSchema = SettingKeySchema.extend({ place: z.string(), message: z.string() }).meta({
  id: 'SettingWarning',
});
export type SettingWarning = z.infer<typeof SettingWarningSchema>;
/** A hundred at most; a manager of before says none. */
const warnings = z.array(SettingWarningSchema).default([]);

/** What became of a PUT. */
export const SettingPutSchema = z
  .object({ done: z.enum(['added', 'changed', 'unchanged']), revision: z.int(), version: z.int(), warnings })
  .meta({ id: 'SettingPut' });
export type SettingPut = z.infer<typeof SettingPutSchema>;

/** GET /api/v1/settings/KIND/ID/history, newest first. */
export const SettingHistorySchema = z
  .object({
    revisions: z.array(
      z.object({
        revision: z.int(),
        at: z.string(),
        by: z.string(),
        done: z.enum(['added', 'changed', 'removed']),
        /** What it was then; null = removed. */
        setting: z.object({ description: z.string(), enabled: z.boolean(), ownerRole: z.string(), body: z.unknown() }).nullable(),
        /** From the revision before it. */
        differences: z.array(z.object({ place: z.string(), before: z.unknown().optional(), after: z.unknown().optional() })),
      }),
    ),
    /** Older ones: `after` of the next question; null: there are none. */
    next: z.int().nullable().default(null),
  })
  .meta({ id: 'SettingHistory' });
export type SettingHistory = z.infer<typeof SettingHistorySchema>;

/** POST /api/v1/settings/import: the difference, done or only looked at. */
export const SettingsDifferenceSchema = z
  .object({
    dryRun: z.boolean(),
    /** With the change; of a dry run, that of now. */
    version: z.int(),
    counts: z.object({ added: z.int(), changed: z.int(), removed: z.int(), unchanged: z.int() }),
    /** At most a thousand of each are told. */
    added: z.array(SettingKeySchema),
    changed: z.array(
      SettingKeySchema.extend({
        differences: z.array(z.object({ place: z.string(), before: z.unknown().optional(), after: z.unknown().optional() })),
      }),
    ),
    removed: z.array(SettingKeySchema),
    /** Of all that was sent, whether it changed or not. */
    warnings,
  })
  .meta({ id: 'SettingsDifference' });
export type SettingsDifference = z.infer<typeof SettingsDifferenceSchema>;

/** POST /api/v1/settings/import/parts */
export const ImportPartSchema = z.object({ documents: z.int() }).meta({ id: 'ImportPart' });

/** POST /api/v1/settings/read */
export const ReadTextSchema = z
  .strictObject({ format: z.enum(['yaml', 'csv']), text: z.string().max(MAX_IMPORT_PART_BYTES) })
  .meta({ id: 'SettingsText' });
export const ReadDocumentsSchema = z.object({ documents: z.array(z.unknown()) }).meta({ id: 'SettingsDocuments' });

/** GET /api/v1/settings/export: documents as they are imported, and where the next page begins. */
export const SettingsExportSchema = z
  .object({ documents: z.array(z.unknown()), next: z.string().nullable() })
  .meta({ id: 'SettingsExport' });
export type SettingsExport = z.infer<typeof SettingsExportSchema>;

/** One scope of GET /api/v1/facilities. */
export const ScopeViewSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    parent: z.string().nullable(),
    /** Such as `Tokyo>Web>`. */
    path: z.string(),
    builtIn: z.boolean(),
    enabled: z.boolean(),
    sortOrder: z.int(),
    /** Nodes in it, and in it or below it. */
    nodes: z.int(),
    nodesBelow: z.int(),
  })
  .meta({ id: 'Scope' });
export type ScopeView = z.infer<typeof ScopeViewSchema>;

/** GET /api/v1/facilities: as a tree is drawn, each scope before those below it. */
export const FacilitiesSchema = z
  .object({ version: z.int(), nodes: z.int(), scopes: z.array(ScopeViewSchema) })
  .meta({ id: 'Facilities' });
export type Facilities = z.infer<typeof FacilitiesSchema>;

/** POST /api/v1/nodes/search: SNMP agents of a range of addresses. */
export const NodeSearchSchema = z
  .object({
    asked: z.int(),
    /** Not asked before the time was up. */
    left: z.int(),
    /** What stood in the way of some, such as a user that is refused. */
    trouble: z.string().nullable(),
    agents: z.array(
      z.object({
        address: z.string(),
        name: z.string(),
        description: z.string(),
        objectId: z.string(),
        platform: z.enum(PLATFORMS),
        /** Nodes with this address. */
        nodes: z.array(z.string()),
      }),
    ),
  })
  .meta({ id: 'NodeSearch' });
export type NodeSearch = z.infer<typeof NodeSearchSchema>;
