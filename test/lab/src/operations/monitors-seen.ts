import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestAuthority } from '@yosugara/testkit';
import { type LabCluster, rolesOf, type SettingDocument } from '../cluster/cluster.js';
import { PLACES, PORTS } from '../cluster/layout.js';
import { WORKSPACE } from '../host/assets.js';
import { until } from '../host/shell.js';
import type { Stage } from '../scenarios/types.js';
import { ManagedHost } from './managed-host.js';
import { startWatched, versionOf, type Watched, type WatchedHost } from './watched.js';

const INTERVAL_S = 10;
/** Three ticks and the longest look, many times over: other programs may have the machine. */
const SEEN_DEADLINE_MS = 180_000;
export const SEEN_FILE = 'docs/monitors-seen.md';

/** As it stands in the events. */
export interface SeenEvent {
  readonly number: number;
  readonly monitor: string;
  readonly plugin: string;
  readonly facility: string;
  readonly item: string;
  readonly at: string;
  readonly priority: string;
  readonly message: string;
}

/** Of one monitor: the daemon is there, is not there, is there again. */
export interface Seen {
  readonly watched: Pick<Watched, 'id' | 'daemon' | 'package' | 'body'>;
  readonly version: string;
  readonly events: readonly [up: SeenEvent, down: SeenEvent, again: SeenEvent];
}

const PINGED: Watched = {
  ...{ id: 'ping', daemon: 'Linux (fping asks)', package: 'fping', group: 'cable' },
  body: { type: 'ping', check: { timeoutMs: 1_000 }, numeric: { info: [null, null], warning: [null, null] } },
};
/** What comes by itself: real programs send it. */
const SENT: readonly Watched[] = [
  {
    ...{ id: 'syslog', daemon: 'logger', package: 'bsdutils', group: 'cable' },
    body: { type: 'syslog', rules: [rule('.*disk \\d+ failed', 'critical'), rule('.*disk \\d+ is well', 'info')] },
  },
  {
    ...{ id: 'snmp-trap', daemon: 'snmptrap', package: 'snmp', group: 'cable' },
    body: {
      ...{ type: 'snmp-trap' },
      traps: {
        definitions: [
          { oid: '1.3.6.1.6.3.1.1.5.3', name: 'linkDown', judge: { by: 'always', priority: 'critical' } },
          { oid: '1.3.6.1.6.3.1.1.5.4', name: 'linkUp', judge: { by: 'always', priority: 'info' } },
        ],
      },
    },
  },
];

function rule(pattern: string, priority: string): object {
  return { pattern, priority, message: '#[LOG_LINE]' };
}

/** Each type of monitor sees a real daemon of Debian's that is there, is not, and is there again. @throws Error one did not. */
export async function seeMonitors({ cluster, undo, say, runTag }: Stage): Promise<void> {
  const authority = new TestAuthority();
  undo.push(async () => authority.remove());
  const host = await ManagedHost.attach(cluster, PLACES.managed);
  undo.push(async () => await host.detach());
  const pinged = await ManagedHost.attach(cluster, PLACES.pinged);
  undo.push(async () => await pinged.detach());
  const certificate = authority.issue('managed', [`IP:${host.place.address}`]);
  const run = await startWatched(host, certificate);
  const all = [...run.watched, PINGED, ...SENT];
  const { master } = rolesOf(await cluster.waitHealthy(10_000));
  // Of its own: on a cluster that saw all this before, what comes first is told all the same.
  const notification = `seen-${runTag.split('/').at(-1)}`;
  await cluster.apply(master, settingsOf(run, notification));
  const events = new Events(cluster, notification);

  say(`${all.length} monitors; all is up`);
  await tell(cluster, host, 'up');
  const up = await events.each('all to be well', all, (event) => event.priority === 'info');
  say('daemons end');
  const begin = [await run.end('daemons')];
  await cluster.network.cable(PLACES.pinged.name, 'out');
  await tell(cluster, host, 'down');
  const isDown = (event: SeenEvent) => event.priority !== 'info';
  const first = all.filter(({ group }) => group !== 'snmpd');
  const down = await events.each('what has ended to be seen', first, isDown, up);
  begin.push(await run.end('snmpd'));
  const others = await events.each(
    'the end of snmpd to be seen',
    all.filter(({ group }) => group === 'snmpd'),
    isDown,
    up,
  );
  for (const [id, event] of others) down.set(id, event);
  say('all of it begins again');
  for (const each of begin.reverse()) await each();
  await cluster.network.cable(PLACES.pinged.name, 'in');
  await tell(cluster, host, 'up');
  const again = await events.each('all to be well again', all, (event) => event.priority === 'info', down);
  const seen = all.map(
    (watched): Seen => ({
      ...{ watched, version: versionOf(watched.package) },
      events: [up.get(watched.id)!, down.get(watched.id)!, again.get(watched.id)!],
    }),
  );
  writeFileSync(join(WORKSPACE, SEEN_FILE), seenPage(seen));
  say(`${seen.length} monitors saw their daemons come and go: ${SEEN_FILE}`);
}

