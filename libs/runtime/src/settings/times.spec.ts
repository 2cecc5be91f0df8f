import { parseSetting, type SettingKind } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { SettingsReach } from '../operations/settings-reach.js';
import { type LiveSetting, readSettings, SettingsSnapshot, SettingsTimes } from './index.js';

const setting = (kind: SettingKind, id: string, body: object, enabled = true): LiveSetting => {
  const parsed = parseSetting({ kind, id, body, enabled });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes));
  return { ...parsed.setting, revision: 1 };
};
/** Changes one after the other, as they come from the database. */
class Settings {
  readonly snapshot = new SettingsSnapshot();
  #version = 0;
  change(...settings: readonly LiveSetting[]): void {
    this.snapshot.apply(readSettings(settings), [], { version: ++this.#version, epoch: 1 });
  }
  remove(kind: SettingKind, id: string): void {
    this.snapshot.apply(readSettings([]), [{ kind, id }], { version: ++this.#version, epoch: 1 });
  }
}
const NOON = Date.parse('2026-11-21T12:00:00Z');
const work = (operate: boolean) => setting('calendar', 'work', { timeZone: 'UTC', rows: [{ operate }] });
const disks = (facility: string) =>
  setting('maintenance', 'disks', {
    ...{ facilities: [facility], timeZone: 'UTC', reason: 'new disks' },
    when: { kind: 'once', from: '2026-11-21', to: '2026-11-21' },
  });

describe('calendars and maintenance windows of the settings', () => {
  it('are those of now, in the turn of the change', () => {
    const settings = new Settings();
    const times = new SettingsTimes(settings.snapshot);
    expect([times.calendars.isOpen('work', NOON), times.windows.under(() => true, NOON)]).toEqual([true, null]);
    settings.change(work(false), disks('web1'));
    expect(times.calendars.isOpen('work', NOON)).toBe(false);
    expect(times.windows.under((facility) => facility === 'web1', NOON)).toMatchObject({ window: 'disks', reason: 'new disks' });
    settings.change(work(true), disks('web2'));
    expect(times.calendars.isOpen('work', NOON)).toBe(true);
    expect(times.windows.under((facility) => facility === 'web1', NOON)).toBeNull();
    settings.remove('maintenance', 'disks');
    expect(times.windows.under(() => true, NOON)).toBeNull();
  });
  it('are not made anew by other changes', () => {
    const settings = new Settings();
    settings.change(work(false), disks('web1'));
    const times = new SettingsTimes(settings.snapshot);
    const { calendars, windows } = times;
    settings.change(setting('node', 'web1', { name: 'web1' }));
    expect([times.calendars, times.windows]).toEqual([calendars, windows]);
    expect(times.calendars).toBe(calendars);
    settings.change(disks('web2'));
    expect(times.calendars).toBe(calendars);
    expect(times.windows).not.toBe(windows);
  });
});

describe('how nodes are reached, by the settings', () => {
  const ping = (change: object = {}, enabled = true) =>
    setting('monitor', 'ping', { type: 'ping', facility: 'net', check: {}, ...change }, enabled);
  const scope = setting('scope', 'net', { name: 'Network' });
  const nodes = [
    setting('node', 'switch', { name: 'switch', scopes: ['net'] }),
    setting('node', 'web1', { name: 'web1', behind: ['switch'] }),
  ];
  const reachOf = (settings: Settings) => new SettingsReach(settings.snapshot, new Set(['ping', 'port']));
  it('is through the nodes that they name, and told by pings unless those say otherwise', () => {
    const settings = new Settings();
    settings.change(scope, ...nodes, ping());
    const reach = reachOf(settings);
    expect([reach.behind('web1'), reach.behind('switch'), reach.behind('nobody')]).toEqual([['switch'], [], []]);
    expect([reach.isWatched('switch'), reach.isWatched('web1')]).toEqual([true, false]);
    expect([
      reach.isReachability('ping', 'switch'),
      reach.isReachability('ping', 'web1'),
      reach.isReachability('other', 'switch'),
    ]).toEqual([...[true, false, false]]);
  });
  it.each([
    ['is not marked', ping({ reachability: false })],
    ['is disabled', ping({}, false)],
    ['judges nothing', ping({ monitor: false, collect: true })],
  ])('is told by no monitor that %s', (_, monitor) => {
    const settings = new Settings();
    settings.change(scope, ...nodes, ping());
    const reach = reachOf(settings);
    expect(reach.isWatched('switch')).toBe(true);
    settings.change(monitor);
    expect([reach.isWatched('switch'), reach.isReachability('ping', 'switch')]).toEqual([false, false]);
  });
});
