import { BlockList, isIP } from 'node:net';
import { InvalidInputError } from '@yosugara/kernel';
import { FACILITIES, NAMED_OID, SEVERITIES } from '@yosugara/operations';
import { MESSAGE_KINDS, MESSAGE_TRANSPORTS, type MessageRow } from '@yosugara/protocol';
import { oidInText, structuredTerm, varbindTerm } from '@yosugara/store';
import { z } from 'zod';
import { format, MAX_TABLE_ROWS } from '../http/csv.js';
import type { MibNames } from '../mibs/mib-names.js';
import type { MessageQuery } from '../store/ports.js';

export { FACILITIES, SEVERITIES };

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

export const instant = z
  .string()
  .max(40)
  .refine(
    (text) => parseInstant(text, 0) !== null,
    'an RFC 3339 time with its zone (2026-11-21T10:00:00Z), or an age such as 30s, 10m, 2h, 7d',
  )
  .describe('RFC 3339 with a zone, or an age such as 30s, 10m, 2h, 7d')
  .optional();
const word = (says: string) => z.string().min(1).max(256).describe(says).optional();

/** Once or several times in the query string; all of them must hold. */
const terms = (says: string, isOne: (term: string) => boolean, form: string) =>
  z
    .union([z.string(), z.array(z.string()).max(8)])
    .transform((given) => (typeof given === 'string' ? [given] : given))
    .pipe(z.array(z.string().min(1).max(512).refine(isOne, form)))
    .describe(says)
    .optional();

/** A name of a MIB module in the place of an OID; whether there is one is asked later. */
const NAMED_TERM = new RegExp(`^${NAMED_OID}(=|$)`);
const isNamedTerm = (term: string): boolean => NAMED_TERM.test(term);
const NAME_OR_OID = /^(\.?\d{1,10}(\.\d{1,10}){0,127}|[A-Za-z][\w-]{0,255})$/;

const FILTER = {
  text: word('Part of the text, upper and lower case alike'),
  source: word('Address the message came from, or a network such as 10.0.0.0/8'),
  host: word('Host that the message names'),
  app: word('Program; of a trap: its OID'),
  proc: word('Process that the message names'),
  facility: z.enum(FACILITIES).optional(),
  severity: z.enum(SEVERITIES).describe('At least as severe as this').optional(),
  kind: z.enum(MESSAGE_KINDS).optional(),
  transport: z.enum(MESSAGE_TRANSPORTS).describe('The way it came in').optional(),
  sd: terms(
    'RFC 5424 structured data, `exampleSDID@32473.iut=3`; without `=3`: the parameter is there. May be given several times',
    (term) => structuredTerm(term) !== null,
    'SD-ID.parameter=value, such as exampleSDID@32473.iut=3',
  ),
  varbind: terms(
    'Varbind of a trap: `OID=value`, of that OID or below it; also `OID` or `=value` alone; names of MIB modules for OID and value. May be given several times',
    (term) => varbindTerm(term) !== null || isNamedTerm(term),
    'OID, OID=value or =value, such as 1.3.6.1.2.1.2.2.1.1=5; or a name for the OID, such as ifOperStatus=down',
  ),
  trap: z
    .string()
    .regex(NAME_OR_OID, 'an OID, or the name of a notification')
    .describe('Notification, by its OID or its name')
    .optional(),
  onlyAt: word('Node that received it, when no other did'),
  reason: word('Why it was not understood whole, such as `no_pri`; `any` for whatever reason'),
};

export const StreamQuerySchema = z.strictObject(FILTER);
export type MessageFilter = z.infer<typeof StreamQuerySchema>;

/** OIDs and numbers for the names in a search. */
export type QueryNames = Pick<MibNames, 'varbindTerm' | 'trapOids'>;
const AS_IT_IS: QueryNames = { varbindTerm: (term) => term, trapOids: (trap) => [trap] };

export const MessagesQuerySchema = z.strictObject({
  ...FILTER,
  since: instant,
  until: instant,
  after: z.string().min(1).max(256).describe('`next` of the page before').optional(),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_TABLE_ROWS)
    .describe('Of a page at most 1000, usually 100; of a table 100000')
    .optional(),
  format,
});
export const HistogramQuerySchema = z.strictObject({
  ...FILTER,
  since: instant,
  until: instant,
  bins: z.coerce.number().int().min(1).max(500).describe('About so many').default(60),
});

