import { InvalidInputError } from '@yosugara/kernel';
import {
  type EventCounts,
  type EventDetail,
  type EventRow,
  type Events,
  type EventsChanged,
  EventsSchema,
  MAX_EVENTS_AT_ONCE,
  PRIORITIES,
  type Priority,
  type Statuses,
} from '@yosugara/protocol';
import { eventStreamStream, eventsChange, eventsCounts, eventsList, eventsShow, statusesStatuses } from '@yosugara/protocol/api';
import type { ManagerApi } from '../control/manager-api.js';
import { type Paint, printable, table } from '../output/terminal.js';
import { sleep } from './follow.js';
import { eventsOf, queryOf } from './messages.js';

export interface EventFilter {
  readonly state?: string | undefined;
  readonly priority?: string | undefined;
  readonly facility?: string | undefined;
  readonly scope?: string | undefined;
  readonly monitor?: string | undefined;
  readonly plugin?: string | undefined;
  readonly owner?: string | undefined;
  readonly text?: string | undefined;
  /** RFC 3339, UTC. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

const PAGE = 500;
const FOLLOW_AGAIN_MS = 500;
const CHANGE_DEADLINE_MS = 20_000;

/** Pages until `limit` rows are there, newest first. */
export async function readEvents(api: ManagerApi, filter: EventFilter, limit: number, after: string | null): Promise<Events> {
  const rows: EventRow[] = [];
  let next = after;
  do {
    const query = queryOf(filter);
    query.set('limit', String(Math.min(PAGE, limit - rows.length)));
    if (next !== null) query.set('after', next);
    const page = await api.ask(eventsList(query));
    rows.push(...page.rows);
    next = page.next;
  } while (next !== null && rows.length < limit);
  return { rows, next };
}

export const showEvent = async (api: ManagerApi, number: string): Promise<EventDetail> => await api.ask(eventsShow(number));

export interface Followed {
  readonly show: (rows: readonly EventRow[]) => void;
  /** Some came and are not shown. */
  readonly skipped: () => void;
}

/** Every new event, and every one that somebody changed, oldest first, until stopped. Outlives changes of the Master. */
export async function followEvents(api: ManagerApi, filter: EventFilter, to: Followed, stop: AbortSignal): Promise<void> {
  const { since: _, until: __, ...wanted } = filter;
  let lastId: string | null = null;
  while (!stop.aborted) {
    try {
      const headers = { accept: 'text/event-stream', ...(lastId === null ? {} : { 'last-event-id': lastId }) };
      const response = await api.open(eventStreamStream(queryOf(wanted)), headers, stop);
      for await (const { name, data, id } of eventsOf(response)) {
        if (name === 'events') to.show(EventsSchema.parse({ ...JSON.parse(data), next: null }).rows);
        else if (name === 'lagging') to.skipped();
        if (id !== undefined) lastId = id;
      }
    } catch (error) {
      if (error instanceof InvalidInputError) throw error;
    }
    if (!stop.aborted) await sleep(FOLLOW_AGAIN_MS);
  }
}

export interface EventWish {
  readonly state?: string | undefined;
  readonly comment?: string | undefined;
  readonly owner?: string | undefined;
}

/** @throws RefusedError, InvalidInputError */
export async function changeEvents(
  api: ManagerApi,
  numbers: readonly number[],
  wish: EventWish,
  by: string,
): Promise<EventsChanged> {
  if (numbers.length > MAX_EVENTS_AT_ONCE)
    throw new InvalidInputError('NUMBER', `${numbers.length} events`, `at most ${MAX_EVENTS_AT_ONCE}`);
  const known = Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined));
  return await api.ask(eventsChange({ numbers, ...known, by }), CHANGE_DEADLINE_MS);
}

