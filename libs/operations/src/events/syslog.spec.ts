import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSyslog } from './syslog.js';

const at = (iso: string) => Date.parse(iso) * 1_000;
const NOON = at('2026-11-21T12:00:00Z');
const bytes = (text: string | readonly number[]) =>
  typeof text === 'string' ? new TextEncoder().encode(text) : Uint8Array.from(text);
const parse = (text: string | readonly number[], receivedAtUs = NOON) => parseSyslog(bytes(text), receivedAtUs);

describe('a message of RFC 5424', () => {
  it('gives every field', () =>
    expect(
      parse(
        '<165>1 2026-10-11T22:14:15.003Z mymachine.example.com evntslog 77 ID47 [exampleSDID@32473 iut="3" eventID="1011"] hello',
      ),
    ).toEqual({
      facility: 20,
      severity: 5,
      host: 'mymachine.example.com',
      app: 'evntslog',
      procId: '77',
      msgId: 'ID47',
      sentAtUs: at('2026-10-11T22:14:15.003Z'),
      structured: Object.assign(Object.create(null), {
        'exampleSDID@32473': Object.assign(Object.create(null), { iut: '3', eventID: '1011' }),
      }),
      varbinds: null,
      text: 'hello',
      reason: null,
    }));
  it('has nil for every nil field', () =>
    expect(parse('<0>1 - - - - - -')).toMatchObject({
      facility: 0,
      severity: 0,
      host: null,
      app: null,
      sentAtUs: null,
      structured: null,
      text: '',
      reason: null,
    }));
  it('loses the byte order mark before its text, and keeps microseconds and zones', () => {
    const message = parse('<34>1 2026-08-24T05:14:15.000003-07:00 h a - - - \uFEFFthe text');
    expect(message.text).toBe('the text');
    expect(message.sentAtUs).toBe(at('2026-08-24T12:14:15Z') + 3);
  });
  it('unescapes parameter values, and keeps a parameter that comes twice', () => {
    const sd = parse('<34>1 - h a - - [x@1 ip="1" ip="2" q="a\\"b\\]c\\\\d"][__proto__ a="b"] t').structured;
    expect(sd?.['x@1']).toEqual(Object.assign(Object.create(null), { ip: ['1', '2'], q: 'a"b]c\\d' }));
    const nasty = '__proto__';
    expect(sd?.[nasty]?.['a']).toBe('b');
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
  });
  it.each(['[x', '[x a=1] t', '[x a="1" t', '[x a="1"]t', 'x'])('keeps broken structured data %j as text with a reason', (sd) =>
    expect(parse(`<34>1 - h a - - ${sd}`)).toMatchObject({ text: sd, reason: 'bad_structured_data', host: 'h' }),
  );
  it('keeps going behind a time that is none', () =>
    expect(parse('<34>1 yesterday h a - - - t')).toMatchObject({
      sentAtUs: null,
      host: 'h',
      text: 't',
      reason: 'bad_timestamp',
    }));
});

