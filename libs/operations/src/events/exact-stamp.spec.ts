import { describe, expect, it } from 'vitest';
import { exactStamp, stampAgeS } from './exact-stamp.js';

const stampOf = (text: string) => exactStamp(new TextEncoder().encode(text));

describe('a stamp by which a message is known again', () => {
  it.each([
    ['RFC 5424', '<134>1 2026-11-21T19:00:00.123456+09:00 web1 app - - - x'],
    ['RFC 5424 in UTC', '<13>1 2026-11-21T10:00:00.123456Z web1 app - - - x'],
    ['rsyslog’s forward format', '<6>2026-11-21T10:00:00.123456+00:00 web1 app: x'],
  ])('is that of %s', (_, text) =>
    expect(stampOf(text)).toEqual({ atUs: Date.UTC(2026, 10, 21, 10) * 1_000 + 123_456, host: 'web1' }),
  );
  it.each([
    ['whole seconds', '<13>1 2026-11-21T10:00:00Z web1 app - - - x'],
    ['no zone', '<13>2026-11-21T10:00:00.123456 web1 app: x'],
    ['RFC 3164', '<13>Nov 21 10:00:00 web1 app: x'],
    ['no such day', '<13>1 2026-02-30T10:00:00.123Z web1 app - - - x'],
    ['nil', '<13>1 - web1 app - - - x'],
    ['no PRI', '2026-11-21T10:00:00.123Z web1 app - - - x'],
    ['nothing', ''],
  ])('is none with %s', (_, text) => expect(stampOf(text)).toBe(null));
});

describe('how old a stamp is, told without reading all of it', () => {
  const readAtUs = Date.UTC(2026, 10, 21, 0, 0, 30) * 1_000;
  it.each([
    ['<13>1 2026-11-21T00:00:29.900000Z web1 app - - - x', 1],
    ['<134>1 2026-11-21T09:00:30.123456+09:00 web1 app - - - x', 0],
    ['<6>2026-11-20T18:29:00.5-05:30 web1 app: x', 90],
    ['<13>1 2026-11-20T23:59:30.123Z over midnight', 60],
    ['<13>1 2026-11-21T00:00:31.0Z ahead of us', 86_399],
  ])('%s is %d s old', (text, age) => expect(stampAgeS(new TextEncoder().encode(text), readAtUs)).toBe(age));
  it.each(['<13>Nov 21 10:00:00 web1 app: x', '<13>1 2026-11-21T10:00:00Z web1', '', 'x'])('%s has none', (text) =>
    expect(stampAgeS(new TextEncoder().encode(text), readAtUs)).toBe(null),
  );
});