/** Numbers, and ranges such as 10-20. */
export function parseNumbers(given: readonly string[]): readonly number[] {
  return given.flatMap((text) => {
    const [, from = '', to = from] = /^(\d{1,12})(?:-(\d{1,12}))?$/.exec(text) ?? [];
    const count = Number(to) - Number(from) + 1;
    if (from === '' || count < 1 || count > MAX_EVENTS_AT_ONCE)
      throw new InvalidInputError(
        'NUMBER',
        text,
        `the number of an event, or a range such as 10-20 of at most ${MAX_EVENTS_AT_ONCE}`,
      );
    return Array.from({ length: count }, (_, at) => Number(from) + at);
  });
}

export const readStatuses = async (api: ManagerApi, filter: object): Promise<Statuses> =>
  await api.ask(statusesStatuses(queryOf(filter)));

const STYLES = { critical: 'red', unknown: 'yellow', warning: 'yellow', info: 'dim' } as const satisfies Record<Priority, string>;

export const statusesTable = async (api: ManagerApi, filter: object): Promise<string> =>
  await api.text(statusesStatuses(queryOf({ ...filter, format: 'csv' })).path);

export const eventsTable = async (api: ManagerApi, filter: EventFilter, limit: number): Promise<string> =>
  await api.text(eventsList(queryOf({ ...filter, limit, format: 'csv' })).path);

export const readCounts = async (api: ManagerApi): Promise<EventCounts> => await api.ask(eventsCounts());

export const renderCounts = ({ open }: EventCounts, paint: Paint): string =>
  table(
    ['PRIORITY', 'OPEN'],
    PRIORITIES.map((priority) => [paint(priority, STYLES[priority]), String(open[priority] ?? 0)]),
  );

export function renderEvents(rows: readonly EventRow[], paint: Paint, withHead = true): string {
  const cells = rows.map((row) => [
    String(row.number),
    row.at,
    paint(row.priority, STYLES[row.priority]),
    row.state,
    printable(row.scope),
    row.monitor,
    row.owner === null ? '–' : printable(row.owner),
    (row.folded > 1 ? `[${row.folded}×] ` : '') + printable(row.message),
  ]);
  const text = table(['NUMBER', 'AT', 'PRIORITY', 'STATE', 'WHERE', 'MONITOR', 'OWNER', 'MESSAGE'], cells);
  return withHead ? text : text.slice(text.indexOf('\n') + 1);
}

export function renderEvent(event: EventDetail, paint: Paint): string {
  const { number, at, priority, state, scope, monitor, plugin, message, original, owner, comment, notification, why, id } = event;
  const lines: (readonly [string, string])[] = [
    ['number', String(number)],
    ['at', at],
    ['priority', paint(priority, STYLES[priority])],
    ['state', state],
    ['where', `${printable(scope)} (${event.facility})`],
    ['monitor', `${monitor} (${plugin})`],
    ['told by', `${notification}, ${why}`],
    ['message', printable(message)],
    ['original', printable(original)],
    ['owner', printable(owner ?? '–')],
    ['comment', printable(comment ?? '–')],
    ['id', printable(id)],
  ];
  if (event.folded > 1) lines.push(['stands for', `${event.folded} until ${event.lastAt}`]);
  const history = event.history.map(
    (entry) => `  ${entry.at}  ${printable(entry.by)}  ${entry.action}  ${printable(JSON.stringify(entry.detail))}`,
  );
  return [
    ...lines.map(([name, value]) => `${name.padEnd(10)}  ${value}`),
    ...(history.length === 0 ? [] : ['history', ...history]),
  ].join('\n');
}

export function renderStatuses({ rows }: Statuses, paint: Paint): string {
  const cells = rows.map((row) => [
    paint(row.priority, STYLES[row.priority]),
    row.since,
    row.at,
    printable(row.scope),
    row.monitor,
    printable([row.item, row.sub].filter((part) => part !== '').join(' ')),
    printable(row.message),
  ]);
  return table(['PRIORITY', 'SINCE', 'AT', 'WHERE', 'MONITOR', 'WHAT', 'MESSAGE'], cells);
}
