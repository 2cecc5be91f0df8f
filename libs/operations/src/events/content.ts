import type { MibStore } from '../mib/store.js';
import { parseCustom } from './custom.js';
import { exactStamp } from './exact-stamp.js';
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
 * @returns null when the record never pairs: its source sends to one place only, or it came by the VIP and cannot have been sent again.
 * By a stream it can: a client that got no answer, or whose connection broke, says what it still holds to the next Master. An exact stamp
 * tells that from a device that says the same thing twice (decision 0021).
 */
export function pairingContent(
  record: RawRecord,
  source?: SourceProperties,
): { readonly head: string; readonly body: Uint8Array | string } | null {
  if (source?.delivery === 'single') return null;
  if (record.listener.kind === 'vip' && !(isStream(record) && exactStamp(record.raw) !== null)) return null;
  const head = `${record.kind}\0${source?.alias ?? record.source.address}\0`;
  if (record.kind !== 'trap') return { head, body: record.raw };
  const outcome = decodeTrap(record.raw);
  return { head, body: outcome.kind === 'trap' ? trapContent(outcome.trap) : record.raw };
}

const isStream = ({ kind, transport }: RawRecord) => kind === 'syslog' && transport !== 'udp' && transport !== 'http';
