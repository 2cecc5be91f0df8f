import { describe, expect, it } from 'vitest';
import { exactStamp } from './exact-stamp.js';

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
