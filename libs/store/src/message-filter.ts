import { InvalidInputError } from '@yosugara/kernel';
import { MESSAGE_TRANSPORTS, type MessageKind, type MessageTransport } from '@yosugara/protocol';

/** What a message must be like. All that are given must hold; those that can be given several times hold all at once. */
export interface MessageConditions {
  /** Anywhere in the text, whatever the case of the letters. */
  readonly text?: string;
  /** An address or a network such as 10.0.0.0/8. */
  readonly source?: string;
  readonly host?: string;
  readonly app?: string;
  readonly procId?: string;
  /** 0 kern … 23 local7. */
  readonly facility?: number;
  /** This severity and all more urgent: 0 emerg … 7 debug. Traps have none and are left out. */
  readonly severityMax?: number;
  readonly kind?: MessageKind;
  readonly transport?: MessageTransport;
  /** `exampleSDID@32473.iut=3`, or without `=3`: the parameter is there. Names hold dots, too: every way to split is tried. */
  readonly structured?: readonly string[];
  /** `1.3.6.1.2.1.2.2=5`: a varbind of that OID or below it has that value; also only one of both: `1.3.6.1.2.1.2.2`, `=5`. */
  readonly varbinds?: readonly string[];
  /** OIDs of notifications, any of them. */
  readonly traps?: readonly string[];
  /** Only this node received it. */
  readonly seenOnlyBy?: string;
  /** Why it was not understood whole, such as `no_pri`; `any` = for whatever reason. */
  readonly parseReason?: string;
  /** Of this journal, these numbers. */
  readonly records?: { readonly journalId: string; readonly fromSeq: number; readonly throughSeq: number };
  /** µs since 1970; from here on, and before here. */
  readonly sinceUs?: number;
  readonly untilUs?: number;
}

const ADDRESS = /^[0-9a-fA-F:.]{2,45}(\/\d{1,3})?$/;
const VARBIND = /^(\.?\d{1,10}(?:\.\d{1,10})*)?(?:=([\s\S]*))?$/;
const MAX_TERMS = 8;

/** Conditions of a WHERE and the values of their places. What comes from outside is always a value. */
export class Where {
  readonly #conditions: string[] = [];
  readonly #values: unknown[] = [];

  place(value: unknown): string {
    return `$${this.#values.push(value)}`;
  }
  also(condition: string): void {
    this.#conditions.push(condition);
  }
  /** A copy, to add what one of several statements has of its own. */
  fork(): Where {
    const copy = new Where();
    copy.#conditions.push(...this.#conditions);
    copy.#values.push(...this.#values);
    return copy;
  }
  get values(): readonly unknown[] {
    return this.#values;
  }
  toString(): string {
    return this.#conditions.length === 0 ? '' : `where ${this.#conditions.join(' and ')}`;
  }
}

/** Who saw a row of `message m`, but for those that came later. */
export const SEEN_BY =
  'coalesce(m.seen_by, case when m.seen_with is null then array[m.node] else array[m.node, m.seen_with] end)';

/** All but the time, on `message m`. @throws InvalidInputError — names what is wrong. */
export function whereOf(query: MessageConditions): Where {
  const where = new Where();
  const equal = (column: string, value: unknown) => {
    if (value !== undefined) where.also(`m.${column} = ${where.place(typeof value === 'string' ? clean(value) : value)}`);
  };
  if (query.records !== undefined) {
    equal('journal_id', query.records.journalId);
    where.also(`m.seq between ${where.place(query.records.fromSeq)} and ${where.place(query.records.throughSeq)}`);
  }
  equal('kind', query.kind);
  equal('host', query.host);
  equal('app', query.app);
  equal('proc_id', query.procId);
  equal('facility', query.facility);
  if (query.severityMax !== undefined) where.also(`m.severity <= ${where.place(query.severityMax)}`);
  if (query.transport !== undefined) equal('transport', MESSAGE_TRANSPORTS.indexOf(query.transport));
  if (query.source !== undefined) ofSource(where, query.source);
  if (query.text !== undefined && query.text !== '') withText(where, query.text);
  if (query.traps !== undefined)
    where.also(`m.kind = 'trap' and m.kind <> 'syslog' and m.app = any(${where.place([...query.traps].map(clean))}::text[])`);
  for (const term of few('structured', query.structured)) withParameter(where, term);
  for (const term of few('varbinds', query.varbinds)) withVarbind(where, term);
  if (query.seenOnlyBy !== undefined) seenOnlyBy(where, query.seenOnlyBy);
  if (query.parseReason !== undefined) because(where, query.parseReason);
  return where;
}

function few(what: string, terms: readonly string[] = []): readonly string[] {
  if (terms.length > MAX_TERMS) throw new InvalidInputError(what, `${terms.length} terms`, `at most ${MAX_TERMS}`);
  return terms;
}

