import type { SettingDocument } from '../cluster/cluster.js';
import { PLACES } from '../cluster/layout.js';
import { SINK_PORTS } from './sinks.js';
import type { Way } from './told-counts.js';

/** To the outside. */
export const WAYS: readonly Way[] = [
  { notification: 'mail', way: 'a line → mail, aiosmtpd' },
  { notification: 'syslog', way: 'a line → syslog by TCP, rsyslogd' },
  { notification: 'rest', way: 'a line → REST' },
  { notification: 'rest-looks', way: 'ping, port → REST' },
];

/**
 * Which of the client's numbers is told by what. Each tenth is a trap: none of these. Per hundred lines: one mail, one line of syslog, two requests.
 */
export const TOLD_LINES: Readonly<Record<string, RegExp>> = { mail: /01$/, syslog: /51$/, rest: /(26|76)$/ };
const INTERVAL_S = 10;

const node = (id: string, address: string): SettingDocument => ({
  ...{ kind: 'node', id },
  body: { name: id, addresses: [address], scopes: ['lab'] },
});
const ALL = ['critical', 'unknown', 'warning', 'info'] as const;
const each = (parameters: object) => Object.fromEntries(ALL.map((priority) => [priority, parameters]));
const always = { renotify: { when: 'always' } };

/** Each line of the client matches a rule, and each that is told is told anew; looks tell of each change. */
export function toldSettings(): readonly SettingDocument[] {
  const sink = PLACES.managed.address;
  const notification = (id: string, body: object): SettingDocument => ({ kind: 'notification', id, body });
  const lines = (id: string, number: string, notifications: readonly string[]): SettingDocument => ({
    ...{ kind: 'monitor', id },
    body: {
      ...{ type: 'syslog', facility: 'client', notifications },
      rules: [{ pattern: `.*lab \\S+ number=\\d*${number} end`, priority: 'critical', message: '#[LOG_LINE]' }],
    },
  });
  const look = (id: string, body: object): SettingDocument => ({
    ...{ kind: 'monitor', id },
    body: { ...{ intervalS: INTERVAL_S, collect: true, notifications: ['events', 'rest-looks'] }, ...body },
  });
  return [
    { kind: 'scope', id: 'lab', body: { name: 'Lab' } },
    ...[
      node('client', PLACES.client.address),
      node('managed', sink),
      node('host-a', PLACES.a.address),
      node('host-b', PLACES.b.address),
      node('host-w', PLACES.w.address),
    ],
    { kind: 'mail-server', id: 'sink', body: { host: sink, port: SINK_PORTS.smtp, security: 'smtp', from: 'lab@example.org' } },
    { kind: 'rest-access', id: 'sink', body: { url: `http://${sink}:${SINK_PORTS.rest}/` } },
    notification('events', { kind: 'event', priorities: each({}) }),
    notification('now', { kind: 'status', ...always }),
    notification('mail', { kind: 'mail', ...always, servers: ['sink'], priorities: each({ to: ['ops@example.org'] }) }),
    notification('syslog', {
      ...{ kind: 'syslog', ...always, host: sink, port: SINK_PORTS.syslog, transport: 'tcp' },
      priorities: each({ severity: 2 }),
    }),
    notification('rest', { kind: 'rest', ...always, priorities: each({ access: 'sink' }) }),
    notification('rest-looks', { kind: 'rest', priorities: each({ access: 'sink' }) }),
    lines('lines', '', ['now']),
    lines('lines-mail', '01', ['mail']),
    lines('lines-syslog', '51', ['syslog']),
    lines('lines-rest', '(?:26|76)', ['rest']),
    look('ping', { type: 'ping', facility: 'lab', check: { timeoutMs: 1_000 } }),
    look('flapping', { type: 'port', facility: 'managed', check: { port: SINK_PORTS.flapping, timeoutMs: 2_000 } }),
    look('console', { type: 'port', facility: 'lab', check: { port: 8_081, timeoutMs: 2_000 } }),
  ];
}
