import { z } from 'zod';

/** How bad something about ourselves is, from well to worst. `notice` is told as info. */
export const SELF_LEVELS = ['ok', 'notice', 'warning', 'critical'] as const;
export type SelfLevelName = (typeof SELF_LEVELS)[number];

const limit = z.number().nullable();

/** One value that is watched (docs/operations.md). */
export const SelfWatchSchema = z.object({
  /** Such as `disk-used`; its page is `runbook`. */
  watch: z.string(),
  what: z.string(),
  /** `seconds`, `bytes`, `ratio`, `count` or `level`. */
  unit: z.string(),
  /** Of several, which; '' = there is one only. */
  item: z.string(),
  /** null: it was not looked at last time. */
  value: z.number().nullable(),
  level: z.enum(SELF_LEVELS),
  /** Since when it is told so; null = it is well. */
  since: z.string().nullable(),
  /** From which value on it is so bad; null = it never is. */
  limits: z.object({ notice: limit, warning: limit, critical: limit }),
  worse: z.enum(['above', 'below']),
  /** `own`: only this node can see it. `cluster`: the Master sees it for all. */
  of: z.enum(['own', 'cluster']),
  /** What is known besides. */
  note: z.string(),
  /** The sentence that the event has; null = it is well. */
  says: z.string().nullable(),
  todo: z.string(),
  runbook: z.string(),
});
export type SelfWatchView = z.infer<typeof SelfWatchSchema>;

/** GET /api/v1/self: of the node that answers, the worst first. */
export const SelfViewSchema = z
  .object({
    node: z.string(),
    /** When it was looked at last; null = not yet. */
    at: z.string().nullable(),
    watches: z.array(SelfWatchSchema),
    /** Words about ourselves that are no events yet. */
    pending: z.int(),
  })
  .meta({ id: 'Self' });
export type SelfView = z.infer<typeof SelfViewSchema>;
