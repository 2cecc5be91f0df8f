import { z } from 'zod';

/**
 * What a managed host consists of, as its agent sees it (docs/inventory.md). One table says what there is of each kind: agents collect by it,
 * managers refuse by it what is no inventory, and the console and the command line show by it.
 */
export const INVENTORY_FORMAT = 1;

/** `version`: compared as package managers do. `list`: words between spaces. */
export type InventoryFieldType = 'text' | 'number' | 'bytes' | 'version' | 'instant' | 'list';
export interface InventoryKindRule {
  /** So many of one host; what is more is cut off, and said. */
  readonly most: number;
  readonly fields: Readonly<Record<string, InventoryFieldType>>;
}

/** Each has a `name` besides, by which it is found. */
export const INVENTORY = {
  host: { most: 1, fields: { vendor: 'text', product: 'text' } },
  os: { most: 1, fields: { id: 'text', version: 'version', kernel: 'version', architecture: 'text' } },
  boot: { most: 1, fields: { at: 'instant' } },
  cpu: { most: 64, fields: { sockets: 'number', cores: 'number', threads: 'number' } },
  memory: { most: 1, fields: { total: 'bytes', swap: 'bytes' } },
  interface: { most: 1_000, fields: { mac: 'text', mtu: 'number', state: 'text', addresses: 'list' } },
  filesystem: { most: 1_000, fields: { device: 'text', type: 'text', size: 'bytes' } },
  device: { most: 1_000, fields: { type: 'text', size: 'bytes', model: 'text' } },
  package: { most: 20_000, fields: { version: 'version', architecture: 'text', vendor: 'text', by: 'text' } },
  port: { most: 2_000, fields: { protocol: 'text', address: 'text', port: 'number', program: 'text', user: 'text' } },
  process: { most: 2_000, fields: { user: 'text' } },
} as const satisfies Readonly<Record<string, InventoryKindRule>>;
export type InventoryKind = keyof typeof INVENTORY;
export const INVENTORY_KINDS = Object.keys(INVENTORY) as [InventoryKind, ...InventoryKind[]];
export const fieldsOf = (kind: InventoryKind): Readonly<Record<string, InventoryFieldType>> => INVENTORY[kind].fields;
export const isNumberField = (type: InventoryFieldType | undefined): boolean => type === 'number' || type === 'bytes';

/** Of one thing. */
export const MAX_INVENTORY_FIELDS = 16;
/** Of all kinds together. */
export const MAX_INVENTORY_ITEMS = 25_000;
export const MAX_INVENTORY_TEXT = 512;
/** Keys and names: both are in one entry of an index. */
export const MAX_INVENTORY_NAME = 256;
/** As it is sent: gzip, as base64. */
export const MAX_INVENTORY_PACKED_CHARS = 1_400_000;
/** What is unpacked of it. */
export const MAX_INVENTORY_BYTES = 8 * 1_048_576;
/** An agent has so long to look. */
export const INVENTORY_DEADLINE_MS = 60_000;

/** No control characters, and no halves of surrogate pairs. */
export const isPlainText = (text: string): boolean => !/[\p{Cc}\p{Cs}]/u.test(text);
const text = (most: number) => z.string().max(most).refine(isPlainText, 'a text without control characters');
export const InventoryKindSchema = z.enum(INVENTORY_KINDS);
export const InventoryFieldsSchema = z.record(z.string(), z.union([z.string(), z.number()]));
export type InventoryFields = z.infer<typeof InventoryFieldsSchema>;

/** One thing of a host. `key` is its own among those of its kind. */
export const InventoryItemSchema = z
  .strictObject({
    kind: InventoryKindSchema,
    key: text(MAX_INVENTORY_NAME),
    name: text(MAX_INVENTORY_NAME),
    fields: z.record(z.string(), z.union([text(MAX_INVENTORY_TEXT), z.number()])),
  })
  .superRefine(({ kind, fields }, context) => {
    const known = fieldsOf(kind);
    for (const [field, value] of Object.entries(fields).slice(0, MAX_INVENTORY_FIELDS)) {
      const type = Object.hasOwn(known, field) ? known[field] : undefined;
      const wanted = type === undefined ? undefined : isNumberField(type) ? 'number' : 'string';
      if (typeof value !== wanted)
        context.addIssue({
          code: 'custom',
          path: ['fields', field.slice(0, 64)],
          message: wanted === undefined ? `no field of ${kind}` : `a ${wanted}`,
        });
    }
  });
