/** A small estate of which something is wrong: all that pages have to show. @param sender whose lines web1's are. */
export const SETTINGS = (sender: string): readonly (readonly [kind: string, id: string, body: object])[] => [
  ['scope', 'tokyo', { name: '東京データセンター' }],
  ['scope', 'osaka', { name: 'Osaka' }],
  ['scope', 'tokyo-web', { name: 'Web servers', parent: 'tokyo' }],
  ['node', 'web1', { name: 'Web one', addresses: [sender], scopes: ['tokyo-web'], administrator: '鈴木', contact: '内線 1234' }],
  ['node', 'web2', { name: 'Web two', addresses: ['192.0.2.8'], scopes: ['tokyo-web'] }],
  ['node', 'db1', { name: 'Database one', addresses: ['192.0.2.9', '2001:db8::9'], scopes: ['osaka'] }],
  [
    'node',
    'core-switch-of-the-second-floor',
    { name: 'Core switch of the second floor', addresses: ['192.0.2.10'], scopes: ['osaka'] },
  ],
  ['notification', 'events', { kind: 'event', priorities: { critical: {}, warning: {} }, renotify: { when: 'always' } }],
  ['notification', 'now', { kind: 'status', priorities: { critical: {}, warning: {} }, renotify: { when: 'always' } }],
  [
    'monitor',
    'disks',
    {
      ...{ type: 'syslog', check: {}, facility: 'tokyo', application: 'disks', notifications: ['events', 'now'] },
      rules: [
        { pattern: 'disk (\\d+) failed', mode: 'regex', priority: 'critical', message: 'Disk gone: #[1]' },
        { pattern: 'disk (\\d+) is slow', mode: 'regex', priority: 'warning', message: 'Disk slow: #[1]' },
        { pattern: 'controller (.+)$', mode: 'regex', priority: 'critical', message: 'ディスク装置の異常を検出しました: #[1]' },
      ],
    },
  ],
  // Nobody listens there: what is seen when somebody has it look is a refusal.
  ['monitor', 'ports', { type: 'port', facility: 'web1', intervalS: 3_600, check: { service: 'tcp', port: 9 } }],
  [
    'dashboard',
    'night',
    {
      name: '夜間の監視',
      timeZone: 'Asia/Tokyo',
      widgets: [
        { type: 'cluster', id: 'cluster', width: 12, height: 2 },
        { type: 'counts', id: 'counts', width: 6, height: 3 },
        { type: 'value', id: 'value', width: 6, height: 3, item: 'Processor', unit: '%', warning: 50, critical: 90 },
        { type: 'series', id: 'series', width: 12, height: 5, unit: '%', sources: [{ item: 'Processor' }] },
        { type: 'events', id: 'events', width: 6, height: 4 },
        { type: 'matrix', id: 'matrix', width: 6, height: 4 },
      ],
    },
  ],
  ['calendar-pattern', 'jp', { dates: ['2026-11-03', '2026-11-23'] }],
  [
    'calendar',
    'office',
    {
      timeZone: 'Asia/Tokyo',
      rows: [
        { description: 'holidays', days: { kind: 'pattern', pattern: 'jp' }, operate: false },
        {
          description: 'office hours',
          days: { kind: 'weekday', weekdays: ['mon', 'tue', 'wed', 'thu', 'fri'] },
          from: '09:00',
          to: '18:00',
        },
      ],
    },
  ],
];

export const LINES: readonly string[] = [
  ...['disk 1 failed', 'disk 2 is slow', 'disk 3 failed', 'disk 14 is slow', 'disk 15 is slow'],
  'controller 0:1:0 of enclosure 12 reports that the battery of its cache does not hold any more; write-back is switched off until it is replaced',
  ...Array.from({ length: 60 }, (_, n) => `app ${n % 7} took ${n * 13} ms for GET /orders/${n}`),
];

export const MIB = [
  'EXAMPLE-FAN-MIB DEFINITIONS ::= BEGIN',
  'IMPORTS enterprises FROM SNMPv2-SMI;',
  'fans OBJECT IDENTIFIER ::= { enterprises 32473 91 }',
  'fanState OBJECT-TYPE SYNTAX INTEGER { ok(1), stopped(2) } ::= { fans 1 }',
  'fanFailed NOTIFICATION-TYPE OBJECTS { fanState } ::= { fans 0 1 }',
  'END',
  '',
].join('\n');
