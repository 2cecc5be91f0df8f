import { describe, expect, it } from 'vitest';
import { pairingContent, parseMessage } from './content.js';
import type { RawRecord } from './record.js';

const record = (address: string, change: Partial<RawRecord> = {}): RawRecord => ({
  ...{ seq: 1, receivedAtUs: 0, kind: 'syslog', transport: 'udp', flags: 0, raw: new TextEncoder().encode('<13>x') },
  ...{ source: { address, port: 1 }, listener: { kind: 'own', address: '10.0.0.1' } },
  ...change,
});

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

it('a custom trap is parsed as one', () => {
  const raw = new TextEncoder().encode('{"key":"disk","type":"string","message":"full"}');
  expect(parseMessage(record('10.0.0.7', { kind: 'custom', transport: 'http', raw }))).toMatchObject({
    app: 'disk',
    text: 'full',
  });
});
