import { z } from 'zod';
import { SELF_LEVELS } from './self.js';

/** When something is full, if all goes on as it did. */
export const CapacityForecastSchema = z.object({
  /** `unknown`: not enough history, or no limit. `far`: it grows, and not so fast that this history could tell the day. */
  kind: z.enum(['unknown', 'never', 'far', 'full']),
  /** `full`: when. `far`: not before. */
  at: z.string().nullable(),
  /** `full`: it may be so early, or so late, as far as the history tells. */
  earliest: z.string().nullable(),
  latest: z.string().nullable(),
  confidence: z.enum(['low', 'medium', 'high']).nullable(),
  /** Of how many seconds of history this is said. */
  seconds: z.number().nullable(),
  /** In words: `in 12 days`, `never at this rate`. */
  says: z.string(),
});

const number = z.number().nullable();

/** One thing that can fill up. */
export const CapacityRowSchema = z.object({
  /** Such as `disk`; its line in the manual is `manual`. */
  resource: z.string(),
  what: z.string(),
  /** Whose; '' = the cluster's. */
  node: z.string(),
  /** Of several, which; '' = there is one only. */
  item: z.string(),
  /** `bytes`, `count` or `seconds`. */
  unit: z.string(),
  /** null: it was not measured lately. */
  used: number,
  /** null: it has none of its own. */
  limit: number,
  /** Of 1. */
  share: number,
  /** The most in the history that is looked at. */
  peak: number,
  /** What it grows by in a day; of what is cleaned up now and then, its tips. */
  perDay: number,
  full: CapacityForecastSchema,
  /** How bad that is told to be (`capacity` among what the manager watches). */
  level: z.enum(SELF_LEVELS),
  /** What to change. */
  advice: z.string(),
  manual: z.string(),
  /** Of what was used, among the collected values. */
  series: z.int(),
  /** Its last hours, for a small drawing, oldest first. */
  points: z.array(z.object({ at: z.string(), value: z.number() })),
});
export type CapacityRow = z.infer<typeof CapacityRowSchema>;

/** GET /api/v1/capacity: what fills up when, the most urgent first. */
export const CapacitySchema = z
  .object({
    /** Who worked it out. */
    node: z.string(),
    at: z.string(),
    everySeconds: z.number(),
    rows: z.array(CapacityRowSchema),
  })
  .meta({ id: 'Capacity' });
export type Capacity = z.infer<typeof CapacitySchema>;
