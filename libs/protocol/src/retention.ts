import { z } from 'zod';
import { RETAINED, type Retained, RetentionBodySchema, RetentionDaysSchema, SUMS_OUTLIVE_VALUES } from './settings/retention.js';

export const RetainedSchema = z.enum(RETAINED);

/** How many; `isAbout`: as the database last estimated, since counting all of them would take long. */
const RowsSchema = z.object({ rows: z.int(), isAbout: z.boolean() });

/** What one clean-up of one kind did. */
export const CleanUpRunSchema = z.object({
  number: z.int(),
  kind: RetainedSchema,
  startedAt: z.string(),
  /** null: it runs. */
  endedAt: z.string().nullable(),
  /** Who asked; null: it was due. */
  by: z.string().nullable(),
  /** What is older than this went. */
  before: z.string(),
  rows: z.int(),
  /** Days, hours or months that went whole, and are not among `rows`. */
  parts: z.array(z.string()),
  state: z.enum(['running', 'done', 'cut', 'failed']),
  /** Why it did not come to its end. */
  why: z.string().nullable(),
});
export type CleanUpRun = z.infer<typeof CleanUpRunSchema>;

export const RetainedViewSchema = z.object({
  kind: RetainedSchema,
  tables: z.array(z.string()),
  ...RowsSchema.shape,
  /** On the disk of one node, with indexes. */
  bytes: z.int(),
  oldest: z.string().nullable(),
  /** How many days it is kept; null: it is not by days (`source` tells). */
  days: z.int().nullable(),
  /** Who says so: the setting, the node's file, each job unit (`keepDays`), each setting, or the program. */
  source: z.enum(['setting', 'file', 'unit', 'program', 'none']),
  /** As the file has it; null: it says nothing of it. */
  fileDays: z.int().nullable(),
  /** It can be changed here. */
  isEditable: z.boolean(),
  /** Kept longer than it says, since sums must outlive their values. */
  isRaised: z.boolean(),
  last: CleanUpRunSchema.nullable(),
  /** When it was looked at last, whether or not anything was to be deleted. */
  lookedAt: z.string().nullable(),
});
export type RetainedView = z.infer<typeof RetainedViewSchema>;

/** GET /api/v1/retention */
export const RetentionViewSchema = z.object({
  at: z.string(),
  node: z.string(),
  /** null: there is no setting, and all is as the file says. */
  setting: z.object({ revision: z.int(), enabled: z.boolean(), body: RetentionBodySchema }).nullable(),
  /** Rows may be deleted now. */
  isOpen: z.boolean(),
  /** What runs or waits to run. */
  running: RetainedSchema.nullable(),
  waiting: z.array(RetainedSchema),
  databaseBytes: z.int(),
  kinds: z.array(RetainedViewSchema),
});
export type RetentionView = z.infer<typeof RetentionViewSchema>;

/** POST /api/v1/retention/preview; `days` as somebody thinks of setting them. */
export const CleanUpQuestionSchema = z
  .strictObject({
    kinds: z.array(RetainedSchema).max(RETAINED.length).optional(),
    days: RetentionDaysSchema.optional(),
  })
  .meta({ id: 'CleanUpQuestion' });
export type CleanUpQuestion = z.infer<typeof CleanUpQuestionSchema>;

export const CleanUpPreviewSchema = z.object({
  kinds: z.array(
    z.object({
      kind: RetainedSchema,
      days: z.int(),
      before: z.string(),
      ...RowsSchema.shape,
      /** There are more: counting ended there. */
      isMore: z.boolean(),
      parts: z.array(z.string()),
      /** Of the parts that go whole; null: rows leave room in their table, which is not given back. */
      bytes: z.int().nullable(),
    }),
  ),
});
export type CleanUpPreview = z.infer<typeof CleanUpPreviewSchema>;

/** POST /api/v1/retention/clean-up */
export const CleanUpRequestSchema = z
  .strictObject({ kinds: z.array(RetainedSchema).min(1).max(RETAINED.length) })
  .meta({ id: 'CleanUpRequest' });
export const CleanUpAcceptedSchema = z.object({ waiting: z.array(RetainedSchema) });
export const CleanUpRunsSchema = z.object({ rows: z.array(CleanUpRunSchema), next: z.string().nullable() });
export type CleanUpRuns = z.infer<typeof CleanUpRunsSchema>;

export type FileDays = Readonly<Record<Retained, number | null>>;

export interface KeptDays {
  readonly days: number | null;
  readonly source: 'setting' | 'file' | 'unit' | 'program' | 'none';
  readonly isRaised: boolean;
}

const BY_PROGRAM: readonly Retained[] = ['counts', 'notifications', 'takeOvers', 'lag'];

/** How long each is kept: as the setting says, else as the file does; sums never shorter than what they are made of. */
export function keptDays(
  file: FileDays,
  set: Partial<Record<string, number | null | undefined>>,
): Readonly<Record<Retained, KeptDays>> {
  const plain = (kind: Retained): KeptDays => {
    const own = set[kind] ?? null;
    if (own !== null) return { days: own, source: 'setting', isRaised: false };
    if (file[kind] !== null) return { days: file[kind], source: BY_PROGRAM.includes(kind) ? 'program' : 'file', isRaised: false };
    return { days: null, source: kind === 'jobs' ? 'unit' : 'none', isRaised: false };
  };
  const all = Object.fromEntries(RETAINED.map((kind) => [kind, plain(kind)])) as Record<Retained, KeptDays>;
  for (const [unit, more] of Object.entries(SUMS_OUTLIVE_VALUES) as ['hours' | 'days', number][]) {
    const least = (all.values.days ?? 0) + more;
    if ((all[unit].days ?? least) < least) all[unit] = { ...all[unit], days: least, isRaised: true };
  }
  return all;
}
