import { SseParser } from '@yosugara/kernel';
import { type MessageRow, MessagesSchema } from '@yosugara/protocol';
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
  const stop = new AbortController();
  const headers = { authorization: `Bearer ${PROBE_TOKEN}`, ...(lastId === null ? {} : { 'last-event-id': lastId }) };
  const response = await fetch(url, { headers, signal: stop.signal });
  if (response.status !== 200 || response.body === null) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  const rows: MessageRow[] = [];
  const texts: string[] = [];
  let id = '';
  const { body } = response;
  const reading = (async () => {
    const parser = new SseParser();
    for await (const chunk of body.pipeThrough(new TextDecoderStream()))
      for (const event of parser.push(chunk)) {
        if (event.name === 'messages') {
          const told = MessagesSchema.parse({ ...JSON.parse(event.data), next: null }).rows;
          rows.push(...told);
          texts.push(...told.map(({ text }) => text));
        }
        if (event.name === 'lagging') texts.push('lagging');
        id = event.id ?? id;
      }
  })().catch(() => undefined);
  const close = async () => {
    stop.abort();
    await reading;
  };
  return { rows: () => rows, texts: () => texts, lastId: () => id, close };
}
