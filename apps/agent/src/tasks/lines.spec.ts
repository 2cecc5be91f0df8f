import { re2Patterns } from '@yosugara/connectors/patterns';
import type { Pattern } from '@yosugara/operations';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntryMaker, LineSplitter, type SplitOptions } from './lines.js';

const of = (over: Partial<SplitOptions> = {}) =>
  new LineSplitter({ encoding: 'utf-8', lineEnd: 'lf', maxLineBytes: 1_000, ...over }, 0);
const texts = (splitter: LineSplitter, ...parts: (string | Buffer)[]) =>
  parts.flatMap((part) => splitter.push(Buffer.from(part as string))).map(({ text }) => text);

describe('lines', () => {
  it('are whole when their end has come, wherever the bytes were cut', () =>
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[aé日]{0,9}$/)), fc.array(fc.nat(40)), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const splitter = of();
        const found: string[] = [];
        let from = 0;
        for (const cut of [...cuts, bytes.length]) {
          found.push(...splitter.push(bytes.subarray(from, from + cut)).map(({ text }) => text));
          from = Math.min(bytes.length, from + cut);
        }
        expect(found).toEqual(lines);
        expect(splitter.position).toBe(bytes.length);
      }),
    ));
  it('know where they end', () => {
    const splitter = of();
    expect([...splitter.push(Buffer.from('ab\nc')), ...splitter.push(Buffer.from('d\n'))]).toEqual([
      { text: 'ab', end: 3 },
      { text: 'cd', end: 6 },
    ]);
  });
  it.each([
    ['lf', 'a\r\nb\n', ['a', 'b']],
    ['crlf', 'a\r\nb\r\n', ['a', 'b']],
    ['cr', 'a\rb\r', ['a', 'b']],
  ] as const)('end with %s', (lineEnd, content, expected) => expect(texts(of({ lineEnd }), content)).toEqual(expected));
  it.each([
    ['shift_jis', Buffer.from([0x93, 0xfa, 0x96, 0x7b, 0x0a]), '日本'],
    ['euc-jp', Buffer.from([0xc6, 0xfc, 0xcb, 0xdc, 0x0a]), '日本'],
    ['utf-16le', Buffer.from('日本\n', 'utf16le'), '日本'],
    ['utf-16be', Buffer.from('日本\n', 'utf16le').swap16(), '日本'],
    ['iso-8859-1', Buffer.from([0xe9, 0x0a]), 'é'],
  ])('in %s', (encoding, bytes, expected) => expect(texts(of({ encoding }), bytes)).toEqual([expected]));
  it('in UTF-16 do not end within a character whose byte is one of a line end', () => {
    // U+0A0A and U+010A: 0x0a as either byte.
    const content = 'x\u0a0ay\u010az\n';
    for (const [encoding, bytes] of [
      ['utf-16le', Buffer.from(content, 'utf16le')],
      ['utf-16be', Buffer.from(content, 'utf16le').swap16()],
    ] as const)
      expect(texts(of({ encoding }), bytes)).toEqual([content.slice(0, -1)]);
  });
  it('that are too long lose their end, and the next one is whole again', () => {
    const splitter = of({ maxLineBytes: 4 });
    expect(texts(splitter, 'abc', 'defgh', 'ij\nkl\n')).toEqual(['abcd', 'kl']);
  });
  it('without an end are whole when nobody writes any more', () => {
    const splitter = of();
    splitter.push(Buffer.from('abc'));
    expect(splitter.rest()).toEqual({ text: 'abc', end: 3 });
    expect(splitter.rest()).toBeNull();
  });
});

describe('entries of several lines', () => {
  const pattern = (text: string): Pattern =>
    re2Patterns()
      .compile([{ pattern: text, mode: 'regex', caseSensitive: true }])
      .at(0);
  const made = (maker: EntryMaker, lines: readonly string[]) =>
    [...lines.flatMap((text, at) => maker.push({ text, end: at })), maker.rest()].map((entry) => entry?.text ?? null);
  it('begin with what matches', () =>
    expect(made(new EntryMaker(pattern('^\\d+ '), null, 1_000), ['1 a', '  at b', '2 c'])).toEqual(['1 a\n  at b', '2 c']));
  it('end with what matches', () =>
    expect(made(new EntryMaker(null, pattern('END$'), 1_000), ['a', 'b END', 'c'])).toEqual(['a\nb END', 'c']));
  it('are each a line without either', () =>
    expect(made(new EntryMaker(null, null, 1_000), ['a', 'b'])).toEqual(['a', 'b', null]));
  it('do not grow beyond the bound', () => {
    const [entry] = made(new EntryMaker(pattern('^A'), null, 20), ['A', ...Array.from({ length: 1_000 }, () => 'xxxxxxxxx')]);
    expect(entry).toHaveLength(20);
  });
});
