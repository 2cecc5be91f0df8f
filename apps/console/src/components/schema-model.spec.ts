import { KNOWN_KINDS, parseSetting, settingSchemaOf } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { asVariant, type Field, fieldOf, initialOf, type JsonSchema, type Member, problemsAt } from './schema-model.js';

/** As the manager answers it. */
const schemaOf = (kind: (typeof KNOWN_KINDS)[number]): JsonSchema =>
  settingSchemaOf(kind)!.toJSONSchema({ io: 'input', unrepresentable: 'any' }) as JsonSchema;
const monitor = fieldOf(schemaOf('monitor'));
const membersOf = (field: Field, value = ''): readonly Member[] =>
  field.kind === 'fields'
    ? field.members
    : field.kind === 'variants'
      ? (field.variants.find((one) => one.value === value)?.members ?? [])
      : [];
const member = (field: Field, path: string, variant = ''): Member => {
  const [name = '', ...rest] = path.split('.');
  const found = membersOf(field, variant).find((one) => one.name === name);
  if (found === undefined) throw new Error(`no ${name} among ${membersOf(field, variant).map((one) => one.name)}`);
  return rest.length === 0 ? found : member(found.field.kind === 'list' ? found.field.item : found.field, rest.join('.'));
};

describe('a form made from a schema', () => {
  it('has a field for all of every kind, but for the few forms that only JSON can say', () => {
    const asJson: string[] = [];
    const look = (field: Field, place: string): void => {
      if (field.kind === 'json') asJson.push(place);
      if (field.kind === 'fields') for (const one of field.members) look(one.field, `${place}.${one.name}`);
      if (field.kind === 'variants')
        for (const each of field.variants) for (const one of each.members) look(one.field, `${place}.${one.name}`);
      if (field.kind === 'list') look(field.item, place);
    };
    // A role has an editor of its own.
    for (const kind of KNOWN_KINDS) if (kind !== 'role') look(fieldOf(schemaOf(kind)), kind);
    // A day or `last`; which week, or `every`; values of any kind in a saved filter; jobs within jobs.
    expect([...new Set(asJson.map((place) => place.split('.').at(-1)))].sort()).toEqual(['day', 'jobs', 'query', 'week']);
  });
  it('tells the types of monitors apart by their type', () => {
    expect(monitor).toMatchObject({ kind: 'variants', tag: 'type' });
    expect(monitor.kind === 'variants' && monitor.variants.length).toBeGreaterThan(20);
  });
  it('knows numbers with their bounds, switches, choices, ranges, lists and secrets', () => {
    expect(member(monitor, 'intervalS', 'ping').field).toEqual({ kind: 'number', isWhole: true, min: 10, max: 3_600 });
    expect(member(monitor, 'collect', 'ping').field).toEqual({ kind: 'truth' });
    expect(member(monitor, 'failurePriority', 'ping').field).toEqual({
      kind: 'choice',
      values: ['critical', 'unknown', 'warning', 'info'],
    });
    expect(member(monitor, 'numeric.info', 'ping')).toMatchObject({ field: { kind: 'range' }, usual: [0, 1_000] });
    expect(member(monitor, 'notifications', 'ping').field).toEqual({ kind: 'words', choices: [], areNumbers: false });
    expect(member(monitor, 'rules.pattern', 'http-string')).toMatchObject({ field: { kind: 'text' }, isRequired: true });
    expect(member(monitor, 'check.password', 'sql-numeric')).toMatchObject({
      field: { kind: 'text', isSecret: true },
      isNullable: true,
    });
    expect(member(fieldOf(schemaOf('node')), 'addresses').field).toMatchObject({ kind: 'words' });
    expect(member(fieldOf(schemaOf('node')), 'variables').field).toEqual({ kind: 'record' });
  });
  it('says of a part whether it must be there', () => {
    expect(member(monitor, 'numeric.hysteresis', 'ping')).toMatchObject({ isNullable: true, usual: null });
    expect(member(fieldOf(schemaOf('node')), 'snmp')).toMatchObject({ isRequired: false, usual: undefined });
  });
  it('begins with what is usual, and what begins so is taken once the rest is filled in', () => {
    const node = initialOf(fieldOf(schemaOf('node'))) as object;
    expect(parseSetting({ kind: 'node', id: 'a', body: { ...node, name: 'a' } }).ok).toBe(true);
    const ping = asVariant(monitor as never, 'ping', {});
    expect(ping).toMatchObject({
      type: 'ping',
      intervalS: 300,
      check: { count: 1, timeoutMs: 5_000 },
      numeric: { info: [0, 1_000], hysteresis: null },
    });
    expect(parseSetting({ kind: 'monitor', id: 'a', body: { ...ping, facility: 'web' } }).ok).toBe(true);
    const calendar = initialOf(fieldOf(schemaOf('calendar'))) as object;
    expect(parseSetting({ kind: 'calendar', id: 'a', body: { ...calendar, timeZone: 'UTC' } }).ok).toBe(true);
  });
  it('keeps what two types have in common, and nothing of the rest', () => {
    const ping = { ...asVariant(monitor as never, 'ping', {}), facility: 'web', intervalS: 60, notifications: ['ops'] };
    const http = asVariant(monitor as never, 'http-string', ping);
    expect(http).toMatchObject({
      type: 'http-string',
      facility: 'web',
      intervalS: 60,
      notifications: ['ops'],
      check: { method: 'GET' },
      rules: [],
    });
    expect(http).not.toHaveProperty('loss');
    expect(asVariant(monitor as never, 'syslog', http)).toMatchObject({ type: 'syslog', facility: 'web', intervalS: null });
  });
  it('shows what the manager says at the field that it says it of', () => {
    const problems = [
      { place: 'body.check.url', allowed: 'an address' },
      { place: 'id', allowed: 'an id' },
    ];
    expect([problemsAt(problems, 'check.url'), problemsAt(problems, 'id'), problemsAt(problems, 'check')]).toEqual([
      ['an address'],
      ['an id'],
      [],
    ]);
  });
  it('shows at a field of several words what is wrong with one of them', () => {
    const problems = [{ place: 'body.addresses.1', found: '"10.0.0.256"', allowed: 'an address' }];
    expect(problemsAt(problems, 'addresses', true)).toEqual(['"10.0.0.256": an address']);
    expect([problemsAt(problems, 'addresses'), problemsAt(problems, 'addr', true)]).toEqual([[], []]);
  });
  it('says what it cannot say otherwise as JSON, and does not loop in a schema within itself', () => {
    expect(fieldOf({})).toEqual({ kind: 'json' });
    const within: JsonSchema = {
      $ref: '#/$defs/all',
      $defs: { all: { type: 'object', properties: { next: { $ref: '#/$defs/all' } } } },
    };
    expect(JSON.stringify(fieldOf(within))).toContain('json');
  });
});
