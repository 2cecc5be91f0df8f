import { z } from 'zod';
import { PrioritySchema } from './settings/common.js';

/** What a person has made of an event. */
export const EVENT_STATES = ['unconfirmed', 'confirming', 'confirmed'] as const;
export type EventState = (typeof EVENT_STATES)[number];
export const EventStateSchema = z.enum(EVENT_STATES);

/** A line of the event view. */
export const EventRowSchema = z
  .object({
    /** Grows in the order of storing, the same on both nodes. */
    number: z.int(),
    /** `RESULT/NOTIFICATION`: what brought it about has this id wherever it is told. */
    id: z.string(),
    at: z.string(),
    storedAt: z.string(),
    priority: PrioritySchema,
    state: EventStateSchema,
    facility: z.string(),
    /** The path as it was shown then; of a sender that is no node, the sender. */
    scope: z.string(),
    sender: z.string().nullable(),
    monitor: z.string(),
    plugin: z.string(),
    trigger: z.string(),
    notification: z.string(),
    item: z.string(),
    sub: z.string(),
    application: z.string(),
    message: z.string(),
    /** Why it was told: `first`, `changed`, `again`, `failed open`, `escalated`. */
    why: z.string(),
    before: PrioritySchema.nullable(),
    /** A storm: it stands for so many. 0 = for itself. */
    folded: z.int(),
    /** Of the last of them. */
    lastAt: z.string(),
    owner: z.string().nullable(),
    comment: z.string().nullable(),
    changedAt: z.string().nullable(),
    changedBy: z.string().nullable(),
  })
  .meta({ id: 'EventRow' });
export type EventRow = z.infer<typeof EventRowSchema>;

export const EventHistorySchema = z.object({
  id: z.int(),
  at: z.string(),
  by: z.string(),
  action: z.string(),
  detail: z.record(z.string(), z.unknown()),
});
export type EventHistory = z.infer<typeof EventHistorySchema>;

/** With what is long. */
export const EventDetailSchema = EventRowSchema.extend({
  /** The line, the answer, the numbers that led to it. */
  original: z.string(),
  history: z.array(EventHistorySchema),
}).meta({ id: 'EventDetail' });
export type EventDetail = z.infer<typeof EventDetailSchema>;

export const EventsSchema = z.object({ rows: z.array(EventRowSchema), next: z.string().nullable() }).meta({ id: 'Events' });
export type Events = z.infer<typeof EventsSchema>;

/** How many there are that nobody has confirmed. */
export const EventCountsSchema = z
  .object({ open: z.record(PrioritySchema, z.int()), newest: z.int() })
  .meta({ id: 'EventCounts' });
export type EventCounts = z.infer<typeof EventCountsSchema>;

export const MAX_EVENTS_AT_ONCE = 1_000;
export const EventChangeSchema = z
  .strictObject({
    numbers: z.array(z.int().positive()).min(1).max(MAX_EVENTS_AT_ONCE),
    state: EventStateSchema.optional(),
    /** '' = none any more. */
    comment: z.string().max(2_048).optional(),
    /** A login; '' = nobody any more. */
    owner: z.string().max(80).optional(),
    /** Who asks, of whoever comes with the token instead of a login. */
    by: z.string().min(1).max(80).optional(),
  })
  .refine(({ state, comment, owner }) => state !== undefined || comment !== undefined || owner !== undefined, {
    message: 'one of state, comment and owner',
  })
  .meta({ id: 'EventChange' });
export type EventChange = z.infer<typeof EventChangeSchema>;

/** `changed`: those that were not as asked before. */
export const EventsChangedSchema = z
  .object({ changed: z.array(z.int()), unknown: z.array(z.int()) })
  .meta({ id: 'EventsChanged' });
export type EventsChanged = z.infer<typeof EventsChangedSchema>;

/** The present state of one thing. */
export const StatusRowSchema = z
  .object({
    id: z.string(),
    at: z.string(),
    /** Since when it has had this priority. */
    since: z.string(),
    priority: PrioritySchema,
    facility: z.string(),
    scope: z.string(),
    sender: z.string().nullable(),
    monitor: z.string(),
    plugin: z.string(),
    notification: z.string(),
    item: z.string(),
    sub: z.string(),
    application: z.string(),
    message: z.string(),
    original: z.string(),
    expiresAt: z.string().nullable(),
    expiresTo: PrioritySchema.nullable(),
  })
  .meta({ id: 'StatusRow' });
export type StatusRow = z.infer<typeof StatusRowSchema>;
export const StatusesSchema = z
  .object({ rows: z.array(StatusRowSchema), more: z.boolean(), next: z.string().nullable().default(null) })
  .meta({ id: 'Statuses' });
export type Statuses = z.infer<typeof StatusesSchema>;

/** What values are kept of. */
export const SeriesRowSchema = z
  .object({ id: z.int(), monitor: z.string(), facility: z.string(), item: z.string(), since: z.string() })
  .meta({ id: 'SeriesRow' });
export type SeriesRow = z.infer<typeof SeriesRowSchema>;
export const SeriesListSchema = z
  .object({ series: z.array(SeriesRowSchema), more: z.boolean(), next: z.string().nullable().default(null) })
  .meta({ id: 'SeriesList' });
export type SeriesList = z.infer<typeof SeriesListSchema>;

/** Of one step: from `at` on. */
export const SeriesPointSchema = z.object({
  at: z.string(),
  /** null: nothing could be measured. */
  mean: z.number().nullable(),
  least: z.number().nullable(),
  most: z.number().nullable(),
  count: z.int(),
  /** Samples without a value. */
  missing: z.int(),
});
export type SeriesPoint = z.infer<typeof SeriesPointSchema>;
export const SeriesValuesSchema = z
  .object({
    from: z.string(),
    to: z.string(),
    stepMs: z.number(),
    series: z.array(SeriesRowSchema.extend({ points: z.array(SeriesPointSchema) })),
  })
  .meta({ id: 'SeriesValues' });
export type SeriesValues = z.infer<typeof SeriesValuesSchema>;
