import type { MessageRow } from '@yosugara/protocol';
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
  kind: z.enum(['syslog', 'trap']).optional(),
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
export function isWanted(filter: MessageFilter, row: MessageRow): boolean {
  if (filter.kind !== undefined && row.kind !== filter.kind) return false;
  if (filter.source !== undefined && row.source !== filter.source) return false;
  if (filter.host !== undefined && row.host !== filter.host) return false;
  if (filter.severity !== undefined && !isAtLeast(row.severity, filter.severity)) return false;
  return filter.text === undefined || row.text.toLowerCase().includes(filter.text.toLowerCase());
}

function isAtLeast(severity: string | null, wanted: (typeof SEVERITIES)[number]): boolean {
  const index = SEVERITIES.findIndex((known) => known === severity);
  return index >= 0 && index <= SEVERITIES.indexOf(wanted);
}
