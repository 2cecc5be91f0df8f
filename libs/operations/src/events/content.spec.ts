import { describe, expect, it } from 'vitest';
import { pairingContent, parseMessage } from './content.js';
import { INFORM_COMES_AGAIN_US } from './inform.js';
import type { RawRecord } from './record.js';

const record = (address: string, change: Partial<RawRecord> = {}): RawRecord => ({
  ...{ seq: 1, receivedAtUs: 0, kind: 'syslog', transport: 'udp', flags: 0, raw: new TextEncoder().encode('<13>x') },
  ...{ source: { address, port: 1 }, listener: { kind: 'own', address: '10.0.0.1' } },
  ...change,
});

/** v2c linkDown. */
function notification(pdu: 'a6' | 'a7', requestId: number, upTime: number): Uint8Array {
  const number = (value: number) => value.toString(16).padStart(8, '0');
  return Buffer.from(
    `304602010104067075626c6963${pdu}390204${number(requestId)}020100020100302b301006082b060102010103004304${number(upTime)}` +
      '3017060a2b06010603010104010006092b0601060301010503',
    'hex',
  );
}

describe('two records are copies by kind, source and what was said', () => {
  const head = pairingContent(record('10.0.0.7'))?.head;
  it('by whichever way in', () => {
    for (const transport of ['udp', 'tcp', 'tls', 'relp'] as const)
      expect(pairingContent(record('10.0.0.7', { transport }))?.head).toBe(head);
    expect(pairingContent(record('10.0.0.7', { kind: 'custom' }))?.head).not.toBe(head);
    expect(pairingContent(record('10.0.0.8'))?.head).not.toBe(head);
  });
  it('also when the device leaves by another address that is named as its own', () =>
    expect(pairingContent(record('192.0.2.7'), { alias: '10.0.0.7' })?.head).toBe(head));
  it('by the VIP only what a stream says with an exact stamp: its sender may say it again to the next Master', () => {
    const raw = new TextEncoder().encode('<13>1 2026-11-21T10:00:00.123456Z web1 app - - - x');
    const listener = { kind: 'vip', address: '10.0.0.9' } as const;
    for (const transport of ['tcp', 'tls', 'relp'] as const) {
      expect(pairingContent(record('10.0.0.7', { transport, listener, raw }))?.head).toBe(head);
      expect(pairingContent(record('10.0.0.7', { transport, listener }))).toBe(null);
      expect(pairingContent(record('10.0.0.7', { transport, listener, raw }), { delivery: 'single' })).toBe(null);
    }
    expect(pairingContent(record('10.0.0.7', { listener, raw }))).toBe(null);
  });
  it('never by the VIP otherwise, and never from a source that sends to one place', () => {
    expect(pairingContent(record('10.0.0.7', { listener: { kind: 'vip', address: '10.0.0.9' } }))).toBe(null);
    expect(pairingContent(record('10.0.0.7'), { delivery: 'single' })).toBe(null);
    expect(pairingContent(record('10.0.0.7'), { delivery: 'both' })?.head).toBe(head);
  });
});

describe('an INFORM', () => {
  const vip = { kind: 'vip', address: '10.0.0.9' } as const;
  const sent = (change: Partial<RawRecord>, requestId = 1, upTime = 360_000_00, pdu: 'a6' | 'a7' = 'a6') =>
    pairingContent(record('10.0.0.5', { kind: 'trap', raw: notification(pdu, requestId, upTime), ...change }));
  it('may have a copy that came minutes before, and a TRAP may not', () => {
    expect(sent({})?.againForUs).toBe(INFORM_COMES_AGAIN_US);
    expect(sent({}, 1, 0)?.againForUs).toBeUndefined();
    expect(sent({}, 1, 360_000_00, 'a7')?.againForUs).toBeUndefined();
  });
  it('to both nodes has a request-id for each; by the VIP it is the same only with the same request-id and port', () => {
    expect(sent({}, 2)).toEqual(sent({}, 1));
    expect(sent({ listener: vip }, 1)).toEqual(sent({ listener: vip }, 1));
    expect(sent({ listener: vip }, 2)).not.toEqual(sent({ listener: vip }, 1));
    expect(sent({ listener: vip, source: { address: '10.0.0.5', port: 2 } })).not.toEqual(sent({ listener: vip }));
    expect(sent({ listener: vip })).not.toEqual(sent({}));
  });
  it('by the VIP never pairs when it says no time, and a TRAP by the VIP never does', () => {
    expect(sent({ listener: vip }, 1, 0)).toBe(null);
    expect(sent({ listener: vip }, 1, 360_000_00, 'a7')).toBe(null);
    expect(pairingContent(record('10.0.0.5', { kind: 'trap', raw: new Uint8Array([1]), listener: vip }))).toBe(null);
  });
});

it('a custom trap is parsed as one', () => {
  const raw = new TextEncoder().encode('{"key":"disk","type":"string","message":"full"}');
  expect(parseMessage(record('10.0.0.7', { kind: 'custom', transport: 'http', raw }))).toMatchObject({
    app: 'disk',
    text: 'full',
  });
});
