import { parseCustom, parseSyslog } from '@yosugara/operations';
import { FORMAT_SAMPLES } from '@yosugara/operations/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RecipeFields, rawOf, recipeOf } from './raw-recipe.js';

const NOTHING: RecipeFields = { host: null, app: null, procId: null, msgId: null, sentAtUs: null, text: '' };
const SENT_AT_US = Date.parse('2026-11-21T10:14:15.003Z') * 1_000;
const LINE = '<13>1 2026-11-21T10:14:15.003Z web1.example.com app1 4711 - - An event';
const FIELDS = { ...NOTHING, host: 'web1.example.com', app: 'app1', procId: '4711', sentAtUs: SENT_AT_US, text: 'An event' };
const recipe = (line: string | Uint8Array, fields: RecipeFields) => recipeOf(Buffer.from(line), fields);

describe('the recipe of raw bytes', () => {
  it('leaves out what stands in other columns', () => {
    expect(recipe(LINE, FIELDS)?.toString('latin1')).toBe('<13>1 \x053Z \x01 \x02 \x03 - - \x06');
    expect(rawOf(recipe(LINE, FIELDS)!, FIELDS).toString()).toBe(LINE);
  });
  it.each<[string, string, Partial<RecipeFields>, string]>([
    [
      'microseconds and a zone',
      LINE.replace('10:14:15.003Z', '19:14:15.003000+09:00'),
      {},
      '<13>1 \x056+09:00 \x01 \x02 \x03 - - \x06',
    ],
    ['no fraction', LINE.replace('.003', ''), { sentAtUs: SENT_AT_US - 3_000 }, '<13>1 \x050Z \x01 \x02 \x03 - - \x06'],
    ['nanoseconds', LINE.replace('.003', '.003000001'), {}, '<13>1 2026-11-21T10:14:15.003000001Z \x01 \x02 \x03 - - \x06'],
    [
      'another time than its own',
      LINE,
      { sentAtUs: SENT_AT_US + 1_000 },
      '<13>1 2026-11-21T10:14:15.003Z \x01 \x02 \x03 - - \x06',
    ],
    [
      'RFC 3164',
      '<13>Nov 21 10:14:15 web1 su: hello\n',
      { host: 'web1', app: 'su', text: 'hello' },
      '<13>Nov 21 10:14:15 \x01 \x02: \x06\n',
    ],
    [
      'a head of many bytes',
      `<13>Nov 21 10:14:15 ${'x'.repeat(600)} web1 su: hello`,
      { host: 'web1', app: 'su', text: 'hello' },
      `<13>Nov 21 10:14:15 ${'x'.repeat(600)} \x01 \x02: \x06`,
    ],
    [
      'a host that looks like the zone',
      '<13>1 2026-11-21T10:14:15.003Z 3Z - - - - x',
      { host: '3Z', app: null, text: 'x' },
      '<13>1 \x053Z \x01 - - - - \x06',
    ],
    [
      'text beyond ASCII',
      '<13>Nov 21 10:14:15 h é: テスト\0',
      { host: 'h', app: 'é', text: 'テスト' },
      '<13>Nov 21 10:14:15 h Ã©: \x06\0',
    ],
  ])('of a message with %s', (_, line, change, wanted) => {
    const fields = { ...FIELDS, ...change };
    expect(recipe(line, fields)?.toString('latin1')).toBe(wanted);
    expect(rawOf(recipe(line, fields)!, fields)).toEqual(Buffer.from(line));
  });
  it.each<[string, string | Uint8Array, Partial<RecipeFields>]>([
    ['bytes that are not the text', Uint8Array.of(0x3c, 0xff, 0xfe), { text: '\\xff' }],
    ['a sign of the recipe', '<13>\x05: hello', { text: 'hello' }],
    ['a sign of the recipe behind the text', 'hello, hello\x06', { text: 'hello, hello' }],
    ['nothing to save', 'x', { text: '' }],
    ['a text from elsewhere', LINE, { text: 'linkDown' }],
  ])('is none for %s', (_, line, change) => expect(recipe(line, { ...NOTHING, ...change })).toBe(null));
  // Where the field's time has a 0, these have another digit.
  it.each<[string, string, Partial<RecipeFields>]>([
    ['seconds', '2026-11-21T10:00:09Z web1 x', { host: 'web1' }],
    ['an hour', '2026-11-21T19:00:00Z web1 x', { host: 'web1' }],
    ['a day', '2026-11-21T10:00:00+09:00 web1 x', { host: 'web1', sentAtUs: Date.parse('2026-11-20T01:00:00Z') * 1_000 }],
    ['no second of a clock', '2026-11-21T10:00:80Z web1 x', { host: 'web1' }],
  ])('leaves a time as it is that differs from the field by %s', (_, line, change) => {
    const fields = { ...NOTHING, sentAtUs: Date.parse('2026-11-21T10:00:00Z') * 1_000, text: 'x', ...change };
    expect(recipe(line, fields)?.toString('latin1')).toBe(line.replace('web1', '\x01').replace(/x$/, '\x06'));
    expect(rawOf(recipe(line, fields)!, fields).toString()).toBe(line);
  });
  it.each<[string, string, Parameters<typeof parseSyslog>[2]?]>([
    [
      'nanoseconds, and another time in its structured data',
      '<13>1 2026-11-21T10:00:00.123456789Z web1 app1 4711 - [x@1 at="2026-11-21T10:09:05Z"] An event',
    ],
    ['seconds since 1970, and a time for its host', '<134>1 1795255200.123456789 2026-11-21T10:00:80Z flows src=10.0.0.4'],
    [
      'no zone but that of its source, and the same time with one',
      '<13>1 2035-06-28T02:28:06 2035-06-28T02:28:06Z app1 4711 - - An event',
      { timeZone: 'Europe/Berlin' },
    ],
  ])('gives back a line of syslog with %s', (_, line, options) => {
    const fields = parseSyslog(Buffer.from(line), SENT_AT_US, options);
    expect(fields.sentAtUs).not.toBe(null);
    expect(rawOf(recipe(line, fields)!, fields).toString()).toBe(line);
  });
  it('gives back a custom trap with a time in its key', () => {
    const line = '{"key":"job 2026-11-21T10:09:05Z","date":"2026-11-21T10:00:00Z","type":"string","message":"An event"}';
    const fields = parseCustom(Buffer.from(line));
    expect(fields.sentAtUs).toBe(Date.parse('2026-11-21T10:00:00Z') * 1_000);
    expect(rawOf(recipe(line, fields)!, fields).toString()).toBe(line);
  });
  it('gives back a time that differs from the field by any one digit', () => {
    const second = fc.integer({ min: 0, max: 8_000_000_000 });
    const place = fc.constantFrom(0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18);
    fc.assert(
      fc.property(second, place, fc.nat(9), fc.constantFrom('Z', '+09:00', '-03:30'), (at, digitAt, digit, zone) => {
        const stamp = new Date(at * 1_000).toISOString().slice(0, -5);
        const line = `${stamp.slice(0, digitAt)}${digit}${stamp.slice(digitAt + 1)}${zone} An event`;
        const sentAtUs = Date.parse(`${stamp}${zone}`) * 1_000;
        const fields = { ...NOTHING, sentAtUs, text: 'An event' };
        expect(rawOf(recipe(line, fields)!, fields).toString()).toBe(line);
      }),
      { numRuns: 2_000 },
    );
  });
  it('is looked for in linear time', () => {
    const raw = Buffer.from('a'.repeat(500_000));
    const startedUs = process.cpuUsage();
    expect(recipeOf(raw, { ...NOTHING, text: `${'a'.repeat(250_000)}\\xff` })).toBe(null);
    const { user, system } = process.cpuUsage(startedUs);
    // By its square it takes a minute. Of the processor: others may have it meanwhile.
    expect((user + system) / 1_000).toBeLessThan(10_000);
  });
  it('of every known format gives the bytes back', () => {
    let saved = 0;
    for (const { line } of FORMAT_SAMPLES) {
      const raw = Buffer.from(line);
      const fields = parseSyslog(raw, SENT_AT_US);
      const made = recipeOf(raw, fields);
      if (made === null) continue;
      expect(rawOf(made, fields)).toEqual(raw);
      saved += raw.length - made.length;
    }
    expect(saved).toBeGreaterThan(1_000);
  });
  it('gives the bytes back whatever they are and whatever was read from them', () => {
    const word = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom('3Z', '09', '\x01', '\x05', 'é', 'ÿ', '\ud800', 'Z', ''),
    );
    const value = fc.option(word);
    const time = fc.record({
      us: fc.integer({ min: -1_000_000, max: 9e15 }),
      digits: fc.constantFrom(0, 3, 6),
      zone: fc.constantFrom('Z', '+09:00', '-03:30', '+99:99'),
    });
    fc.assert(
      fc.property(
        value,
        value,
        value,
        value,
        time,
        word,
        fc.array(word, { minLength: 8, maxLength: 8 }),
        (host, app, procId, msgId, at, text, between) => {
          const fields = { host, app, procId, msgId, sentAtUs: at.us, text };
          const stamp = new Date(at.us / 1_000).toISOString().replace('Z', at.digits === 6 ? `000${at.zone}` : at.zone);
          const parts = [stamp, host ?? '-', app ?? '-', procId ?? '', msgId ?? '', text];
          const raw = Buffer.from(
            parts.map((part, index) => (between[index] ?? '') + part).join(' ') + (between[7] ?? '').slice(0, 3),
          );
          const made = recipeOf(raw, fields);
          // As PostgreSQL would keep them.
          const kept = (each: string | null) => (each === null ? null : Buffer.from(each).toString());
          const stored = {
            ...fields,
            host: kept(host),
            app: kept(app),
            procId: kept(procId),
            msgId: kept(msgId),
            text: kept(text)!,
          };
          if (made !== null) expect(rawOf(made, stored)).toEqual(raw);
        },
      ),
      { numRuns: 500 },
    );
  });
});
