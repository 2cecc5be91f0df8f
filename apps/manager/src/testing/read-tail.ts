import { type SseEvent, SseParser } from '@yosugara/kernel';
import { type EventRow, EventsSchema, type MessageRow, MessagesSchema } from '@yosugara/protocol';
import { PROBE_TOKEN } from './harness.js';

export interface TailReading {
  rows(): readonly MessageRow[];
  /** Of the rows, and `lagging` where some were left out. */
  texts(): readonly string[];
  /** Of the last event. */
  lastId(): string;
  close(): Promise<void>;
}

/** `/api/messages/tail` from here on, or from where a stream before had come. Resolves when it is open. */
export async function readTail(url: string, lastId: string | null): Promise<TailReading> {
  const rows: MessageRow[] = [];
  const texts: string[] = [];
  let last = '';
  const close = await readStream(url, lastId, ({ name, data, id }) => {
    if (name === 'messages') {
      const told = MessagesSchema.parse({ ...JSON.parse(data), next: null }).rows;
      rows.push(...told);
      texts.push(...told.map(({ text }) => text));
    }
    if (name === 'lagging') texts.push('lagging');
    last = id ?? last;
  });
  return { rows: () => rows, texts: () => texts, lastId: () => last, close };
}

export interface EventReading {
  rows(): readonly EventRow[];
  lastId(): string;
  close(): Promise<void>;
}

/** The same of `/api/v1/events/stream`. */
export async function readEvents(url: string, lastId: string | null, bearer = PROBE_TOKEN): Promise<EventReading> {
  const rows: EventRow[] = [];
  let last = '';
  const close = await readStream(
    url,
    lastId,
    ({ name, data, id }) => {
      if (name === 'events') rows.push(...EventsSchema.parse({ ...JSON.parse(data), next: null }).rows);
      last = id ?? last;
    },
    bearer,
  );
  return { rows: () => rows, lastId: () => last, close };
}

/** @returns what ends it. */
export async function readStream(
  url: string,
  lastId: string | null,
  take: (event: SseEvent) => void,
  bearer = PROBE_TOKEN,
): Promise<() => Promise<void>> {
  const stop = new AbortController();
  const headers = { authorization: `Bearer ${bearer}`, ...(lastId === null ? {} : { 'last-event-id': lastId }) };
  const response = await fetch(url, { headers, signal: stop.signal });
  if (response.status !== 200 || response.body === null) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  const { body } = response;
  const reading = (async () => {
    const parser = new SseParser();
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) for (const event of parser.push(chunk)) take(event);
  })().catch(() => undefined);
  return async () => {
    stop.abort();
    await reading;
  };
}
