import './capacity.js';
import './inventory.js';
import './operations.js';
import './upkeep.js';
import { afterEach, describe, expect, it } from 'vitest';
import {
  age,
  bytes,
  clockTime,
  duration,
  instantOf,
  integer,
  localTime,
  rate,
  rowTime,
  setPageTimeZone,
  setTimeZone,
  timeZoneName,
  utcTime,
  visible,
  zoneOffsetMs,
} from './format.js';
import { chooseLanguage, DICTIONARIES, known, LANGUAGES, translate } from './translate.js';

const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();

describe('the dictionaries', () => {
  it('hold the same keys in both languages', () =>
    expect(Object.keys(DICTIONARIES.ja).sort()).toEqual(Object.keys(DICTIONARIES.en).sort()));
  it('fill the same places in both languages, and none is empty', () => {
    for (const key of Object.keys(DICTIONARIES.en)) {
      expect(placeholders(DICTIONARIES.ja[key] ?? ''), key).toEqual(placeholders(DICTIONARIES.en[key] ?? ''));
      for (const language of LANGUAGES) expect(DICTIONARIES[language][key]?.trim() ?? '', `${language} ${key}`).not.toBe('');
    }
  });
  it('leave a place visible that nobody filled', () =>
    expect(translate('en', 'toast.master', { master: 'b' })).toBe('Master is now b (epoch {epoch})'));
  it('know only codes of their own, not those of every object', () => {
    expect(known('role', 'MASTER_SYNC')).toBe('role.MASTER_SYNC');
    expect(known('role', 'NEW_ROLE')).toBeNull();
  });
});

describe('the language', () => {
  it.each([
    ['ja', ['en-US'], 'ja'],
    [null, ['de-DE', 'ja-JP', 'en'], 'ja'],
    [null, ['de-DE', 'en-US'], 'en'],
    [null, ['fr'], 'en'],
    ['xx', ['ja'], 'ja'],
  ] as const)('remembered %s, browser %j: %s', (remembered, browser, expected) =>
    expect(chooseLanguage(remembered, browser)).toBe(expected),
  );
});

describe('figures for people', () => {
  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_024, '1.0 KiB'],
    [16 * 1024 * 1024, '16.0 MiB'],
    [200 * 1024, '200 KiB'],
  ])('%d bytes', (count, text) => expect(bytes(count)).toBe(text));
  it.each([
    [0, '0'],
    [0.25, '0.3'],
    [9.94, '9.9'],
    [512.4, '512'],
  ])('rate %d', (value, text) => expect(rate(value)).toBe(text));
  it.each([
    [59_000, '59 s', '59 秒'],
    [60_000, '1 min', '1 分'],
    [7_200_000, '2 h', '2 時間'],
    [-5, '0 s', '0 秒'],
  ])('age %d ms', (ms, en, ja) => {
    expect(age(ms, 'en')).toBe(en);
    expect(age(ms, 'ja')).toBe(ja);
  });
  it.each([
    [300, '0.3 s', '0.3 秒'],
    [64_200, '64 s', '64 秒'],
    [725_000, '12 min 5 s', '12 分 5 秒'],
  ])('a duration of %d ms', (ms, en, ja) => {
    expect(duration(ms, 'en')).toBe(en);
    expect(duration(ms, 'ja')).toBe(ja);
  });
  it('groups digits', () => expect(integer(48_213, 'ja')).toBe('48,213'));
  it('keeps the microseconds of UTC for the hover', () =>
    expect(utcTime('2026-11-21T01:02:03.000456Z')).toBe('2026-11-21 01:02:03.000456 UTC'));
  it('shows the date of a row only when it is not of today', () => {
    const at = new Date(2026, 10, 21, 9, 8, 7, 6);
    expect(rowTime(at.toISOString(), at.getTime())).toBe('09:08:07.006');
    expect(rowTime(at.toISOString(), at.getTime() + 86_400_000)).toBe('11-21 09:08:07.006');
  });
  it('shows what is not a time as it came', () => expect(rowTime('yesterday', 0)).toBe('yesterday'));
});

describe('the time zone that somebody chose', () => {
  afterEach(() => setTimeZone(''));
  it('is the one that all times are read in', () => {
    setTimeZone('Asia/Tokyo');
    const iso = '2026-11-21T15:30:05.006Z';
    expect(localTime(iso)).toBe('2026-11-22 00:30:05');
    expect(clockTime(new Date(iso))).toBe('00:30:05');
    expect(rowTime(iso, Date.parse('2026-11-21T16:00:00Z')), 'the same day there').toBe('00:30:05.006');
    expect(rowTime(iso, Date.parse('2026-11-21T14:00:00Z')), 'another day there').toBe('11-22 00:30:05.006');
  });
  it('is another one on a page that says so, until it is left', () => {
    setTimeZone('Asia/Tokyo');
    setPageTimeZone('America/New_York');
    setTimeZone('Asia/Tokyo');
    const iso = '2026-11-21T15:30:05.006Z';
    expect([localTime(iso), timeZoneName()]).toEqual(['2026-11-21 10:30:05', 'America/New_York']);
    setPageTimeZone(null);
    expect([localTime(iso), timeZoneName()]).toEqual(['2026-11-22 00:30:05', 'Asia/Tokyo']);
  });
  it('makes a moment of what its clocks show, also beside a change of the clocks', () => {
    setTimeZone('America/New_York');
    for (const iso of [
      '2026-11-21T15:30:00.000Z',
      '2026-11-01T05:30:00.000Z',
      '2026-11-01T07:30:00.000Z',
      '2026-03-08T08:30:00.000Z',
    ]) {
      const local = localTime(iso).replace(' ', 'T').slice(0, 16);
      expect(new Date(instantOf(local) ?? 0).toISOString()).toBe(iso);
    }
    expect([instantOf('soon'), zoneOffsetMs(Date.parse('2026-07-01T00:00:00Z'))]).toEqual([null, -4 * 3_600_000]);
  });
  it('is the browser’s where nobody chose one, or where it is none', () => {
    const at = new Date(2026, 10, 21, 9, 8, 7);
    for (const name of ['', 'Nowhere/Land']) {
      setTimeZone(name);
      expect(localTime(at.toISOString())).toBe('2026-11-21 09:08:07');
    }
  });
});

describe('text of a stranger', () => {
  it('cannot turn the reading direction or hide characters', () =>
    expect(visible('ok\u202egnp.exe\u200b\u0007')).toBe('ok\\u202egnp.exe\\u200b\u2407'));
  it('keeps its lines only where there is room for them', () => {
    expect(visible('a\nb\tc', true)).toBe('a\nb\tc');
    expect(visible('a\nb')).toBe('a\u240ab');
  });
  it('leaves Japanese and emoji alone', () => expect(visible('振込完了 ✅')).toBe('振込完了 ✅'));
});
