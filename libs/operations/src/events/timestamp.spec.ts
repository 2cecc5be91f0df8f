import { describe, expect, it } from 'vitest';
import { parseSyslog } from './syslog.js';
import { readableText } from './text.js';
import { readTime } from './timestamp.js';

const us = (iso: string) => Date.parse(iso) * 1_000;
const read = (text: string, received: string, timeZone?: string) =>
  readTime(text, 0, { receivedAtUs: us(received), timeZone })?.atUs ?? null;

describe('the year that a time does not say, on the clock of its zone', () => {
  it.each([
    ['Jan  1 08:59:59', '2026-12-31T23:59:59Z', 'Asia/Tokyo', '2026-12-31T23:59:59Z'],
    ['Dec 31 23:59:59', '2026-12-31T15:00:01Z', 'Asia/Tokyo', '2026-12-31T14:59:59Z'],
    ['Dec 31 19:00:00', '2027-01-01T00:00:00Z', 'America/New_York', '2027-01-01T00:00:00Z'],
    ['Jan  1 00:00:00', '2027-01-01T05:00:00Z', 'America/New_York', '2027-01-01T05:00:00Z'],
    ['May 23 12:00:00', '2026-11-21T12:00:00Z', 'UTC', '2026-05-23T12:00:00Z'],
    ['May 22 11:00:00', '2026-11-21T12:00:00Z', 'UTC', '2027-05-22T11:00:00Z'],
  ])('%s, received %s in %s, is %s', (said, received, zone, meant) => expect(read(`${said} h`, received, zone)).toBe(us(meant)));
});

describe('the zone of a time', () => {
  const NOON = '2026-11-21T12:00:00Z';
  it.each([
    [
      'an offset in the message wins over the configured zone',
      '2026-11-21T10:00:00+01:00 h',
      'Asia/Tokyo',
      '2026-11-21T09:00:00Z',
    ],
    ['so does Z', '2026-11-21T10:00:00Z h', 'Asia/Tokyo', '2026-11-21T10:00:00Z'],
    ['an unambiguous name does, with a colon behind it', 'Nov 21 10:00:00 JST: x', 'America/New_York', '2026-11-21T01:00:00Z'],
    ['and with a space', 'Nov 21 10:00:00 CET h app: x', 'Asia/Tokyo', '2026-11-21T09:00:00Z'],
    ['an ambiguous name says nothing', 'Nov 21 10:00:00 CST: %SYS-5-X: x', 'Asia/Shanghai', '2026-11-21T02:00:00Z'],
    ['the configured zone is taken when nothing is said', '2026-11-21 10:00:00 h', 'Asia/Kolkata', '2026-11-21T04:30:00Z'],
    ['a zone that does not exist is UTC', 'Nov 21 10:00:00 h', 'Mars/Olympus', '2026-11-21T10:00:00Z'],
  ])('%s', (_, text, zone, meant) => expect(read(text, NOON, zone)).toBe(us(meant)));

  it('makes an hour that comes twice the one nearer to the time of receipt', () => {
    expect(read('Oct 25 02:30:00 h', '2026-10-25T00:31:00Z', 'Europe/Berlin')).toBe(us('2026-10-25T00:30:00Z'));
    expect(read('Oct 25 02:30:00 h', '2026-10-25T01:31:00Z', 'Europe/Berlin')).toBe(us('2026-10-25T01:30:00Z'));
  });
  it('reads an hour that never comes with the offset before it', () =>
    expect(read('Mar 29 02:30:00 h', '2026-03-29T01:31:00Z', 'Europe/Berlin')).toBe(us('2026-03-29T01:30:00Z')));
  it('is right on both sides of a change of the clock', () => {
    expect(read('Mar 29 01:59:59 h', '2026-03-29T01:00:00Z', 'Europe/Berlin')).toBe(us('2026-03-29T00:59:59Z'));
    expect(read('Mar 29 03:00:00 h', '2026-03-29T01:00:00Z', 'Europe/Berlin')).toBe(us('2026-03-29T01:00:00Z'));
  });
  it('is no part of a tag that looks like it', () =>
    expect(parseSyslog(new TextEncoder().encode('<13>Nov 21 10:00:00 CRON: x'), us(NOON))).toMatchObject({
      app: 'CRON',
      text: 'x',
    }));
});

describe('what is no date', () => {
  it.each([
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-32T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '9999-01-01T00:00:00Z',
    'Nov 31 10:00:00',
    'Nov 21 10:60:00',
    'Nox 21 10:00:00',
    '1969-12-31T23:59:59Z',
  ])('%s', (text) => expect(read(text, '2026-11-21T12:00:00Z')).toBeNull());
  it('a leap second is the second after', () =>
    expect(read('2026-12-31T23:59:60Z', '2026-12-31T23:59:59Z')).toBe(us('2027-01-01T00:00:00Z')));
  it('every day of 400 years is the day that the calendar of the language says', () => {
    for (let day = 0; day < 103_000; day += 13) {
      const iso = new Date(day * 86_400_000).toISOString();
      expect(read(iso, iso)).toBe(us(iso));
    }
  });
});

describe('bytes of a charset', () => {
  const text = (charset: 'shift_jis' | 'euc-jp' | 'iso-8859-1' | 'windows-1252', ...bytes: number[]) =>
    readableText(Uint8Array.from(bytes), charset);
  it('are UTF-8 when they can be, whatever is configured', () =>
    expect(readableText(new TextEncoder().encode('テスト'), 'shift_jis')).toEqual({ text: 'テスト', valid: true }));
  it('are read as configured', () => {
    expect(text('shift_jis', 0x94, 0x5c, 0xb1)).toEqual({ text: '能ｱ', valid: true });
    expect(text('euc-jp', 0x8e, 0xb1, 0xc6, 0xfc)).toEqual({ text: 'ｱ日', valid: true });
    expect(text('iso-8859-1', 0xe4, 0x80)).toEqual({ text: 'ä\x80', valid: true });
    expect(text('windows-1252', 0xe4, 0x80)).toEqual({ text: 'ä€', valid: true });
  });
  it('are escaped one by one where they are none of its characters', () => {
    expect(text('shift_jis', 0x83, 0x65, 0xff, 0x41, 0x83)).toEqual({ text: 'テ\\xffA\\x83', valid: false });
    expect(text('euc-jp', 0xa5, 0xc6, 0xa5, 0x41, 0x8f, 0xb0)).toEqual({ text: 'テ\\xa5A\\x8f\\xb0', valid: false });
  });
});
