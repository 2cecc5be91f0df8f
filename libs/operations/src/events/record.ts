import type { ListenerKind, MessageKind, MessageTransport } from '@yosugara/protocol';

/** What a receiver took in and journaled. The same shape as the journal's record. */
export interface RawRecord {
  /** Dense from 1 within a journal. */
  readonly seq: number;
  /** Wall clock of the node that received it, µs since 1970 UTC. */
  readonly receivedAtUs: number;
  /** It may have come up to so much earlier: the receiver stood still and then read what the kernel had kept. Missing = 0. */
  readonly lateByUs?: number;
  readonly kind: MessageKind;
  readonly transport: MessageTransport;
  readonly source: { readonly address: string; readonly port: number };
  readonly listener: { readonly kind: ListenerKind; readonly address: string };
  /** `MessageFlag` bits. */
  readonly flags: number;
  /** Without transport framing, untouched. */
  readonly raw: Uint8Array;
}

/** What could be made of the bytes. Making it never fails: what was not understood is in `text`, and `reason` says why. */
export interface ParsedMessage {
  /** 0..23; null = not said. */
  readonly facility: number | null;
  /** 0 emerg … 7 debug; null = not said. */
  readonly severity: number | null;
  readonly host: string | null;
  readonly app: string | null;
  readonly procId: string | null;
  readonly msgId: string | null;
  /** When the sender says it happened, µs since 1970 UTC; null = not said or not understood. */
  readonly sentAtUs: number | null;
  /** RFC 5424 structured data by SD-ID; a parameter given several times is a list. */
  readonly structured: StructuredData | null;
  readonly varbinds: readonly Varbind[] | null;
  readonly text: string;
  /** Comma-separated short names, such as `no_pri,not_utf8`; null = all understood. */
  readonly reason: string | null;
}

export type StructuredData = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** `value` is text that loses nothing: numbers in decimal, octets as UTF-8 when they are, else hexadecimal with type `hex`. */
export interface Varbind {
  readonly oid: string;
  readonly type: string;
  readonly value: string;
}

export { SYSLOG_FACILITIES as FACILITIES, SYSLOG_SEVERITIES as SEVERITIES } from '@yosugara/protocol';
