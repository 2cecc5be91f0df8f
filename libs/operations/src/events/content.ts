import type { MibStore } from '../mib/store.js';
import { parseCustom } from './custom.js';
import { exactStamp } from './exact-stamp.js';
import { informLateByUs } from './inform.js';
import type { ParsedMessage, RawRecord } from './record.js';
import { type ParseOptions, parseSyslog } from './syslog.js';
import { decodeTrap, parseTrap, type Trap, trapContent } from './trap.js';

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

export interface Pairing {
  readonly head: string;
  readonly body: Uint8Array | string;
  /** Of an INFORM: its copy may have come so much earlier, since its sender says it again (decision 0027). Missing: it is none. */
  readonly againForUs?: number;
}

/**
 * The bytes that make two records copies of one message: kind, source address, and what was said. The source *port* is no part
 * of it, since a sender uses one for each destination. The caller takes a cryptographic digest of it: with a weak one a sender
 * could make two different messages look alike, and one of them would be lost.
 * @returns null when the record never pairs: its source sends to one place only, or it came by the VIP and cannot have been sent again.
 * By a stream it can: a client that got no answer, or whose connection broke, says what it still holds to the next Master. An exact stamp
 * tells that from a device that says the same thing twice (decision 0021). So can an INFORM (decision 0027).
 */
export function pairingContent(record: RawRecord, source?: SourceProperties): Pairing | null {
  if (source?.delivery === 'single') return null;
  const byVip = record.listener.kind === 'vip';
  const head = `${record.kind}\0${source?.alias ?? record.source.address}\0`;
  if (record.kind === 'trap') return trapPairing(record, head, byVip);
  if (byVip && !(isStream(record) && exactStamp(record.raw) !== null)) return null;
  return { head, body: record.raw };
}

function trapPairing(record: RawRecord, head: string, byVip: boolean): Pairing | null {
  const outcome = decodeTrap(record.raw);
  if (outcome.kind === 'malformed') return byVip ? null : { head, body: record.raw };
  const { trap } = outcome;
  const againForUs = informLateByUs(trap);
  if (!byVip) return { head, body: trapContent(trap), ...(againForUs === 0 ? {} : { againForUs }) };
  return againForUs === 0 ? null : { head, body: resentContent(trap, record.source.port), againForUs };
}

/** By the VIP there is one destination: what its sender says again has its request-id and port, too. */
const resentContent = (trap: Trap, port: number) => JSON.stringify(['vip', port, trap.requestId, trapContent(trap)]);

const isStream = ({ kind, transport }: RawRecord) => kind === 'syslog' && transport !== 'udp' && transport !== 'http';