function settingsOf({ watched, snmpPort }: WatchedHost, notification: string): readonly SettingDocument[] {
  const told = { notifications: [notification] };
  const monitor = (id: string, facility: string, body: object): SettingDocument => ({
    ...{ kind: 'monitor', id },
    body: { facility, ...told, ...body },
  });
  const priorities = Object.fromEntries(['critical', 'unknown', 'warning', 'info'].map((priority) => [priority, {}]));
  const node = (id: string, address: string, more: object = {}): SettingDocument => ({
    ...{ kind: 'node', id },
    body: { name: id, addresses: [address], ...more },
  });
  return [
    // One look may be late on a busy machine, and none is asked twice.
    node('watched', PLACES.managed.address, { snmp: { port: snmpPort, timeoutMs: 2_000, retries: 1 } }),
    node('pinged', PLACES.pinged.address),
    { kind: 'notification', id: notification, body: { kind: 'event', acrossSubs: true, priorities } },
    ...watched.map(({ id, body }) => monitor(id, 'watched', { intervalS: INTERVAL_S, acrossSubs: true, ...body })),
    monitor(PINGED.id, 'pinged', { intervalS: INTERVAL_S, ...PINGED.body }),
    ...SENT.map(({ id, body }) => monitor(id, 'watched', { acrossSubs: true, ...body })),
  ];
}

/** From the managed host to both nodes, as devices do. */
async function tell({ network }: LabCluster, { place }: ManagedHost, what: 'up' | 'down'): Promise<void> {
  const text = what === 'up' ? 'disk 1 is well' : 'disk 1 failed';
  const trap = `1.3.6.1.6.3.1.1.5.${what === 'up' ? 4 : 3}`;
  for (const { address } of [PLACES.a, PLACES.b]) {
    await network.exec(place.name, 'logger', [
      '-n',
      address,
      '-P',
      String(PORTS.syslog),
      '-d',
      '--rfc5424=notq',
      '-t',
      'smartd',
      text,
    ]);
    const snmptrap = ['-v2c', '-c', 'public', `${address}:${PORTS.trap}`, '42', trap, '1.3.6.1.2.1.2.2.1.1.3', 'i', '3'];
    await network.exec(place.name, 'snmptrap', snmptrap);
  }
}

/** Events of this run, by SQL as they are stored. */
class Events {
  readonly #cluster: LabCluster;
  readonly #notification: string;

  constructor(cluster: LabCluster, notification: string) {
    this.#cluster = cluster;
    this.#notification = notification;
  }

  /** The first event of each that is as asked for, and newer than that of before. */
  async each(
    what: string,
    watched: readonly Watched[],
    fits: (event: SeenEvent) => boolean,
    after: ReadonlyMap<string, SeenEvent> = new Map(),
  ): Promise<Map<string, SeenEvent>> {
    const found = new Map<string, SeenEvent>();
    const look = async () => {
      // A database that is just on its way to another node: the next look finds it.
      for (const event of await this.#all().catch(() => []))
        if (!found.has(event.monitor) && event.number > (after.get(event.monitor)?.number ?? 0) && fits(event))
          found.set(event.monitor, event);
      return watched.every(({ id }) => found.has(id)) ? true : undefined;
    };
    await until(what, SEEN_DEADLINE_MS, look, 1_000).catch((error: unknown) => {
      const missing = watched.filter(({ id }) => !found.has(id)).map(({ id }) => id);
      throw new Error(`${error instanceof Error ? error.message : error}: not seen by ${missing.join(', ')}`, { cause: error });
    });
    return found;
  }

  async #all(): Promise<readonly SeenEvent[]> {
    const status = await this.#cluster.someStatus();
    const rows = await this.#cluster.sql<SeenEvent & { number: string | number }>(
      status?.master === 'b' ? 'b' : 'a',
      `SELECT number, monitor, plugin, facility, item, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at,
         (ARRAY['critical', 'unknown', 'warning', 'info'])[priority + 1] AS priority, message
       FROM event WHERE notification = '${this.#notification}' ORDER BY number`,
    );
    return rows.map((row) => ({ ...row, number: Number(row.number) }));
  }
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').trim();
const kindOf = ({ body, id }: Seen['watched']): string =>
  body.type === 'port'
    ? `port: ${(body['check'] as { service: string }).service}`
    : id === body.type
      ? id
      : `${body.type} (${id})`;

/** For docs/monitors-seen.md. */
export function seenPage(seen: readonly Seen[]): string {
  const commit = execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: WORKSPACE, encoding: 'utf8' }).trim();
  const rows = seen.map(({ watched, version, events: [up, down, again] }) =>
    [
      kindOf(watched),
      watched.daemon,
      `${watched.package} ${version}`,
      ...[up, down, again].map(({ priority, message }) => `${priority}: ${message}`),
    ]
      .map(cell)
      .join(' | '),
  );
  return `# What monitors saw

Made by \`npm run lab -- monitors\` at ${commit}: daemons of Debian on a host of their own, looked at by the Master of two nodes. Each was there, ended, and began again; what stands here is in the events.
Certificates are not looked at here (their specs do), and nothing of it says how quick it is.

| monitor | daemon | package | up | down | up again |
|---|---|---|---|---|---|
${rows.map((row) => `| ${row} |`).join('\n')}

\`\`\`json
[
${seen.flatMap(({ events }) => events.map((event) => `  ${JSON.stringify(event)}`)).join(',\n')}
]
\`\`\`
`;
}
