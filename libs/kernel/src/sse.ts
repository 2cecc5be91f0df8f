import { YosugaraError } from './errors.js';

export interface SseEvent {
  readonly name: string;
  readonly data: string;
  /** To be sent as `Last-Event-ID` with the next connection; missing: it has none of its own. */
  readonly id?: string;
}

/** One event may not grow without end; a message is at most a few kB and a batch has some hundred. */
const MAX_EVENT_CHARS = 8 * 1024 * 1024;

/**
 * Parser of `text/event-stream` (WHATWG HTML, section 9.2.6), fed with text cut anywhere.
 * Written here because EventSource hides the status code and the server's comments, and retries by its own rules.
 */
export class SseParser {
  #rest = '';
  #name = '';
  #id: string | null = null;
  #data: string[] = [];
  #chars = 0;

  /** @throws YosugaraError `STREAM_TOO_LARGE` — one event beyond 8 Mi characters. */
  push(chunk: string): readonly SseEvent[] {
    const events: SseEvent[] = [];
    // A CR at the very end may be half of a CRLF: it waits for the next chunk.
    const text = this.#rest + chunk;
    const held = text.endsWith('\r') ? text.length - 1 : text.length;
    const lines = text.slice(0, held).split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? '') + text.slice(held);
    for (const line of lines) {
      const event = this.#line(line);
      if (event !== null) events.push(event);
    }
    if (this.#chars + this.#rest.length > MAX_EVENT_CHARS)
      throw new YosugaraError('STREAM_TOO_LARGE', 'the live stream sent an event beyond 8 Mi characters');
    return events;
  }

  #line(line: string): SseEvent | null {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'event') this.#name = value;
    if (field === 'id' && !value.includes('\0')) this.#id = value;
    if (field === 'data') {
      this.#data.push(value);
      this.#chars += value.length;
    }
    return null;
  }

  #dispatch(): SseEvent | null {
    const event =
      this.#data.length === 0
        ? null
        : {
            name: this.#name === '' ? 'message' : this.#name,
            data: this.#data.join('\n'),
            ...(this.#id === null ? {} : { id: this.#id }),
          };
    this.#name = '';
    this.#id = null;
    this.#data = [];
    this.#chars = 0;
    return event;
  }
}
