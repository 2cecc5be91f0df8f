import { z } from 'zod';
import { PrioritySchema, SettingIdSchema } from './common.js';

/** Nodes of one request; more are a load, and no trial. */
export const MOST_LOOKED_AT = 200;
/** What was seen of one node. */
const MOST_ITEMS = 1_000;

/** POST /api/v1/monitors/ID/runs */
export const MonitorRunSchema = z.strictObject({
  /** Nodes of its target; none: all of them, if they are not too many. */
  facilities: z.array(SettingIdSchema).max(MOST_LOOKED_AT).default([]),
  /** The answer waits so long for what is seen; looks that take longer go on. */
  withinS: z.int().min(0).max(60).default(15),
  by: z.string().min(1).max(80).optional(),
});
export type MonitorRun = z.infer<typeof MonitorRunSchema>;

export const MonitorRanSchema = z
  .object({
    monitor: z.string(),
    looks: z.array(
      z.object({
        facility: z.string(),
        /** `under way`: not over when this was answered. `maintenance`: a window keeps monitors from looking there. */
        state: z.enum(['seen', 'under way', 'maintenance']),
        /** What was seen, at most 1 000 items; `why`: it could not be had. */
        seen: z.array(z.object({ item: z.string(), value: z.string().nullable(), why: z.string().nullable() })).max(MOST_ITEMS),
        /** What the monitor says of it. None: nothing is to be said, or it is held until it is known whose silence it is. */
        results: z
          .array(z.object({ item: z.string(), sub: z.string(), priority: PrioritySchema, message: z.string() }))
          .max(MOST_ITEMS),
      }),
    ),
  })
  .meta({ id: 'MonitorRan' });
export type MonitorRan = z.infer<typeof MonitorRanSchema>;
export type MonitorLook = MonitorRan['looks'][number];

/** POST /api/v1/notifications/ID/tests */
export const NotificationTestSchema = z.strictObject({
  /** One that it tells; null: the worst of those. */
  priority: PrioritySchema.nullable().default(null),
  /** As if it were about this node; null: about the cluster itself. */
  facility: SettingIdSchema.nullable().default(null),
  message: z.string().trim().min(1).max(1_024).nullable().default(null),
  /** The answer waits so long for the word of the other side. */
  withinS: z.int().min(0).max(60).default(15),
  by: z.string().min(1).max(80).optional(),
});
export type NotificationTest = z.infer<typeof NotificationTestSchema>;

export const NotificationTestedSchema = z
  .object({
    /** Whoever gets it twice can tell. */
    id: z.string(),
    kind: z.string(),
    priority: PrioritySchema,
    /** `stored`: an event or a status, and there. `again`: it failed, and is tried again by itself. `under way`: nothing is known yet. */
    outcome: z.enum(['stored', 'sent', 'again', 'given up', 'under way']),
    /** What the other side said, where it did. */
    note: z.string().nullable(),
  })
  .meta({ id: 'NotificationTested' });
export type NotificationTested = z.infer<typeof NotificationTestedSchema>;
