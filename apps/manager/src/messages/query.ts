import { BlockList, isIP } from 'node:net';
import { InvalidInputError } from '@yosugara/kernel';
import { MESSAGE_KINDS, type MessageRow } from '@yosugara/protocol';
import { z } from 'zod';
import type { MessageQuery } from '../store/ports.js';

/** RFC 5424 table 2, most severe first. */
export const SEVERITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;
const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const RELATIVE = /^(\d{1,6})([smhd])$/;
/** RFC 3339, with a zone: a time without one would mean another instant on every machine. */
const INSTANT = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)$/;

/** `10m` = ten minutes ago; null = neither form. */
export function parseInstant(text: string, nowMs: number): Date | null {
  const relative = RELATIVE.exec(text);
  if (relative !== null) return new Date(nowMs - Number(relative[1]) * UNIT_MS[relative[2] as keyof typeof UNIT_MS]);
  const at = INSTANT.test(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN;
  return Number.isNaN(at) ? null : new Date(at);
}

const instant = z
  .string()
  .max(40)
  .refine(
    (text) => parseInstant(text, 0) !== null,
    'an RFC 3339 time with its zone (2026-11-21T10:00:00Z), or an age such as 30s, 10m, 2h, 7d',
  )
  .describe('RFC 3339 with a zone, or an age such as 30s, 10m, 2h, 7d')
  .optional();
const word = (says: string) => z.string().min(1).max(256).describe(says).optional();

const FILTER = {
  text: word('Part of the text, upper and lower case alike'),
  source: word('Address the message came from'),
  host: word('Host that the message names'),
  severity: z.enum(SEVERITIES).describe('At least as severe as this').optional(),
  kind: z.enum(MESSAGE_KINDS).optional(),
};

export const StreamQuerySchema = z.strictObject(FILTER);
export type MessageFilter = z.infer<typeof StreamQuerySchema>;

export const MessagesQuerySchema = z.strictObject({
  ...FILTER,
  since: instant,
  until: instant,
  after: z.string().min(1).max(256).describe('`next` of the page before').optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

export function messageQuery(asked: z.infer<typeof MessagesQuerySchema>, nowMs: number): MessageQuery {
  const at = (text: string | undefined) => (text === undefined ? undefined : (parseInstant(text, nowMs) ?? undefined));
  return { ...asked, since: at(asked.since), until: at(asked.until) };
}

/** The same judgement as the search's, on a row in hand. A trap has no severity, so a wish for one leaves it out. */
export function wanted(filter: MessageFilter): (row: MessageRow) => boolean {
  const { kind, source, host, severity } = filter;
  const text = filter.text?.toLowerCase();
  const network = source?.includes('/') ? networkOf(source) : null;
  return (row) =>
    (kind === undefined || row.kind === kind) &&
    (source === undefined || (network === null ? row.source === source : isIn(network, row.source))) &&
    (host === undefined || row.host === host) &&
    (severity === undefined || isAtLeast(row.severity, severity)) &&
    (text === undefined || row.text.toLowerCase().includes(text));
}

function isAtLeast(severity: string | null, least: (typeof SEVERITIES)[number]): boolean {
  const index = (SEVERITIES as readonly (string | null)[]).indexOf(severity);
  return index >= 0 && index <= SEVERITIES.indexOf(least);
}

const familyOf = (address: string) => (address.includes(':') ? 'ipv6' : 'ipv4');

/** @throws InvalidInputError */
function networkOf(text: string): BlockList {
  const [address = '', bits = ''] = text.split('/');
  const network = new BlockList();
  try {
    network.addSubnet(address, Number(bits), familyOf(address));
  } catch {
    throw new InvalidInputError('source', text, 'an address or a network such as 10.0.0.0/8');
  }
  return network;
}

const isIn = (network: BlockList, address: string): boolean => isIP(address) !== 0 && network.check(address, familyOf(address));
