import type { IncomingMessage } from 'node:http';
import { InvalidInputError, type SseEvent, SseParser, YosugaraError } from '@yosugara/kernel';
import { type MessageRow, type Messages, MessagesSchema } from '@yosugara/protocol';
import { messagesMessages, tailTail } from '@yosugara/protocol/api';
import type { ManagerApi } from '../control/manager-api.js';
import { printable, table } from '../output/terminal.js';
import { sleep } from './follow.js';

export interface MessageFilter {
  readonly text?: string | undefined;
  readonly source?: string | undefined;
  readonly host?: string | undefined;
  readonly app?: string | undefined;
  readonly proc?: string | undefined;
  readonly facility?: string | undefined;
  readonly severity?: string | undefined;
  readonly kind?: string | undefined;
  readonly transport?: string | undefined;
  /** `SD-ID.parameter=value`, each. */
  readonly sd?: readonly string[] | undefined;
  /** `OID=value`, each. */
  readonly varbind?: readonly string[] | undefined;
  /** Name or OID of a notification. */
  readonly trap?: string | undefined;
  readonly onlyAt?: string | undefined;
  readonly reason?: string | undefined;
  /** RFC 3339, UTC. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

const PAGE = 500;
const FOLLOW_EVERY_MS = 1_000;
const FOLLOW_AGAIN_MS = 500;
const SILENCE_MS = 5_000;
/** Rows become visible a little later than they were received: what was just read is looked through again. */
const FOLLOW_OVERLAP_MS = 60_000;
const MAX_REMEMBERED = 50_000;

/** One page, newest first. `after` is the `next` of the page before. */
async function pageOf(api: ManagerApi, filter: MessageFilter, limit: number, after: string | null): Promise<Messages> {
  const query = queryOf(filter);
  query.set('limit', String(limit));
  if (after !== null) query.set('after', after);
  return await api.ask(messagesMessages(query));
}

export function queryOf(filter: object): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, given] of Object.entries(filter))
    for (const value of Array.isArray(given) ? given : [given]) if (value !== undefined) query.append(name, value);
  return query;
}

/** Pages until `limit` rows are there. */
export async function read(
  api: ManagerApi,
  filter: MessageFilter,
  limit: number,
  after: string | null = null,
): Promise<Messages> {
  const rows: MessageRow[] = [];
  let next = after;
  do {
    const page = await pageOf(api, filter, Math.min(PAGE, limit - rows.length), next);
    rows.push(...page.rows);
    next = page.next;
  } while (next !== null && rows.length < limit);
  return { rows, next };
}

export interface Followed {
  readonly show: (rows: readonly MessageRow[]) => void;
  /** So many rows came and are not shown; `atLeast`: perhaps more. */
  readonly skipped: (count: number, atLeast: boolean) => void;
}

/**
 * Shows every new row, oldest first, until stopped. Outlives changes of the Master: each event says how far we are, and the next node is
 * told so.
 */
export async function followMessages(api: ManagerApi, filter: MessageFilter, to: Followed, stop: AbortSignal): Promise<void> {
  const seen = new Seen();
  const { since: _, until: __, ...tailed } = filter;
  const path = tailTail(queryOf(tailed));
  let lastId: string | null = null;
  while (!stop.aborted) {
    try {
      const headers = { accept: 'text/event-stream', ...(lastId === null ? {} : { 'last-event-id': lastId }) };
      const response = await api.open(path, headers, stop);
      if (lastId === null && filter.since !== undefined)
        to.show(seen.fresh([...(await read(api, filter, MAX_REMEMBERED)).rows].reverse()));
      for await (const { name, data, id } of eventsOf(response)) {
        if (name === 'messages') {
          const fresh = seen.fresh(MessagesSchema.parse({ ...JSON.parse(data), next: null }).rows);
          if (fresh.length > 0) to.show(fresh);
        } else if (name === 'lagging') {
          const { skipped, atLeast } = JSON.parse(data) as { skipped: number; atLeast: boolean };
          to.skipped(skipped, atLeast);
        }
        if (id !== undefined) lastId = id;
      }
    } catch (error) {
      if (error instanceof InvalidInputError) throw error;
      if (isUnknownRoute(error)) return await pollMessages(api, filter, to.show, stop);
    }
    if (!stop.aborted) await sleep(FOLLOW_AGAIN_MS);
  }
}

