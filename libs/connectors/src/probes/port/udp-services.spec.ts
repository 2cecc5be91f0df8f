import { describe, expect, it } from 'vitest';
import { looked, single } from '../look.js';
import { serveUdp } from '../testing/servers.js';
import { askDns, dnsQuery, readDns } from './dns.js';
import { askNtp, readNtp } from './ntp.js';

const never = new AbortController().signal;
const COOKIE = Buffer.from('0102030405060708', 'hex');
const packet = (change: (bytes: Buffer) => void): Buffer => {
  const bytes = Buffer.alloc(48);
  bytes[0] = (4 << 3) | 4;
  bytes[1] = 2;
  COOKIE.copy(bytes, 24);
  bytes.fill(7, 40, 48);
  change(bytes);
  return bytes;
};
const why = (read: () => unknown): string => {
  try {
    return `read: ${JSON.stringify(read())}`;
  } catch (error) {
    return (error as Error).message;
  }
};

describe('the answer of a time server (RFC 4330 section 5)', () => {
  const read = (change: (bytes: Buffer) => void) => why(() => readNtp(packet(change), COOKIE, 'X'));
  it.each([
    ['is taken', () => undefined, 'read: {"stratum":2}'],
    ['to somebody else is passed over', (bytes: Buffer) => bytes.fill(0, 24, 32), 'read: null'],
    [
      'of a client is none',
      (bytes: Buffer) => bytes.writeUInt8((4 << 3) | 3),
      'X does not answer as a server of NTP: its mode is 3',
    ],
    [
      'of a clock that is not set is a failure',
      (bytes: Buffer) => bytes.writeUInt8((3 << 6) | (4 << 3) | 4),
      'X says that its clock is not set',
    ],
    ['of stratum 16 is a failure', (bytes: Buffer) => bytes.writeUInt8(16, 1), 'X says that its clock is not set'],
    ['without the time is a failure', (bytes: Buffer) => bytes.fill(0, 40), 'X answers without the time'],
    [
      'that is a kiss of death says whose',
      (bytes: Buffer) => bytes.writeUInt8(0, 1) + bytes.write('RATE', 12, 'latin1'),
      'X refuses to tell the time: RATE',
    ],
  ] as const)('%s', (_, change, expected) => expect(read(change as (bytes: Buffer) => void)).toBe(expected));
  it('that is too short is none', () => expect(why(() => readNtp(Buffer.alloc(47), COOKIE, 'X'))).toMatch(/does not speak NTP/));
});

describe('the answer of a name server (RFC 1035)', () => {
  const question = { name: 'host.example', type: 'A' } as const;
  const query = dnsQuery(0x1234, question);
  const answer = (flags: number, answers = 1, tail = query.subarray(12)): Buffer => {
    const head = Buffer.alloc(12);
    head.writeUInt16BE(0x1234, 0);
    head.writeUInt16BE(flags, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(answers, 6);
    return Buffer.concat([head, tail]);
  };
  const read = (bytes: Buffer) => why(() => readDns(bytes, query, question, 'X'));
  it('the question is what RFC 1035 4.1 says', () =>
    expect(query.toString('hex')).toBe('123401000001000000000000' + '04686f7374076578616d706c6500' + '00010001'));
  it('the root is asked for by its empty name', () =>
    expect(dnsQuery(1, { name: '.', type: 'NS' }).subarray(12).toString('hex')).toBe('0000020001'));
  it('is taken', () => expect(read(answer(0x8180))).toBe('read: 1'));
  it('is taken when it was cut', () => expect(read(answer(0x8380, 0))).toBe('read: 0'));
  it('with other letters of the same name is taken', () =>
    expect(read(answer(0x8180, 1, Buffer.from(query.subarray(12).toString('latin1').replace('host', 'HoSt'), 'latin1')))).toBe(
      'read: 1',
    ));
  it('to another question is passed over', () =>
    expect(read(answer(0x8180, 1, dnsQuery(1, { ...question, name: 'host.evil.ex' }).subarray(12)))).toBe('read: null'));
  it('with another id is passed over', () => {
    const other = answer(0x8180);
    other.writeUInt16BE(0x4321, 0);
    expect(read(other)).toBe('read: null');
  });
  it.each([
    [3, 'X answers NXDOMAIN to host.example A'],
    [2, 'X answers SERVFAIL to host.example A'],
    [5, 'X answers REFUSED to host.example A'],
  ])('of code %d is a failure', (code, expected) => expect(read(answer(0x8180 | code, 0))).toBe(expected));
  it('without records is a failure', () => expect(read(answer(0x8180, 0))).toBe('X has no record for host.example A'));
  it.each(['a..b', 'x'.repeat(64), `${'x.'.repeat(130)}x`])('%s is no name', (name) =>
    expect(why(() => dnsQuery(1, { name, type: 'A' }))).toMatch(/is no name that DNS could be asked for/),
  );
});

describe('a forged answer', () => {
  it('before the right one changes nothing', async () => {
    const server = await serveUdp((question) => {
      const forged = packet(() => undefined);
      const right = packet((bytes) => question.copy(bytes, 24, 40, 48));
      return [forged, right];
    });
    const target = { host: '127.0.0.1', port: server.port };
    const run = looked(20_000, never, async (look) => single({ kind: 'number', number: (await askNtp(look, target)).stratum }));
    expect(await run).toEqual(single({ kind: 'number', number: 2 }));
    await server.close();
  });
  it('alone is waited out', async () => {
    const server = await serveUdp(() => [packet(() => undefined)]);
    const target = { host: '127.0.0.1', port: server.port };
    const run = looked(200, never, async (look) => single({ kind: 'number', number: (await askNtp(look, target)).stratum }));
    expect(await run).toMatchObject([{ value: { kind: 'failure', why: expect.stringContaining('no answer within') } }]);
    await server.close();
  });
});

it('nobody at that port: the refusal is told at once', async () => {
  const server = await serveUdp(() => []);
  await server.close();
  const target = { host: '127.0.0.1', port: server.port };
  const run = looked(20_000, never, async (look) =>
    single({ kind: 'number', number: await askDns(look, target, { name: '.', type: 'NS' }) }),
  );
  expect(await run).toEqual([{ item: '', value: { kind: 'failure', why: `connection refused by 127.0.0.1:${server.port}` } }]);
});
