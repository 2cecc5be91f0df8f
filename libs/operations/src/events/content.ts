import type { ParsedMessage, RawRecord } from './record.js';
import { type ParseOptions, parseSyslog } from './syslog.js';
import { decodeTrap, parseTrap, trapContent } from './trap.js';

/** @param options what is known of its source; missing: nothing. */
export function parseMessage(record: RawRecord, options?: ParseOptions): ParsedMessage {
  return record.kind === 'syslog' ? parseSyslog(record.raw, record.receivedAtUs, options) : parseTrap(record.raw);
}

/**
 * The bytes that make two records copies of one message: kind, source address, and what was said. The source *port* is no part
 * of it, since a sender uses one for each destination. The caller takes a cryptographic digest of it: with a weak one a sender
 * could make two different messages look alike, and one of them would be lost.
 * @returns null when the record never pairs: it came by the VIP.
 */
export function pairingContent(record: RawRecord): { readonly head: string; readonly body: Uint8Array | string } | null {
  if (record.listener.kind === 'vip') return null;
  const head = `${record.kind}\0${record.source.address}\0`;
  if (record.kind === 'syslog') return { head, body: record.raw };
  const outcome = decodeTrap(record.raw);
  return { head, body: outcome.kind === 'trap' ? trapContent(outcome.trap) : record.raw };
}
