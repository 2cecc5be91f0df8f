import { z } from 'zod';
import { EVENT_STATES } from '../events.js';
import { MESSAGE_KINDS, SYSLOG_SEVERITIES } from '../messages.js';
import { TimeZoneSchema } from './calendar.js';
import { PRIORITIES, PrioritySchema } from './common.js';

/** Ages, as the API takes them. */
export const DASHBOARD_RANGES = ['15m', '1h', '6h', '24h', '7d', '30d', '365d'] as const;
export type DashboardRange = (typeof DASHBOARD_RANGES)[number];
/** A widget is so many of these wide at most; on a telephone each takes the whole width. */
export const DASHBOARD_COLUMNS = 12;
export const MOST_WIDGET_ROWS = 12;
export const MOST_WIDGETS = 40;
export const MOST_WIDGET_SOURCES = 8;

const word = z.string().max(256).default('');

/** Which collected values: empty parts mean any. */
const source = {
  /** A node, or a scope with all that is in it. */
  facility: word,
  monitor: word,
  /** Part of the name of the value. */
  item: word,
};
const SourceSchema = z.strictObject(source);
export type WidgetSource = z.infer<typeof SourceSchema>;

const common = {
  /** Within its dashboard: which one it stays while it is moved and changed. */
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, _ and -, at most 64'),
  /** Empty: what it shows. */
  title: word,
  width: z.int().min(1).max(DASHBOARD_COLUMNS).default(6),
  height: z.int().min(1).max(MOST_WIDGET_ROWS).default(4),
};
const widget = <Type extends string, Shape extends z.core.$ZodShape>(type: Type, shape: Shape) =>
  z.strictObject({ type: z.literal(type), ...common, ...shape });
const rows = z.int().min(1).max(100).default(20);
/** Of measured values: of a while, and of several series together. */
const SUMMARIES = ['last', 'mean', 'least', 'most'] as const;
const JOINS = ['most', 'least', 'mean', 'sum'] as const;

export const WidgetSchema = z.discriminatedUnion('type', [
  /** Collected values over time. */
  widget('series', {
    shape: z.enum(['line', 'stack']).default('line'),
    sources: z
      .array(SourceSchema)
      .min(1)
      .max(MOST_WIDGET_SOURCES)
      .default([{ facility: '', monitor: '', item: '' }]),
    unit: z.string().max(32).default(''),
  }),
  /** One figure, coloured beyond its limits. */
  widget('value', {
    ...source,
    over: z.enum(SUMMARIES).default('last'),
    /** Where several series fit. */
    join: z.enum(JOINS).default('most'),
    unit: z.string().max(32).default(''),
    decimals: z.int().min(0).max(6).default(1),
    warning: z.number().nullable().default(null),
    critical: z.number().nullable().default(null),
    /** It is bad below its limits, such as free room. */
    isLowBad: z.boolean().default(false),
  }),
  widget('events', {
    states: z.array(z.enum(EVENT_STATES)).max(EVENT_STATES.length).default(['unconfirmed', 'confirming']),
    priorities: z
      .array(PrioritySchema)
      .max(PRIORITIES.length)
      .default([...PRIORITIES]),
    facility: word,
    monitor: word,
    text: word,
    rows,
  }),
  /** How everything is: scopes by priority, or nodes by monitor. */
  widget('matrix', { of: z.enum(['scopes', 'nodes']).default('scopes'), scope: word }),
  /** How many of each priority. */
  widget('counts', { what: z.enum(['open', 'now']).default('open'), scope: word }),
  /** How many messages came when. */
  widget('messages', {
    text: word,
    source: word,
    host: word,
    app: word,
    severity: z.enum(SYSLOG_SEVERITIES).nullable().default(null),
    kind: z.enum(MESSAGE_KINDS).nullable().default(null),
  }),
  /** Sessions that run, or that failed. */
  widget('jobs', { show: z.enum(['open', 'failed']).default('open'), jobUnit: word, rows }),
  /** What begins when. */
  widget('runs', { hours: z.int().min(1).max(744).default(24), jobUnit: word, rows }),
  widget('cluster', {}),
  /** A subset of Markdown; nothing of it is taken for HTML. */
  widget('text', { text: z.string().max(16_384).default('') }),
]);
export type Widget = z.infer<typeof WidgetSchema>;
export type WidgetType = Widget['type'];
export type WidgetOf<Type extends WidgetType> = Extract<Widget, { type: Type }>;
export const WIDGET_TYPES: readonly WidgetType[] = WidgetSchema.options.map(({ shape }) => shape.type.value);

/** Setting kind `dashboard`: widgets in rows, in their order. */
export const DashboardBodySchema = z.strictObject({
  name: z.string().min(1).max(256),
  /** What is shown where the address says nothing else. */
  range: z.enum(DASHBOARD_RANGES).default('6h'),
  refreshS: z.int().min(5).max(3_600).default(30),
  /** Of all times on it; null = that of whoever looks. */
  timeZone: TimeZoneSchema.nullable().default(null),
  widgets: z.array(WidgetSchema).max(MOST_WIDGETS).default([]),
});
export type DashboardBody = z.infer<typeof DashboardBodySchema>;

export function dashboardMistakes({ widgets }: DashboardBody) {
  const seen = new Set<string>();
  return widgets.flatMap(({ id }, at) => {
    if (!seen.has(id)) {
      seen.add(id);
      return [];
    }
    return [{ place: `widgets.${at}.id`, found: JSON.stringify(id), allowed: 'an id that no other widget of it has' }];
  });
}