function ofSource(where: Where, source: string): void {
  if (!ADDRESS.test(source)) throw new InvalidInputError('source', source, 'an address or a network such as 10.0.0.0/8');
  // <<= is an inet_ops operator: the planner makes a range of the index on (source, received_at) of it.
  where.also(`m.source ${source.includes('/') ? '<<=' : '='} ${where.place(source)}::inet`);
}

/** An OID is also found in what a trap carries: its text may have names instead. */
function withText(where: Where, text: string): void {
  const inText = `m.text ilike ${where.place(`%${escapeLike(text)}%`)}`;
  const oid = oidInText(text);
  if (oid === null) return where.also(inText);
  const like = where.place(`%${oid}%`);
  where.also(`(${inText} or (m.kind <> 'syslog' and (m.app like ${like} or m.varbinds::text like ${like})))`);
}

/** @returns the OID, or the begin of one, that a text looked for is; null: it is none. Short ones would be addresses. */
export function oidInText(text: string): string | null {
  const found = /^\.?(1\.3\.6\.1\.[\d.]{1,600})$/.exec(text.trim());
  return found === null ? null : found[1]!;
}

/** SD-ID and parameter, at each dot: `junos@2636.1.1.user` could be four pairs, and only one is ever in a row. */
function withParameter(where: Where, term: string): void {
  const found = structuredTerm(term);
  if (found === null) throw new InvalidInputError('structured', term, 'SD-ID.parameter=value, such as exampleSDID@32473.iut=3');
  const json = (value: unknown) => `${where.place(JSON.stringify(value))}::jsonb`;
  const ways = found.names.flatMap(([id, name]) =>
    found.value === null
      ? [`m.structured -> ${where.place(id)}::text ? ${where.place(name)}::text`]
      : [found.value, [found.value]].map((value) => `m.structured @> ${json({ [id]: { [name]: value } })}`),
  );
  where.also(`(${ways.join(' or ')})`);
}

/** @returns null — no dot between two names. `value` null = whatever it is. */
export function structuredTerm(
  term: string,
): { readonly names: readonly (readonly [string, string])[]; readonly value: string | null } | null {
  const whole = clean(term).replace(/^sd\./, '');
  const equals = whole.indexOf('=');
  const path = equals < 0 ? whole : whole.slice(0, equals);
  const dots = [...path].flatMap((character, at) => (character === '.' && at > 0 && at < path.length - 1 ? [at] : []));
  // Twice 32 characters at most (RFC 5424, SD-NAME), so the ways are few; the last dots are the likely ones.
  const names = dots.slice(-16).map((at) => [path.slice(0, at), path.slice(at + 1)] as const);
  return names.length === 0 ? null : { names, value: equals < 0 ? null : whole.slice(equals + 1) };
}

function withVarbind(where: Where, term: string): void {
  const found = varbindTerm(term);
  if (found === null) throw new InvalidInputError('varbinds', term, 'OID, OID=value or =value, such as 1.3.6.1.2.1.2.2.1.1=5');
  const { oid, value } = found;
  // Only traps have varbinds: said so that the index of rare rows is used.
  where.also("m.kind <> 'syslog'");
  // Containment alone can use the optional index; it also leaves most rows out before they are unfolded.
  if (value !== null) where.also(`m.varbinds @> ${where.place(JSON.stringify([{ value }]))}::jsonb`);
  if (oid === null) return;
  const at = where.place(oid);
  const same = value === null ? '' : ` and v->>'value' = ${where.place(value)}`;
  where.also(
    `exists (select from jsonb_array_elements(m.varbinds) v where (v->>'oid' = ${at} or starts_with(v->>'oid', ${at} || '.'))${same})`,
  );
}

/** @returns null — neither an OID nor a value. */
export function varbindTerm(term: string): { readonly oid: string | null; readonly value: string | null } | null {
  const [, oid, value] = VARBIND.exec(clean(term)) ?? [];
  return oid === undefined && value === undefined ? null : { oid: oid?.replace(/^\./, '') ?? null, value: value ?? null };
}

/** A partner that came after the row was written is in the side table. */
function seenOnlyBy(where: Where, node: string): void {
  const only = where.place(clean(node));
  where.also(`(m.seen_by = array[${only}::text] or (m.seen_by is null and m.seen_with is null and m.node = ${only}))`);
  where.also(
    'not exists (select from message_seen_also s where (s.received_at, s.journal_id, s.seq) = (m.received_at, m.journal_id, m.seq))',
  );
}

function because(where: Where, reason: string): void {
  where.also('m.parse_reason is not null');
  if (reason !== 'any') where.also(`${where.place(clean(reason))} = any(string_to_array(m.parse_reason, ','))`);
}

/** NUL cannot be in a text, so it cannot be found. */
const clean = (text: string): string => text.replaceAll('\0', '');

/** What a person types is looked for as it is: `%` and `_` mean themselves. */
export const escapeLike = (text: string): string => clean(text).replace(/[\\%_]/g, '\\$&');
