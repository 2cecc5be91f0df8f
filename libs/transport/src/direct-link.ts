import type { Connection, Stream } from '@libp2p/interface';

export const MAILBOX_PROTOCOL = '/yosugara/mailbox/1';
/** Largest envelope on a stream. */
export const MAX_ENVELOPE_BYTES = 8 * 1024 * 1024;
const OUTBOX_MESSAGES = 512;
const OUTBOX_BYTES = 2 * MAX_ENVELOPE_BYTES;
/** What waited longer for a stream to come up is not worth sending: Raft has asked again meanwhile. */
const STALE_MS = 1_000;
const OPEN_TIMEOUT_MS = 1_500;
const PREFIX_BYTES = 4;

/** Our long-lived stream to one peer, and what waits for it. The peer writes on a stream of its own. */
export class DirectLink {
  readonly #outbox: { readonly frame: Uint8Array; readonly atMs: number }[] = [];
  #outboxBytes = 0;
  #stream: Stream | null = null;
  #opening = false;
  dropped = 0;

  get up(): boolean {
    return this.#stream !== null;
  }

  send(envelope: Uint8Array): void {
    const frame = Buffer.allocUnsafe(PREFIX_BYTES + envelope.length);
    frame.writeUInt32BE(envelope.length);
    frame.set(envelope, PREFIX_BYTES);
    this.#outbox.push({ frame, atMs: performance.now() });
    this.#outboxBytes += frame.length;
    while (this.#outbox.length > OUTBOX_MESSAGES || this.#outboxBytes > OUTBOX_BYTES) this.#dropOldest();
    this.#pump();
  }

  /** Opens the stream if there is none. Errors only mean that the next round tries again. */
  async ensure(connection: Connection): Promise<void> {
    if (this.#stream !== null || this.#opening || connection.status !== 'open') return;
    this.#opening = true;
    try {
      this.#attach(await connection.newStream(MAILBOX_PROTOCOL, { signal: AbortSignal.timeout(OPEN_TIMEOUT_MS) }));
    } catch {
      // The peer may be starting and not yet know the protocol, or the connection may just have died.
    } finally {
      this.#opening = false;
    }
  }

  close(): void {
    this.#stream?.abort(new Error('the mailbox stops'));
    this.#stream = null;
  }

  #attach(stream: Stream): void {
    if (stream.writeStatus !== 'writable') return;
    this.#stream = stream;
    stream.addEventListener('drain', () => this.#pump());
    stream.addEventListener('close', () => {
      if (this.#stream === stream) this.#stream = null;
    });
    // The peer never writes here; reading on notices its end.
    stream.resume();
    const oldest = performance.now() - STALE_MS;
    while (this.#outbox[0] !== undefined && this.#outbox[0].atMs < oldest) this.#dropOldest();
    this.#pump();
  }

  #pump(): void {
    for (let stream = this.#stream; stream !== null && !stream.writableNeedsDrain; stream = this.#stream) {
      const next = this.#outbox.shift();
      if (next === undefined) return;
      this.#outboxBytes -= next.frame.length;
      try {
        stream.send(next.frame);
      } catch (error) {
        this.#stream = null;
        stream.abort(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  #dropOldest(): void {
    const oldest = this.#outbox.shift();
    this.#outboxBytes -= oldest?.frame.length ?? 0;
    this.dropped++;
  }
}

/** Reads length-prefixed envelopes until the stream ends. A length over the limit ends the stream: the peer is not one of ours. */
export async function readEnvelopes(stream: Stream, onEnvelope: (envelope: Uint8Array) => void): Promise<void> {
  let parts: Uint8Array[] = [];
  let held = 0;
  let needed = PREFIX_BYTES;
  try {
    for await (const chunk of stream) {
      parts.push(chunk.subarray());
      held += chunk.byteLength;
      if (held < needed) continue;
      let buffer = parts.length === 1 ? Buffer.from(parts[0]!) : Buffer.concat(parts);
      for (needed = PREFIX_BYTES; buffer.length >= needed; needed = PREFIX_BYTES) {
        const length = buffer.readUInt32BE();
        if (length > MAX_ENVELOPE_BYTES) throw new Error(`an envelope of ${length} bytes`);
        needed = PREFIX_BYTES + length;
        if (buffer.length < needed) break;
        onEnvelope(buffer.subarray(PREFIX_BYTES, needed));
        buffer = buffer.subarray(needed);
      }
      parts = buffer.length === 0 ? [] : [buffer];
      held = buffer.length;
    }
    // The opener has closed its side; without closing ours its count of open streams would only grow.
    await stream.close({ signal: AbortSignal.timeout(OPEN_TIMEOUT_MS) });
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)));
  }
}
