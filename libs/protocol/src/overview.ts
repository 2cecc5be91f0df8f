import { z } from 'zod';
import { SELF_LEVELS } from './self.js';
import { PrioritySchema } from './settings/common.js';

/** How many of each priority. */
export const PriorityTallySchema = z.object({ critical: z.int(), unknown: z.int(), warning: z.int(), info: z.int() });
export type PriorityTally = z.infer<typeof PriorityTallySchema>;

export const ScopeHealthSchema = z.object({
  id: z.string(),
  name: z.string(),
  parent: z.string().nullable(),
  builtIn: z.boolean(),
  /** In it or below it, in force. */
  nodes: z.int(),
  /** Events there that nobody has confirmed. */
  open: PriorityTallySchema,
  /** How everything there is now. */
  now: PriorityTallySchema,
});
export type ScopeHealth = z.infer<typeof ScopeHealthSchema>;

export const SilentNodeSchema = z.object({
  facility: z.string(),
  name: z.string(),
  since: z.string(),
  priority: PrioritySchema,
  monitor: z.string(),
  message: z.string(),
});
export type SilentNode = z.infer<typeof SilentNodeSchema>;

export const LateJobSchema = z.object({
  session: z.string(),
  unit: z.string(),
  job: z.string(),
  state: z.string(),
  /** `start-delay`: it should have begun; `end-delay`: it should have ended. */
  why: z.enum(['start-delay', 'end-delay']),
});
export type LateJob = z.infer<typeof LateJobSchema>;

/**
 * GET /api/v1/overview: what somebody looks at first, as of at most some seconds ago. A part that the asker may not read is null.
 */
export const OverviewSchema = z
  .object({
    at: z.string(),
    node: z.string(),
    /** Of all, whether in a scope or not. */
    open: PriorityTallySchema.nullable(),
    /** How everything is now. */
    now: PriorityTallySchema.nullable(),
    /** Each before those below it; those without nodes and without news are left out unless somebody made them. */
    scopes: z.array(ScopeHealthSchema).nullable(),
    /** Nodes that a monitor of reachability, or of their agent, does not reach; the longest first. */
    silent: z.object({ rows: z.array(SilentNodeSchema), more: z.boolean() }).nullable(),
    jobs: z
      .object({
        /** Sessions that are not over, by state. */
        states: z.record(z.string(), z.int()),
        late: z.array(LateJobSchema),
        moreLate: z.boolean(),
        /** Ended abnormally, of those of the last 24 hours. */
        failed: z.int(),
      })
      .nullable(),
    /** null: this node lets none in, too. */
    agents: z.object({ known: z.int(), connected: z.int(), away: z.array(z.string()) }).nullable(),
    self: z
      .object({
        at: z.string().nullable(),
        worst: z.enum(SELF_LEVELS),
        bad: z.array(
          z.object({
            watch: z.string(),
            item: z.string(),
            level: z.enum(SELF_LEVELS),
            since: z.string().nullable(),
            says: z.string().nullable(),
          }),
        ),
      })
      .nullable(),
  })
  .meta({ id: 'Overview' });
export type Overview = z.infer<typeof OverviewSchema>;
