import type { MibStore } from '../mib/store.js';
import { parseCustom } from './custom.js';
import type { ParsedMessage, RawRecord } from './record.js';
import { type ParseOptions, parseSyslog } from './syslog.js';
import { decodeTrap, parseTrap, trapContent } from './trap.js';

/** What is known of a source and not said in its messages. */
export interface SourceProperties extends ParseOptions {
  /** single: it sends to one place only, so its messages never pair. */
  readonly delivery?: 'both' | 'single' | undefined;
  /** It leaves by several addresses: the one under which it is known. */
  readonly alias?: string | undefined;
}

/** @param source what is known of its source; missing: nothing. @param mibs names for traps; missing: none. */
export function parseMessage(record: RawRecord, source?: SourceProperties, mibs?: MibStore): ParsedMessage {
  switch (record.kind) {
    case 'syslog':
      return parseSyslog(record.raw, record.receivedAtUs, source);
    case 'trap':
      return parseTrap(record.raw, mibs);
    case 'custom':
      return parseCustom(record.raw);
  }
}

/**
 * The bytes that make two records copies of one message: kind, source address, and what was said. The source *port* is no part
 * of it, since a sender uses one for each destination. The caller takes a cryptographic digest of it: with a weak one a sender
 * could make two different messages look alike, and one of them would be lost.
 * @returns null when the record never pairs: it came by the VIP, or its source sends to one place only.
 */
export function pairingContent(
  record: RawRecord,
  source?: SourceProperties,
): { readonly head: string; readonly body: Uint8Array | string } | null {
  if (record.listener.kind === 'vip' || source?.delivery === 'single') return null;
  const head = `${record.kind}\0${source?.alias ?? record.source.address}\0`;
  if (record.kind !== 'trap') return { head, body: record.raw };
  const outcome = decodeTrap(record.raw);
  return { head, body: outcome.kind === 'trap' ? trapContent(outcome.trap) : record.raw };
}
