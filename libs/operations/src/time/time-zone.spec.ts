import { describe, expect, it } from 'vitest';
import { firstReachedMs, zoneOffsetUs } from './time-zone.js';

const reached = (local: string, zone: string) =>
  new Date(firstReachedMs(Date.parse(`${local}Z`), zone)).toISOString().slice(0, 19);

describe('the first moment at which a clock has come to a time', () => {
  it.each([
    ['on any day', 'Asia/Tokyo', '2026-11-21T09:00:00', '2026-11-21T00:00:00'],
    ['of UTC', 'UTC', '2026-11-21T09:00:00', '2026-11-21T09:00:00'],
    ['before the clock jumps', 'Europe/Berlin', '2026-03-29T01:59:59', '2026-03-29T00:59:59'],
    ['when it jumps', 'Europe/Berlin', '2026-03-29T02:00:00', '2026-03-29T01:00:00'],
    ['that it jumps over is the jump', 'Europe/Berlin', '2026-03-29T02:30:00', '2026-03-29T01:00:00'],
    ['that it jumps to', 'Europe/Berlin', '2026-03-29T03:00:00', '2026-03-29T01:00:00'],
    ['just after', 'Europe/Berlin', '2026-03-29T03:00:01', '2026-03-29T01:00:01'],
    ['that comes twice is its first coming', 'Europe/Berlin', '2026-10-25T02:30:00', '2026-10-25T00:30:00'],
    ['after the hour that comes twice', 'Europe/Berlin', '2026-10-25T03:00:00', '2026-10-25T02:00:00'],
    ['across the ocean, jumping', 'America/New_York', '2026-03-08T02:30:00', '2026-03-08T07:00:00'],
    ['across the ocean, twice', 'America/New_York', '2026-11-01T01:30:00', '2026-11-01T05:30:00'],
    ['where summer time is half an hour, jumping', 'Australia/Lord_Howe', '2026-10-04T02:15:00', '2026-10-03T15:30:00'],
    ['where summer time is half an hour, twice', 'Australia/Lord_Howe', '2026-04-05T01:45:00', '2026-04-04T14:45:00'],
    ['where it is, afterwards', 'Australia/Lord_Howe', '2026-04-05T02:00:00', '2026-04-04T15:30:00'],
    ['where the clock was put back at midnight', 'America/Sao_Paulo', '2019-02-17T00:00:00', '2019-02-17T03:00:00'],
    ['where midnight was jumped over', 'America/Sao_Paulo', '2018-11-04T00:00:00', '2018-11-04T03:00:00'],
    ['of a day that a zone left out', 'Pacific/Apia', '2011-12-30T12:00:00', '2011-12-30T10:00:00'],
    ['of a day that is before 1970', 'Asia/Tokyo', '1969-12-31T09:00:00', '1969-12-31T00:00:00'],
  ])('%s (%s, %s)', (_, zone, local, utc) => expect(reached(local, zone)).toBe(utc));

  it('is a moment at which the clock shows that time or a later one, and a second before it shows an earlier one', () => {
    for (const zone of [
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'America/Sao_Paulo',
      'Pacific/Apia',
      'Asia/Kolkata',
    ])
      for (let local = Date.parse('2011-01-01T00:00:00Z'); local < Date.parse('2012-06-01T00:00:00Z'); local += 20_234_000) {
        const at = firstReachedMs(local, zone);
        const shown = (ms: number) => ms + zoneOffsetUs(zone, ms * 1_000) / 1_000;
        expect(shown(at), `${zone} ${local}`).toBeGreaterThanOrEqual(local);
        expect(shown(at - 1_000), `${zone} ${local}`).toBeLessThan(local);
      }
  });
});
