import { z } from 'zod';

export const FILTERED_VIEWS = ['messages', 'events', 'statuses', 'nodes', 'results', 'settings', 'graphs'] as const;

/** A saved filter of a view: its fields are those that the page has in its address. */
export const FilterBodySchema = z.strictObject({
  name: z.string().min(1).max(256),
  view: z.enum(FILTERED_VIEWS),
  query: z
    .record(
      z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/, 'the name of a field of the view'),
      z.union([z.string().max(1_024), z.number(), z.boolean(), z.array(z.string().max(1_024)).max(64)]),
    )
    .refine((query) => Object.keys(query).length <= 64, 'at most 64 fields')
    .default({}),
  /** false: for whoever made it. */
  isShared: z.boolean().default(true),
});
export type FilterBody = z.infer<typeof FilterBodySchema>;