/** @throws InvalidInputError — a name that nothing here is called by. */
export function messageQuery(
  { format: _, limit = 100, ...asked }: z.infer<typeof MessagesQuerySchema>,
  nowMs: number,
  names: QueryNames = AS_IT_IS,
): MessageQuery {
  const at = (text: string | undefined) => (text === undefined ? undefined : (parseInstant(text, nowMs) ?? undefined));
  return { ...inNumbers(asked, names), limit, since: at(asked.since), until: at(asked.until) };
}

/** With OIDs and numbers in the place of names, as the database has them. @throws InvalidInputError — a name that nothing here is called by. */
export function inNumbers<Asked extends MessageFilter>({ trap, ...asked }: Asked, names: QueryNames) {
  return {
    ...asked,
    varbind: asked.varbind?.map((term) => names.varbindTerm(term)),
    traps: trap === undefined ? undefined : names.trapOids(trap),
  };
}

/** The same judgement as the search's, on a row in hand. A trap has no severity, so a wish for one leaves it out. */
export function wanted(filter: MessageFilter, names: QueryNames = AS_IT_IS): (row: MessageRow) => boolean {
  const { kind, source, host, app, proc, facility, severity, transport, onlyAt, reason } = filter;
  const text = filter.text?.toLowerCase();
  const network = source?.includes('/') ? networkOf(source) : null;
  const parameters = (filter.sd ?? []).map(hasParameter);
  const varbinds = (filter.varbind ?? []).map((term) => hasVarbind(names.varbindTerm(term)));
  const traps = filter.trap === undefined ? null : names.trapOids(filter.trap);
  return (row) =>
    (kind === undefined || row.kind === kind) &&
    (source === undefined || (network === null ? row.source === source : isIn(network, row.source))) &&
    (host === undefined || row.host === host) &&
    (app === undefined || row.app === app) &&
    (proc === undefined || row.procId === proc) &&
    (facility === undefined || row.facility === facility) &&
    (severity === undefined || isAtLeast(row.severity, severity)) &&
    (transport === undefined || row.transport === transport) &&
    (onlyAt === undefined || (row.seenBy.length === 1 && row.seenBy[0] === onlyAt)) &&
    (reason === undefined || isReason(row.parseReason ?? null, reason)) &&
    parameters.every((has) => has(row)) &&
    varbinds.every((has) => has(row)) &&
    (traps === null || (row.kind === 'trap' && row.app !== null && traps.includes(row.app))) &&
    (text === undefined || row.text.toLowerCase().includes(text) || hasOid(row, text));
}

/** OIDs are found in what a trap carries, whatever names its text has. */
function hasOid({ kind, app, varbinds }: MessageRow, text: string): boolean {
  const oid = oidInText(text);
  if (oid === null || kind !== 'trap') return false;
  return (app?.includes(oid) ?? false) || (varbinds ?? []).some((each) => each.oid.includes(oid) || each.value.includes(oid));
}

const isReason = (given: string | null, asked: string): boolean =>
  given !== null && (asked === 'any' || given.split(',').includes(asked));

function hasParameter(term: string): (row: MessageRow) => boolean {
  const found = structuredTerm(term);
  if (found === null) throw new InvalidInputError('sd', term, 'SD-ID.parameter=value, such as exampleSDID@32473.iut=3');
  const { names, value } = found;
  return ({ structured }) =>
    names.some(([id, name]) => {
      const given = own(own(structured, id), name);
      return given !== undefined && (value === null || (Array.isArray(given) ? given : [given]).includes(value));
    });
}

/** What senders call their parameters is no property of an object's prototype. */
const own = <T>(of: Readonly<Record<string, T>> | null | undefined, name: string): T | undefined =>
  of !== null && of !== undefined && Object.hasOwn(of, name) ? of[name] : undefined;

function hasVarbind(term: string): (row: MessageRow) => boolean {
  const found = varbindTerm(term);
  if (found === null) throw new InvalidInputError('varbind', term, 'OID, OID=value or =value, such as 1.3.6.1.2.1.2.2.1.1=5');
  const { oid, value } = found;
  return ({ kind, varbinds }) =>
    kind !== 'syslog' &&
    (varbinds ?? []).some(
      (each) => (oid === null || each.oid === oid || each.oid.startsWith(`${oid}.`)) && (value === null || each.value === value),
    );
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