export type InventoryItem = z.infer<typeof InventoryItemSchema>;

/** There were more than the bound. */
const CutSchema = z.strictObject({ kind: InventoryKindSchema, kept: z.int().min(0), found: z.int().min(0) });
export type InventoryCut = z.infer<typeof CutSchema>;
/** That kind could not be looked at: what was known of it stays. */
const TroubleSchema = z.strictObject({ kind: InventoryKindSchema, why: text(MAX_INVENTORY_TEXT) });
export type InventoryTrouble = z.infer<typeof TroubleSchema>;

export const InventorySchema = z.strictObject({
  format: z.literal(INVENTORY_FORMAT),
  items: z.array(InventoryItemSchema).max(MAX_INVENTORY_ITEMS),
  cut: z.array(CutSchema).max(INVENTORY_KINDS.length).default([]),
  troubles: z.array(TroubleSchema).max(INVENTORY_KINDS.length).default([]),
});
export type Inventory = z.infer<typeof InventorySchema>;

/* ---------- The API ---------- */

const instant = z.string().nullable();

/** GET /api/v1/nodes/ID/inventory */
export const NodeInventorySchema = z
  .object({
    node: z.string(),
    /** null: nothing was collected yet. */
    collectedAt: instant,
    /** When something of it was another than before. */
    changedAt: instant,
    /** When it was tried last; `why` says what went wrong then, null: nothing. */
    triedAt: instant,
    why: z.string().nullable(),
    /** By the schedule; null: there is none, or nobody could do it. */
    nextAt: instant,
    /** Its agent is there, and of a version that collects. */
    canCollect: z.boolean(),
    counts: z.array(z.object({ kind: InventoryKindSchema, count: z.int() })),
    cut: z.array(CutSchema),
    troubles: z.array(TroubleSchema),
  })
  .meta({ id: 'NodeInventory' });
export type NodeInventory = z.infer<typeof NodeInventorySchema>;

/** `from`: since when it is so; `to`: until when it was, null: it is. */
const KnownItemSchema = z.object({
  kind: InventoryKindSchema,
  key: z.string(),
  name: z.string(),
  fields: InventoryFieldsSchema,
  from: z.string(),
  to: instant,
});
export type KnownItem = z.infer<typeof KnownItemSchema>;
/** GET /api/v1/nodes/ID/inventory/items */
export const InventoryItemsSchema = z
  .object({ rows: z.array(KnownItemSchema), next: z.string().nullable() })
  .meta({ id: 'InventoryItems' });
export type InventoryItems = z.infer<typeof InventoryItemsSchema>;

/** GET /api/v1/nodes/ID/inventory/changes, newest first */
export const InventoryChangesSchema = z
  .object({
    rows: z.array(
      z.object({
        at: z.string(),
        kind: InventoryKindSchema,
        key: z.string(),
        name: z.string(),
        change: z.enum(['added', 'removed', 'changed']),
        before: InventoryFieldsSchema.nullable(),
        after: InventoryFieldsSchema.nullable(),
      }),
    ),
    next: z.string().nullable(),
  })
  .meta({ id: 'InventoryChanges' });
export type InventoryChanges = z.infer<typeof InventoryChangesSchema>;

export const INVENTORY_OPERATORS = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'contains'] as const;
export type InventoryOperator = (typeof INVENTORY_OPERATORS)[number];

/** GET /api/v1/inventory: by name, then by node. */
export const InventoryFoundSchema = z
  .object({
    rows: z.array(KnownItemSchema.extend({ node: z.string() })),
    /** Also of a page without rows: so many were looked at, and there are more. */
    next: z.string().nullable(),
  })
  .meta({ id: 'InventoryFound' });
export type InventoryFound = z.infer<typeof InventoryFoundSchema>;

/** POST /api/v1/nodes/ID/inventory/collect */
export const InventoryCollectedSchema = z
  .object({ collectedAt: z.string(), items: z.int(), added: z.int(), removed: z.int(), changed: z.int() })
  .meta({ id: 'InventoryCollected' });
export type InventoryCollected = z.infer<typeof InventoryCollectedSchema>;
