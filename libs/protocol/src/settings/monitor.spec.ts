import { describe, expect, it } from 'vitest';
import { MONITOR_TYPES, type MonitorBody, MonitorBodySchema, monitorReferences, patternsOf } from './monitor.js';
import { PORT_SERVICES } from './monitor-checks.js';
import { parseSetting, settingSecretsOf } from './schemas.js';
import { maskSecrets } from './secrets.js';

/** The least that each type must be told. */
const LEAST: Readonly<Record<MonitorBody['type'], Readonly<Record<string, unknown>>>> = {
  ping: {},
  port: {},
  'http-numeric': { check: { url: 'https://web1/' } },
  'http-string': { check: { url: 'https://web1/' } },
  'http-scenario': { check: { pages: [{ name: 'login', url: 'https://web1/' }] } },
  'snmp-numeric': { check: { oid: '1.3.6.1.2.1.1.3.0' }, numeric: { info: [0, 1], warning: [1, 2] } },
  'snmp-string': { check: { oid: 'sysDescr.0' } },
  resource: { check: { resource: 'cpu.used' }, numeric: { info: [0, 80], warning: [80, 90] } },
  process: { check: { command: '.*sshd' } },
  'sql-numeric': { check: { database: 'x', user: 'u', query: 'SELECT 1' }, numeric: { info: [0, 1], warning: [1, 2] } },
  'sql-string': { check: { database: 'x', user: 'u', query: 'SELECT 1' } },
  jmx: { check: { mbean: 'java.lang:type=Memory', attribute: 'x' }, numeric: { info: [0, 1], warning: [1, 2] } },
  'custom-numeric': { check: { command: ['/bin/true'] }, numeric: { info: [0, 1], warning: [1, 2] } },
  'custom-string': { check: { command: ['/bin/true'] } },
  'agent-alive': {},
  'windows-service': { check: { service: 'Spooler' } },
  'log-count': { check: { of: 'log' }, numeric: { info: [0, 1], warning: [1, 2] } },
  correlation: { check: { first: { monitor: 'a' }, second: { monitor: 'b' } }, numeric: { info: [0.5, 2], warning: [0, 0.5] } },
  integration: { check: { conditions: [{ monitor: 'a', is: { by: 'number', operator: '>', than: 1 } }] } },
  syslog: {},
  'snmp-trap': {},
  'custom-trap-numeric': { numeric: { info: [0, 1], warning: [1, 2] } },
  'custom-trap-string': {},
  'log-file': { check: { directory: '/var/log', file: 'messages' } },
  'windows-event': {},
};
const read = (type: MonitorBody['type'], body: object = {}) =>
  MonitorBodySchema.safeParse({ type, facility: 'web1', ...LEAST[type], ...body });
const whole = <Type extends MonitorBody['type']>(type: Type, body: object = {}) =>
  MonitorBodySchema.parse({ type, facility: 'web1', ...LEAST[type], ...body }) as Extract<MonitorBody, { type: Type }>;

describe('a monitor', () => {
  it.each(MONITOR_TYPES)('of the type %s needs little, is stored whole and read again as it is', (type) => {
    const body = whole(type);
    expect(MonitorBodySchema.parse(JSON.parse(JSON.stringify(body)))).toEqual(body);
  });
  it('of every type is one that the specification lists', () =>
    expect(Object.keys(LEAST).sort()).toEqual([...MONITOR_TYPES].sort()));
  it('is looked at every 10 seconds to every hour, or when something comes', () => {
    expect([9, 10, 3_600, 3_601, null].map((intervalS) => read('ping', { intervalS }).success)).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
    expect([null, 60].map((intervalS) => read('syslog', { intervalS }).success)).toEqual([true, false]);
  });
  it('does not know fields that it does not have', () => expect(read('ping', { chek: {} }).success).toBe(false));
  it('of ports knows the services and their ports', () => {
    for (const service of Object.keys(PORT_SERVICES))
      expect(whole('port', { check: { service } }).check).toMatchObject({ service, port: null });
  });
  it('refuses a range whose bounds are the wrong way round', () =>
    expect(read('ping', { numeric: { info: [2, 1] } }).success).toBe(false));
  it('refuses hysteresis that leaves nothing between its bounds', () => {
    const numeric = (by: number) => ({ numeric: { info: [0, 10], warning: [10, 20], hysteresis: { by } } });
    expect([4.9, 5].map((by) => read('ping', numeric(by)).success)).toEqual([true, false]);
  });
  it('refuses a generic trap 6 without its number, and a number without it', () => {
    const trap = (parts: object) => read('snmp-trap', { traps: { definitions: [{ oid: '1.3.6.1.4.1.9', ...parts }] } }).success;
    expect([trap({ generic: 6 }), trap({ specific: 1 }), trap({ generic: 6, specific: 1 }), trap({})]).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });
});

describe('what a monitor names', () => {
  it('is told with its place', () => {
    const body = whole('ping', {
      ...{ facility: 'servers', calendar: 'office', notifications: ['mail'] },
      numeric: { change: { notifications: ['night'] } },
    });
    expect(monitorReferences(body)).toEqual([
      { kind: 'facility', id: 'servers', place: 'facility' },
      { kind: 'calendar', id: 'office', place: 'calendar' },
      { kind: 'notification', id: 'mail', place: 'notifications.0' },
      { kind: 'notification', id: 'night', place: 'numeric.change.notifications.0' },
    ]);
  });
  it('is other monitors, too', () => {
    const conditions = [{ monitor: 'a', facility: 'web2', is: { by: 'text', pattern: 'x' } }];
    expect(monitorReferences(whole('integration', { check: { conditions } })).slice(1)).toEqual([
      { kind: 'monitor', id: 'a', place: 'check.conditions.0.monitor' },
      { kind: 'facility', id: 'web2', place: 'check.conditions.0.facility' },
    ]);
  });
});

it('patterns are found wherever they are', () => {
  const where = { app: { pattern: 'sshd' }, structured: [{ id: 'x@1', param: 'y', value: { pattern: 'z', mode: 'contains' } }] };
  const body = whole('syslog', { rules: [{ pattern: '.*down' }, { pattern: 'UP', caseSensitive: false, where }] });
  expect(patternsOf(body).map(({ place, pattern, mode, caseSensitive }) => [place, pattern, mode, caseSensitive])).toEqual([
    ['rules.0.pattern', '.*down', 'whole', true],
    ['rules.1.pattern', 'UP', 'whole', false],
    ['rules.1.where.app.pattern', 'sshd', 'whole', true],
    ['rules.1.where.structured.0.value.pattern', 'z', 'contains', true],
  ]);
  const process = whole('process', { check: { command: '.*sshd', caseSensitive: false } });
  expect(patternsOf(process).map(({ place, caseSensitive }) => [place, caseSensitive])).toEqual([
    ['check.command', false],
    ['check.arguments', false],
  ]);
});

it('a monitor is a kind of setting whose passwords are not shown', () => {
  const check = { database: 'x', user: 'u', query: 'SELECT 1', password: 's3cret' };
  const found = parseSetting({ kind: 'monitor', id: 'm', body: { type: 'sql-string', facility: 'db1', check } });
  expect(found).toMatchObject({ ok: true });
  const { body, hasSecret } = maskSecrets(settingSecretsOf('monitor'), found.ok ? found.setting.body : null);
  expect(JSON.stringify(body)).not.toContain('s3cret');
  expect(hasSecret).toEqual(['check.password']);
});
