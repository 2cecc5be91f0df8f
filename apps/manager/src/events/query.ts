import { EVENT_STATES, type EventRow, PRIORITIES } from '@yosugara/protocol';
import type { EventQuery } from '@yosugara/store';
import { z } from 'zod';
import { format, MAX_TABLE_ROWS } from '../http/csv.js';
import { instant, parseInstant } from '../messages/query.js';

export { MAX_TABLE_ROWS };

/** Once, several times, or with commas between. */
export const several = <Value extends string>(schema: z.ZodType<Value, string>, says: string) =>
  z
    .union([z.string(), z.array(z.string()).max(100)])
    .transform((given) => (typeof given === 'string' ? [given] : given).flatMap((each) => each.split(',')))
    .pipe(z.array(schema).min(1).max(1_000))
    .describe(says)
    .optional();
export const word = (says: string) => z.string().min(1).max(256).describe(says).optional();
export const priorities = several(z.enum(PRIORITIES), 'Any of them');
export const facility = word('A node, or a scope with all that is in it');

const FILTER = {
  state: several(z.enum(EVENT_STATES), 'Any of them'),
  priority: priorities,
  facility,
  scope: word('Part of the path that is shown'),
  monitor: word('Id of the monitor'),
  plugin: word('Type of the monitor, such as ping'),
  notification: word('Id of the notification'),
  owner: word('Login'),
  text: word('Part of the message, upper and lower case alike'),
};

export const EventStreamQuerySchema = z.strictObject(FILTER);
export type EventFilter = z.infer<typeof EventStreamQuerySchema>;

export const EventsQuerySchema = z.strictObject({
  ...FILTER,
  since: instant,
  until: instant,
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'the `next` of the page before')
    .optional(),
  /** Of a page at most 1000; of a table at most all of these. */
  limit: z.coerce.number().int().min(1).max(MAX_TABLE_ROWS).optional(),
  format,
});

/** @param facilitiesOf a node, or those of a scope and the scope itself. */
export function eventQuery(
  { state, priority, facility: of, since, until, after, format: _, ...asked }: z.infer<typeof EventsQuerySchema>,
  nowMs: number,
  facilitiesOf: (facility: string) => readonly string[],
): EventQuery {
  const ms = (text: string | undefined) => (text === undefined ? undefined : parseInstant(text, nowMs)?.getTime());
  const query = {
    ...asked,
    ...{ states: state, priorities: priority, facilities: of === undefined ? undefined : facilitiesOf(of) },
    ...{ sinceMs: ms(since), untilMs: ms(until), before: after === undefined ? undefined : Number(after) },
  };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as EventQuery;
}

/**
 * The same judgement as the search's, on a row in hand. One that somebody changed is told whatever its state is now: whoever shows it must
 * know that it is another one.
 */
export function wantedEvent(
  filter: EventFilter,
  facilitiesOf: (facility: string) => readonly string[],
): (row: EventRow) => boolean {
  const { state, priority, scope, monitor, plugin, notification, owner } = filter;
  const facilities = filter.facility === undefined ? null : new Set(facilitiesOf(filter.facility));
  const text = filter.text?.toLowerCase();
  return (row) =>
    (state === undefined || row.changedAt !== null || state.includes(row.state)) &&
    (priority === undefined || priority.includes(row.priority)) &&
    (facilities === null || facilities.has(row.facility)) &&
    (scope === undefined || row.scope.toLowerCase().includes(scope.toLowerCase())) &&
    (monitor === undefined || row.monitor === monitor) &&
    (plugin === undefined || row.plugin === plugin) &&
    (notification === undefined || row.notification === notification) &&
    (owner === undefined || row.changedAt !== null || row.owner === owner) &&
    (text === undefined || row.message.toLowerCase().includes(text));
}
