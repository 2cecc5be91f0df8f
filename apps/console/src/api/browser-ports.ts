import { api } from './client.js';
import type { LinkPorts } from './link.js';
import { LINK_TIMING } from './reconnect.js';

async function* textOf(body: ReadableStream<Uint8Array> | null): AsyncIterable<string> {
  if (body === null) return;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    // Releases the connection whichever way the loop ended; the abort signal may have done so already.
    await reader.cancel().catch(() => undefined);
  }
}

/** @param lastEventId where a stream that was cut goes on; null = its events have no ids of their own, or there is none yet. */
export const streamPorts = (path: string, lastEventId: () => string | null): LinkPorts => ({
  open: async (query, signal) => {
    const last = lastEventId();
    const response = await fetch(query === '' ? path : `${path}?${query}`, {
      headers: { accept: 'text/event-stream', ...(last === null ? {} : { 'last-event-id': last }) },
      credentials: 'same-origin',
      cache: 'no-store',
      signal,
    });
    if (response.status !== 200) await response.body?.cancel().catch(() => undefined);
    return { status: response.status, chunks: textOf(response.status === 200 ? response.body : null) };
  },
  probe: async (signal) => await api.me(signal, LINK_TIMING.probeDeadlineMs),
  nowMs: () => performance.now(),
  every: (ms, run) => {
    const timer = setInterval(run, ms);
    return () => clearInterval(timer);
  },
});

export const browserPorts: LinkPorts = streamPorts('/api/v1/stream', () => null);
