import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RelpFrame, RelpFramer } from './relp-frames.js';
import { RelpResends } from './relp-resends.js';

const MAX = 50;
function all(stream: Buffer, cuts: readonly number[] = [], maxBytes = MAX): { frames: RelpFrame[]; broken: boolean } {
  const framer = new RelpFramer(maxBytes);
  const frames: RelpFrame[] = [];
  const places = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length];
  for (let index = 1; index < places.length; index++) {
    framer.push(stream.subarray(places[index - 1], places[index]));
    for (let next = framer.next(); next !== null; next = framer.next()) {
      if (next === 'broken') return { frames, broken: true };
      frames.push({ ...next, data: Buffer.from(next.data) });
    }
  }
  return { frames, broken: false };
}
const text = (value: string) => {
  const { frames, broken } = all(Buffer.from(value, 'latin1'));
  return [
    ...frames.map(({ txnr, command, data }) => `${txnr} ${command} ${data.toString('latin1')}`),
    ...(broken ? ['broken'] : []),
  ];
};

describe('RELP frames', () => {
  it('are a number, a command, a length and so much data', () =>
    expect(text('1 open 5 a=b\nc\n2 syslog 4 <1>x\n3 close 0\n')).toEqual(['1 open a=b\nc', '2 syslog <1>x', '3 close ']));
  it('without data may have the space that belongs to data', () =>
    expect(text('3 close 0 \n4 close 0\n')).toEqual(['3 close ', '4 close ']));
  it.each([
    ['a number that is none', 'x open 0\n'],
    ['a number that is too long', '1234567890 open 0\n'],
    ['a command with a digit', '1 op3n 0\n'],
    ['a command that is too long', `1 ${'a'.repeat(33)} 0\n`],
    ['a length that is none', '1 syslog x\n'],
    ['a length that is too long', '1 syslog 1234567890 x\n'],
    ['a length without data', '1 syslog 5\n'],
    ['data that is longer than it says', '1 syslog 3 <1>x\n'],
    ['HTTP', 'GET / HTTP/1.1\r\n'],
    ['an empty line', '\n'],
  ])('are broken by %s', (_, stream) => expect(text(stream)).toEqual(['broken']));
  it('that are too long are cut, say so, and the next is whole', () => {
    const { frames } = all(Buffer.from(`1 syslog 60 ${'x'.repeat(60)}\n2 syslog 1 y\n`));
    expect(frames.map(({ data, truncated }) => [data.length, truncated])).toEqual([
      [50, true],
      [1, false],
    ]);
  });
  it('are the same however the stream is cut into chunks', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 999_999_999 }), fc.uint8Array({ maxLength: 80 }))),
        fc.array(fc.nat(), { maxLength: 30 }),
        (sent, cuts) => {
          const stream = Buffer.concat(
            sent.flatMap(([txnr, data]) => [Buffer.from(`${txnr} syslog ${data.length} `), data, Buffer.from('\n')]),
          );
          const { frames, broken } = all(stream, cuts);
          expect(broken).toBe(false);
          expect(frames).toEqual(
            sent.map(([txnr, data]) => ({
              ...{ txnr, command: 'syslog', data: Buffer.from(data).subarray(0, MAX) },
              truncated: data.length > MAX,
            })),
          );
        },
      ),
    ));
  it('of any bytes whatever end in frames, in waiting, or broken, and the cuts change nothing', () => {
    const bits = ['1', '22', ' ', '\n', 'syslog', 'open', '0', '5', '999999999', 'x', '\0', 'ÿ'].map((bit) =>
      Buffer.from(bit, 'latin1'),
    );
    const noise = fc.array(fc.oneof(fc.constantFrom(...bits), fc.uint8Array({ maxLength: 8 })), { maxLength: 40 });
    fc.assert(
      fc.property(noise, fc.array(fc.nat(), { maxLength: 10 }), (parts, cuts) => {
        const stream = Buffer.concat(parts);
        const whole = all(stream);
        expect(all(stream, cuts)).toEqual(whole);
        for (const { data } of whole.frames) expect(data.length).toBeLessThanOrEqual(MAX);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('what was not answered when a connection broke', () => {
  const frames = (...texts: string[]) => texts.map((each, index) => ({ seq: 100 + index, raw: Buffer.from(each) }));
  const ask = (resent: (raw: Uint8Array) => number | null, ...texts: string[]) => texts.map((each) => resent(Buffer.from(each)));
  it('is known again, in order, also behind what was answered', () => {
    const resends = new RelpResends();
    resends.leave('x', frames('a', 'b', 'b', 'c'));
    expect(ask(resends.returning('x'), 'answered', 'a', 'b', 'b', 'c', 'a', 'b')).toEqual([null, 100, 101, 102, 103, null, null]);
    expect(ask(resends.returning('x'), 'a')).toEqual([null]);
  });
  it('is no longer expected once the client goes on otherwise', () => {
    const resends = new RelpResends();
    resends.leave('x', frames('a', 'b', 'c'));
    expect(ask(resends.returning('x'), 'a', 'new', 'b')).toEqual([100, null, null]);
    expect(ask(resends.returning('x'), 'b')).toEqual([null]);
  });
  it('belongs to its source; several connections of one are told apart', () => {
    const resends = new RelpResends();
    resends.leave('x', frames('a', 'b'));
    resends.leave('x', [{ seq: 7, raw: Buffer.from('q') }]);
    const [first, second, other] = [resends.returning('x'), resends.returning('x'), resends.returning('y')];
    expect([ask(other, 'a'), ask(second, 'q', 'r'), ask(first, 'a', 'b')]).toEqual([[null], [7, null], [100, 101]]);
  });
  it('is forgotten after a quarter of an hour, and bounded', () => {
    let nowMs = 0;
    const resends = new RelpResends(() => nowMs);
    for (let at = 0; at < 1_100; at++) resends.leave(`s${at}`, frames('a'));
    expect(ask(resends.returning('s1050'), 'a')).toEqual([null]);
    nowMs += 16 * 60_000;
    resends.leave('z', frames('a'));
    expect([ask(resends.returning('s3'), 'a'), ask(resends.returning('z'), 'a')]).toEqual([[null], [100]]);
  });
});
