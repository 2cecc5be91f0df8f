import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { customTrapJson, customTraps, parseCustom } from './custom.js';

const parsed = (json: string) => parseCustom(new TextEncoder().encode(json));
const wrongOf = (document: unknown) => {
  const outcome = customTraps(document);
  return outcome.kind === 'wrong' ? [outcome.place, outcome.found] : 'right';
};

describe('a document of custom traps', () => {
  const trap = { key: 'disk', type: 'string', message: 'full' };
  it('is one trap or a list of them', () => {
    expect(customTraps({ key: 'disk', message: 'full' })).toEqual({ kind: 'traps', traps: [trap] });
    expect(
      customTraps([
        { key: 'disk', message: 'full' },
        { key: 'cpu', type: 'number', message: 97.5 },
      ]),
    ).toEqual({
      kind: 'traps',
      traps: [trap, { key: 'cpu', type: 'number', message: '97.5' }],
    });
  });
  it('may be Hinemos’ own', () =>
    expect(
      customTraps({ FacilityID: 'web1', DATA: [{ DATE: '2026/11/21 09:30:00', TYPE: 'NUM', KEY: 'cpu', MSG: '97' }] }),
    ).toEqual({
      kind: 'traps',
      traps: [{ facility: 'web1', date: '2026/11/21 09:30:00', type: 'number', key: 'cpu', message: '97' }],
    }));
  it.each<[string, unknown, readonly string[]]>([
    ['a text', 'x', ['(the whole document)', '"x"']],
    ['nothing', null, ['(the whole document)', 'null']],
    ['an empty list', [], ['(the whole document)', '[]']],
    ['a list with something else', [{ key: 'a', message: 'b' }, 7], ['[1]', '7']],
    ['no key', { message: 'x' }, ['key', 'nothing']],
    ['no message', [{ key: 'a', message: 'b' }, { key: 'x' }], ['[1].message', 'nothing']],
    ['an unknown name', { key: 'a', message: 'b', colour: 'red' }, ['colour', '"red"']],
    ['a type that is none', { key: 'a', message: 'b', type: 'text' }, ['type', '"text"']],
    ['a number that is none', { key: 'a', message: 'many', type: 'number' }, ['message', '"many"']],
    ['a date that is none', { key: 'a', message: 'b', date: '2026-02-30 00:00:00' }, ['date', '"2026-02-30 00:00:00"']],
    ['an envelope without a list', { FacilityID: 'x', DATA: {} }, ['DATA', '{}']],
    ['an envelope with more', { FacilityID: 'x', DATA: [], other: 1 }, ['other', '1']],
    ['a trap in an envelope', { DATA: [{ KEY: 'a' }] }, ['DATA[0].message', 'nothing']],
    ['__proto__', JSON.parse('{"key":"a","message":"b","__proto__":1}'), ['__proto__', '1']],
  ])('with %s is told so', (_, document, expected) => expect(wrongOf(document)).toEqual(expected));
  it('that is deeper than the stack is told so, too', () => {
    for (const deep of ['['.repeat(200_000) + ']'.repeat(200_000), '{"a":'.repeat(100_000) + '{}'.padEnd(100_002, '}')]) {
      const [place, found] = wrongOf(JSON.parse(`{"key":"a","message":${deep}}`));
      expect([place, String(found).length < 100]).toEqual(['message', true]);
      expect(wrongOf(JSON.parse(deep))).not.toBe('right');
      expect(parsed(deep)).toMatchObject({ text: deep, reason: 'custom_not_understood' });
    }
  });
});

describe('a custom trap as a message', () => {
  it('has the facility as its host, the key as its application, and its own time', () =>
    expect(parsed('{"facility":"web1","key":"cpu","date":"2026-11-21T09:30:00+09:00","type":"number","message":"97"}')).toEqual({
      ...{ facility: null, severity: null, procId: null, msgId: null, varbinds: null, reason: null },
      ...{ host: 'web1', app: 'cpu', text: '97', structured: { custom: { type: 'number' } } },
      sentAtUs: Date.UTC(2026, 10, 21, 0, 30) * 1_000,
    }));
  it('that is none keeps its text and says so', () =>
    expect(parsed('{"key":')).toMatchObject({ text: '{"key":', reason: 'custom_not_understood' }));
  it('with half of a surrogate pair can be stored as it is shown', () => {
    const message = parsed('{"key":"a\\udc00","facility":"\\ud800","message":"x\\ud800"}');
    expect(message).toMatchObject({ host: '\ufffd', app: 'a\ufffd', text: 'x\ufffd' });
  });
  it('is the same bytes however it was written, and comes back as it was', () => {
    const trap = fc.record(
      {
        key: fc.string({ minLength: 1, maxLength: 50 }),
        message: fc.string(),
        type: fc.constantFrom('string' as const),
        facility: fc.string({ minLength: 1 }),
        date: fc.integer({ min: 0, max: 4e12 }),
      },
      { requiredKeys: ['key', 'message', 'type'] },
    );
    fc.assert(
      fc.property(trap, (one) => {
        const reordered = Object.fromEntries(
          Object.entries(one)
            .reverse()
            .map(([name, value]) => [name.toUpperCase(), value]),
        );
        const outcome = customTraps(reordered);
        expect(outcome).toEqual({ kind: 'traps', traps: [one] });
        const json = customTrapJson(one);
        expect(outcome.kind === 'traps' && customTrapJson(outcome.traps[0]!)).toBe(json);
        const message = parsed(json);
        expect([message.text, message.app, message.reason]).toEqual([
          one.message.replaceAll('\0', ''),
          one.key.replaceAll('\0', ''),
          null,
        ]);
      }),
    );
  });
  it('is never a failure, whatever the document is', () => {
    const names = fc.constantFrom(
      'key',
      'KEY',
      'message',
      'MSG',
      'date',
      'type',
      'DATA',
      'FacilityID',
      '__proto__',
      'constructor',
      'x',
    );
    const leaf = fc.oneof(
      fc.string(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom('number', 'NUM', '2026-01-01T00:00:00Z'),
    );
    const { document } = fc.letrec<{ document: unknown }>((tie) => ({
      document: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('document')),
        fc.array(fc.tuple(names, tie('document'))).map(Object.fromEntries),
      ),
    }));
    fc.assert(
      fc.property(document, (value) => {
        const outcome = customTraps(value);
        if (outcome.kind === 'wrong')
          expect(outcome.allowed.length * outcome.found.length * outcome.place.length).toBeGreaterThan(0);
        else for (const trap of outcome.traps) expect(parsed(customTrapJson(trap)).reason).toBe(null);
        parsed(JSON.stringify(value) ?? '');
      }),
      { numRuns: 5_000 },
    );
  });
  it('is never a failure, whatever the bytes are', () =>
    fc.assert(fc.property(fc.uint8Array(), (raw) => typeof parseCustom(raw).text === 'string')));
});