describe('a message of RFC 3164 as found in the wild', () => {
  it.each([
    [
      "<34>Nov 11 22:14:15 mymachine su: 'su root' failed",
      { host: 'mymachine', app: 'su', procId: null, text: "'su root' failed", reason: null },
    ],
    ['<13>Nov  1 08:01:02 fe80::1%eth0 app[12]: x', { host: 'fe80::1%eth0', app: 'app', procId: '12', text: 'x' }],
    ['<13>Nov 21 10:00:00 2001:db8::1 app: x', { host: '2001:db8::1', app: 'app', sentAtUs: at('2026-11-21T10:00:00Z') }],
    ['<13>Nov 21 10:00:00 Message forwarded from : x', { host: 'Message', text: 'forwarded from : x' }],
    ['<13>Nov 21 10:00:00 last message repeated 2 times', { host: null, app: null, text: 'last message repeated 2 times' }],
    [' : %ASA-4-1060=x', { app: null, text: ' : %ASA-4-1060=x', reason: 'no_pri,no_timestamp' }],
    ['<13>1 9795255200.1 MX84 flows - - x', { sentAtUs: null, reason: 'bad_timestamp,bad_structured_data' }],
    ['<13>eventtime=9999999999 a=1 b=2', { sentAtUs: null, reason: 'no_timestamp' }],
    [`<13>Nov 21 10:00:00 h a: %SYS-5-${'X'.repeat(3_000)}: x`, { app: 'a', msgId: null }],
    ['<13>Nov 21 10:00:00 sshd[99]: no host', { host: null, app: 'sshd', procId: '99', text: 'no host' }],
    [
      '<13>2026-11-21T10:00:00.5+09:00 h prog: iso',
      { host: 'h', app: 'prog', text: 'iso', sentAtUs: at('2026-11-21T01:00:00.5Z'), reason: null },
    ],
    ['<13>prog: no time', { app: 'prog', text: 'no time', reason: 'no_timestamp' }],
    ['<13>just words', { app: null, text: 'just words', reason: 'no_timestamp' }],
    ['just words: and no PRI', { severity: null, app: null, text: 'just words: and no PRI', reason: 'no_pri,no_timestamp' }],
    ['<192>x', { severity: null, text: '<192>x', reason: 'bad_pri,no_timestamp' }],
    ['', { text: '', reason: 'empty' }],
    [
      '<189>45: *Nov  1 18:46:11.250: %SYS-5-CONFIG_I: Configured',
      { host: null, app: '%SYS-5-CONFIG_I', text: 'Configured', sentAtUs: at('2026-11-01T18:46:11.25Z') },
    ],
    [
      '<166>Nov 20 2026 08:15:22: %ASA-6-302013: Built',
      { app: '%ASA-6-302013', text: 'Built', sentAtUs: at('2026-11-20T08:15:22Z') },
    ],
    ['<13>Nov 21 10:00:00 h a: end\r\n', { text: 'end' }],
  ])('%j', (text, expected) => expect(parse(text)).toMatchObject(expected));
});

describe('the year that a message does not say', () => {
  it.each([
    ['Dec 31 23:59:59', '2027-01-01T00:00:05Z', '2026-12-31T23:59:59Z'],
    ['Jan  1 00:00:01', '2026-12-31T23:59:58Z', '2027-01-01T00:00:01Z'],
    ['Nov 20 10:00:00', '2026-11-21T12:00:00Z', '2026-11-20T10:00:00Z'],
    ['Feb 29 10:00:00', '2028-03-01T00:00:00Z', '2028-02-29T10:00:00Z'],
    ['Feb 29 10:00:00', '2029-01-01T00:00:00Z', '2028-02-29T10:00:00Z'],
    ['Jul  1 00:00:00', '2026-11-21T12:00:00Z', '2026-07-01T00:00:00Z'],
  ])('%s, received %s, is %s', (said, received, meant) =>
    expect(parse(`<13>${said} h a: x`, at(received)).sentAtUs).toBe(at(meant)),
  );
  it('is no date at all when no near year has the day', () =>
    expect(parse('<13>Feb 30 10:00:00 h a: x')).toMatchObject({ sentAtUs: null, reason: 'no_timestamp' }));
});

describe('bytes that are no text', () => {
  it('shows what is not UTF-8 escaped', () =>
    expect(parse([...bytes('<13>Nov 21 10:00:00 h a: '), 0x83, 0x65, 0xe3, 0x81, 0x82])).toMatchObject({
      text: '\\x83eあ',
      reason: 'not_utf8',
    }));
  it('leaves NUL out', () => expect(parse('<13>Nov 21 10:00:00 h a: x\0y').text).toBe('xy'));
  it('never fails, whatever comes, and never leaves a NUL', () =>
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('', '<13>', '<34>1 ', '<34>1 - - - - - [', '<13>Nov 21 10:00:00 '),
        (tail, head) => {
          const message = parse([...bytes(head), ...tail]);
          expect(message.text).not.toContain('\0');
          expect(message.text.isWellFormed()).toBe(true);
        },
      ),
      { numRuns: 500 },
    ));
});