/** A manager that came before the tail. */
const isUnknownRoute = (error: unknown): boolean =>
  error instanceof YosugaraError && error.cause instanceof YosugaraError && error.cause.code === 'NOT_FOUND';

/** Of a stream that is open; ends when it does. */
export async function* eventsOf(response: IncomingMessage): AsyncGenerator<SseEvent> {
  const parser = new SseParser();
  // There is a heartbeat every second: a Master without power closes nothing.
  response.socket.setTimeout(SILENCE_MS, () => response.destroy());
  response.setEncoding('utf8');
  try {
    for await (const chunk of response as AsyncIterable<string>) yield* parser.push(chunk);
  } finally {
    response.destroy();
  }
}

/** Ids shown before; forgets the oldest. */
class Seen {
  readonly #ids = new Set<string>();

  fresh(rows: readonly MessageRow[]): readonly MessageRow[] {
    const fresh = rows.filter((row) => !this.#ids.has(row.id));
    for (const row of fresh) this.#ids.add(row.id);
    for (const id of this.#ids) {
      if (this.#ids.size <= MAX_REMEMBERED) break;
      this.#ids.delete(id);
    }
    return fresh;
  }
}

/** Looks again and again. */
async function pollMessages(
  api: ManagerApi,
  filter: MessageFilter,
  show: (rows: readonly MessageRow[]) => void,
  stop: AbortSignal,
): Promise<void> {
  const seen = new Seen();
  let sinceMs = filter.since === undefined ? Date.now() : Date.parse(filter.since);
  while (!stop.aborted) {
    const since = new Date(sinceMs).toISOString();
    const page = await read(api, { ...filter, since }, MAX_REMEMBERED).catch((error: unknown) => {
      if (error instanceof InvalidInputError) throw error;
      return null;
    });
    const fresh = seen.fresh([...(page?.rows ?? [])].reverse());
    if (fresh.length > 0) show(fresh);
    sinceMs = Math.max(sinceMs, ...fresh.slice(-1).map((row) => Date.parse(row.receivedAt) - FOLLOW_OVERLAP_MS));
    await sleep(FOLLOW_EVERY_MS);
  }
}

export function renderMessages(rows: readonly MessageRow[], withHead = true): string {
  const cells = rows.map((row) => [
    row.receivedAt,
    row.kind,
    row.severity ?? '–',
    row.source,
    printable(row.host ?? '–'),
    printable(row.app ?? '–'),
    row.seenBy.join('+'),
    // With the names of now, where they say more than those of its receipt. Its time tells how late.
    marks(row) + printable(row.reading ?? row.text),
  ]);
  const text = table(['RECEIVED', 'KIND', 'SEVERITY', 'SOURCE', 'HOST', 'APP', 'SEEN BY', 'TEXT'], cells);
  return withHead ? text : text.slice(text.indexOf('\n') + 1);
}

const marks = ({ storedLate, cut }: MessageRow): string =>
  (storedLate === true ? '[late] ' : '') + (cut === true ? '[cut] ' : '');

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `10m`, `2h`, or an RFC 3339 instant → RFC 3339, UTC. */
export function parseSince(text: string, nowMs: number, option = '--since'): string {
  const span = /^(\d+)([smhd])$/.exec(text);
  const atMs = span === null ? Date.parse(text) : nowMs - Number(span[1]) * (UNITS_MS[span[2] ?? ''] ?? 0);
  if (Number.isNaN(atMs)) throw new InvalidInputError(option, text, 'a span such as 30s, 10m, 2h, 1d, or an RFC 3339 instant');
  return new Date(atMs).toISOString();
}
