import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FramedMessage, SyslogFramer } from './framing.js';

const MAX = 20;
function all(stream: Buffer, cuts: readonly number[], maxBytes = MAX): { messages: [string, boolean][]; broken: boolean } {
  const framer = new SyslogFramer(maxBytes);
  const messages: [string, boolean][] = [];
  const note = ({ raw, truncated }: FramedMessage) => messages.push([raw.toString('latin1'), truncated]);
  const places = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length];
  for (let index = 1; index < places.length; index++) {
    framer.push(stream.subarray(places[index - 1], places[index]));
    for (let next = framer.next(); next !== null; next = framer.next()) {
      if (next === 'broken') return { messages, broken: true };
      note(next);
    }
  }
  const rest = framer.end();
  if (rest !== null) note(rest);
  return { messages, broken: false };
}
const text = (value: string) => all(Buffer.from(value, 'latin1'), []);

describe('a connection whose first byte is a digit', () => {
  it('counts octets', () =>
    expect(text('3 <1>4 <2>x').messages).toEqual([
      ['<1>', false],
      ['<2>x', false],
    ]));
  it('keeps line ends inside a message', () => expect(text('5 <1>\n\n').messages).toEqual([['<1>\n\n', false]]));
  it('cuts what is too long and goes on behind it', () =>
    expect(text(`25 ${'x'.repeat(25)}3 <1>`).messages).toEqual([
      ['x'.repeat(20), true],
      ['<1>', false],
    ]));
  it('marks what the end cut', () => expect(text('9 <1>ab').messages).toEqual([['<1>ab', true]]));
  it.each(['1x <1>', '12345678901 x', '3 <1>x y'])('is broken by %j', (stream) => expect(text(stream).broken).toBe(true));
});

describe('any other connection', () => {
  it('ends messages at LF, leaves empty lines out, and takes a last line without LF', () =>
    expect(text('<1>a\n\n<2>b\r\n<3>c').messages).toEqual([
      ['<1>a', false],
      ['<2>b\r', false],
      ['<3>c', false],
    ]));
  it('cuts what is too long and goes on behind the LF', () =>
    expect(text(`<${'x'.repeat(45)}\n<1>\n`).messages).toEqual([
      [`<${'x'.repeat(19)}`, true],
      ['<1>', false],
    ]));
  it('takes a line of exactly the limit whole', () =>
    expect(text(`<${'x'.repeat(19)}\n`).messages).toEqual([[`<${'x'.repeat(19)}`, false]]));
});

it('gives the same messages however the stream is cut into pieces', () =>
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', ' ', '\n', '7'), maxLength: 30 }), { maxLength: 8 }),
      fc.boolean(),
      fc.array(fc.nat(300), { maxLength: 12 }),
      (bodies, counted, cuts) => {
        const stream = Buffer.from(
          bodies.map((body) => (counted ? `${body.length + 1} <${body}` : `<${body}\n`)).join(''),
          'latin1',
        );
        expect(all(stream, cuts)).toEqual(all(stream, []));
        expect(all(stream, cuts, 1_000).messages.map(([raw]) => raw)).toEqual(
          counted
            ? bodies.map((body) => `<${body}`)
            : bodies.flatMap((body) => `<${body}`.split('\n').filter((line) => line !== '')),
        );
      },
    ),
    { numRuns: 500 },
  ));
