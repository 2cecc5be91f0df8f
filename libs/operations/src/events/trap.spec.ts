import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairingContent } from './content.js';
import type { RawRecord } from './record.js';
import { decodeTrap, informAnswer, parseTrap, type Trap, trapContent } from './trap.js';

const bytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const tlv = (tag: number, ...parts: (Uint8Array | readonly number[])[]): Uint8Array => {
  const body = parts.flatMap((part) => [...part]);
  const length =
    body.length < 128 ? [body.length] : body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 255];
  return Uint8Array.from([tag, ...length, ...body]);
};
const int = (value: number, tag = 2) => tlv(tag, [value]);
const text = (value: string) => tlv(4, new TextEncoder().encode(value));
const UPTIME = bytes('06082b06010201010300');
const TRAP_OID = bytes('060a2b060106030101040100');
const COLD_START = bytes('06092b06010603010105' + '01');
const ENTERPRISE = bytes('06072b060104018f65');
const varbind = (name: Uint8Array, value: Uint8Array) => tlv(0x30, name, value);
interface Options {
  requestId?: number;
  tag?: number;
  uptime?: number;
  extra?: Uint8Array[];
  community?: string;
}
const v2c = ({ requestId = 1, tag = 0xa7, uptime = 5, extra = [], community = 'public' }: Options = {}) =>
  tlv(
    0x30,
    int(1),
    text(community),
    tlv(
      tag,
      int(requestId),
      int(0),
      int(0),
      tlv(0x30, varbind(UPTIME, int(uptime, 0x43)), varbind(TRAP_OID, COLD_START), ...extra),
    ),
  );
const v1 = (generic: number, specific: number, extra: Uint8Array[] = []) =>
  tlv(
    0x30,
    int(0),
    text('public'),
    tlv(0xa4, ENTERPRISE, tlv(0x40, [10, 0, 0, 7]), int(generic), int(specific), int(9, 0x43), tlv(0x30, ...extra)),
  );
const decoded = (raw: Uint8Array): Trap => {
  const outcome = decodeTrap(raw);
  if (outcome.kind === 'malformed') throw new Error(outcome.reason);
  return outcome.trap;
};

describe('a v2c trap', () => {
  it('gives OID, uptime and varbinds', () =>
    expect(decoded(v2c({ extra: [varbind(UPTIME, text('hé')), varbind(UPTIME, tlv(4, [0, 255]))] }))).toMatchObject({
      version: 'v2c',
      pdu: 'trap',
      community: 'public',
      trapOid: '1.3.6.1.6.3.1.1.5.1',
      sysUpTime: 5,
      varbinds: [
        { oid: '1.3.6.1.2.1.1.3.0', type: 'OctetString', value: 'hé' },
        { oid: '1.3.6.1.2.1.1.3.0', type: 'hex', value: '00ff' },
      ],
    }));
  it('has the same content whatever its request-id', () =>
    expect(trapContent(decoded(v2c({ requestId: 1 })))).toBe(trapContent(decoded(v2c({ requestId: 2 })))));
  it.each<[string, Options]>([
    ['uptime', { uptime: 6 }],
    ['community', { community: 'x' }],
    ['varbinds', { extra: [varbind(UPTIME, text('x'))] }],
  ])('has another content with another %s', (_, change) =>
    expect(trapContent(decoded(v2c(change)))).not.toBe(trapContent(decoded(v2c()))),
  );
  it('as an INFORM is answered with its own packet as a response', () => {
    const raw = v2c({ tag: 0xa6 });
    const answer = informAnswer(raw, decoded(raw));
    expect(answer).toEqual(v2c({ tag: 0xa2 }));
    expect(informAnswer(v2c(), decoded(v2c()))).toBeNull();
  });
});

describe('a v1 trap, by RFC 3584', () => {
  it('that is generic has its own number', () => expect(decoded(v1(3, 0)).trapOid).toBe('1.3.6.1.6.3.1.1.5.4'));
  it('of an enterprise hangs below it with a 0 between', () => expect(decoded(v1(6, 17)).trapOid).toBe('1.3.6.1.4.1.2021.0.17'));
  it('keeps the agent address and enterprise as varbinds', () =>
    expect(decoded(v1(6, 17)).varbinds).toEqual([
      { oid: '1.3.6.1.6.3.18.1.3.0', type: 'IpAddress', value: '10.0.0.7' },
      { oid: '1.3.6.1.6.3.1.1.4.3.0', type: 'OID', value: '1.3.6.1.4.1.2021' },
    ]));
});

describe('the host of a trap', () => {
  const TRAP_ADDRESS = bytes('06092b0601060312010300');
  const hostOf = (value: Uint8Array) => parseTrap(v2c({ extra: [varbind(TRAP_ADDRESS, value)] })).host;
  const agent = (...octets: number[]) => tlv(0x40, octets);

  it('is the address of the agent', () => expect(hostOf(agent(192, 0, 2, 7))).toBe('192.0.2.7'));
  it.each([
    ['is not said', agent(0, 0, 0, 0)],
    ['has three bytes', agent(10, 0, 0)],
    ['has sixteen bytes', agent(...Array<number>(16).fill(7))],
    ['has more bytes than an entry of an index', agent(...Array<number>(10_000).fill(200))],
    ['has no bytes', agent()],
    ['is text', text('10.0.0.1')],
    ['is a long text', text('x'.repeat(10_000))],
    ['is a number', int(7)],
  ])('is nothing where the address %s', (_, value) => expect(hostOf(value)).toBeNull());
  it('is nothing where the agent address of a v1 trap has not four bytes, and the trap is kept', () => {
    const pdu = tlv(0xa4, ENTERPRISE, agent(...Array<number>(5_000).fill(99)), int(6), int(17), int(9, 0x43), tlv(0x30));
    expect(parseTrap(tlv(0x30, int(0), text('public'), pdu))).toMatchObject({
      ...{ host: null, app: '1.3.6.1.4.1.2021.0.17', reason: null },
    });
  });
});

describe('a packet that is no notification', () => {
  it.each([
    ['nothing', new Uint8Array(), 'ber_truncated'],
    ['cut short', v2c().slice(0, -1), 'ber_truncated'],
    ['a GET', v2c({ tag: 0xa0 }), 'no_notification'],
    ['v3 cut short', tlv(0x30, int(3)), 'ber_truncated'],
    ['text', new TextEncoder().encode('hello'), 'ber_truncated'],
    ['an endless length', Uint8Array.from([0x30, 0x80, 0, 0]), 'ber_length'],
  ])('%s has a reason', (_, raw, reason) => expect(decodeTrap(raw)).toEqual({ kind: 'malformed', reason }));
  it('is still a message, with its bytes as text', () =>
    expect(parseTrap(bytes('3000ff'))).toMatchObject({ text: '3000ff', reason: 'trap_ber_truncated', severity: null }));
  it('never crashes, whatever byte is wrong', () =>
    fc.assert(
      fc.property(
        fc.constantFrom(v2c(), v1(6, 1), v2c({ tag: 0xa6, extra: [varbind(UPTIME, text('x'))] })),
        fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 4 }),
        (good, changes) => {
          const raw = good.slice();
          for (const [at, byte] of changes) if (at < raw.length) raw[at] = byte;
          expect(parseTrap(raw).text.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 1_000 },
    ));
});

describe('what is compared for pairing', () => {
  const record = (change: Partial<RawRecord>): RawRecord => ({
    ...{
      seq: 1,
      receivedAtUs: 1,
      kind: 'syslog',
      transport: 'udp',
      source: { address: '10.0.0.1', port: 5 },
      listener: { kind: 'own', address: 'x' },
      flags: 0,
    },
    ...{ raw: bytes('00ff') },
    ...change,
  });
  it('is the same over UDP and TCP, from any port', () =>
    expect(pairingContent(record({ transport: 'tcp', source: { address: '10.0.0.1', port: 9 } }))).toEqual(
      pairingContent(record({})),
    ));
  it('differs by source and by kind', () => {
    expect(pairingContent(record({ source: { address: '10.0.0.2', port: 5 } }))?.head).not.toBe(pairingContent(record({}))?.head);
    expect(pairingContent(record({ kind: 'trap' }))?.head).not.toBe(pairingContent(record({}))?.head);
  });
  it('is nothing for what came by the VIP', () =>
    expect(pairingContent(record({ listener: { kind: 'vip', address: 'v' } }))).toBeNull());
  it('ignores the request-id of a trap', () =>
    expect(pairingContent(record({ kind: 'trap', raw: v2c({ requestId: 7 }) }))).toEqual(
      pairingContent(record({ kind: 'trap', raw: v2c() })),
    ));
});
