import { Daemons, findSystemProgram, freePort, startSnmpd } from '@yosugara/testkit';
import type { SettingDocument } from './row-cluster.js';

/** What the issue asks of one Master, a minute. */
export const NODES = 5_000;
export const SNMP_VALUES = 20_000;
export const WEB_CHECKS = 2_000;
const INTERVAL_S = 60;
const AGENTS = SNMP_VALUES / 20;
/** So many agents have an address of their own; snmpd listens at each. */
const AGENT_ADDRESSES = 50;

/** sysUpTime; memory, load, processor time and interrupts of UCD-SNMP-MIB: what everybody asks for. */
const OIDS: readonly string[] = [
  '1.3.6.1.2.1.1.3.0',
  ...[3, 4, 5, 6, 11, 12, 14, 15].map((at) => `1.3.6.1.4.1.2021.4.${at}.0`),
  ...[50, 51, 52, 53, 54, 55, 59, 60].map((at) => `1.3.6.1.4.1.2021.11.${at}.0`),
  ...[1, 2, 3].map((at) => `1.3.6.1.4.1.2021.10.1.5.${at}`),
];

export interface Estate {
  readonly documents: readonly SettingDocument[];
  /** Looks a minute. */
  readonly perMinute: number;
  /** Values that are kept a minute. */
  readonly valuesPerMinute: number;
  readonly daemons: { readonly snmpd: number; readonly nginx: number };
}

/** Real daemons on loopback, and the settings of whoever watches 5 000 nodes with them. @throws Error — a package is missing. */
export async function startEstate(daemons: Daemons): Promise<Estate> {
  const missing = ['fping', 'snmpd', 'nginx'].filter((name) => findSystemProgram(name) === null);
  if (missing.length > 0) throw new Error(`missing: ${missing.join(', ')} (Debian's packages of these names)`);
  const addresses = Array.from({ length: AGENT_ADDRESSES }, (_, n) => `127.0.100.${n + 1}`);
  const agent = await startSnmpd(daemons, 'rocommunity public\n', '', addresses);
  const web = await startWeb(daemons);
  const watched = { intervalS: INTERVAL_S, collect: true, notifications: ['events', 'now'] };
  const monitor = (id: string, body: object): SettingDocument => ({ kind: 'monitor', id, body: { ...watched, ...body } });
  const anything = { numeric: { info: [null, null], warning: [null, null] } };
  const documents: SettingDocument[] = [
    ...['all', 'agents', 'web'].map((id) => ({ kind: 'scope', id, body: { name: id } })),
    ...Array.from({ length: NODES }, (_, n) => nodeOf(n, addresses, agent.port)),
    { kind: 'notification', id: 'events', body: { kind: 'event' } },
    { kind: 'notification', id: 'now', body: { kind: 'status' } },
    monitor('ping', { type: 'ping', facility: 'all' }),
    ...OIDS.map((oid, at) => monitor(`snmp-${at}`, { type: 'snmp-numeric', facility: 'agents', check: { oid }, ...anything })),
    monitor('page', { type: 'http-numeric', facility: 'web', check: { url: `http://127.0.0.1:${web.port}/` } }),
    monitor('port', { type: 'port', facility: 'web', check: { port: web.port } }),
  ];
  return {
    documents,
    perMinute: NODES + SNMP_VALUES + WEB_CHECKS,
    // Of a ping its time and its loss.
    valuesPerMinute: 2 * NODES + SNMP_VALUES + WEB_CHECKS,
    daemons: { snmpd: agent.child.pid ?? 0, nginx: web.pid },
  };
}

/** The first thousand are agents, the next are web servers, and all are pinged. */
function nodeOf(n: number, agents: readonly string[], port: number): SettingDocument {
  const isAgent = n < AGENTS;
  const isWeb = n >= AGENTS && n < AGENTS + WEB_CHECKS / 2;
  // nginx is at one address; what is pinged of these is that one, too.
  const address = isAgent ? agents[n % agents.length] : isWeb ? '127.0.0.1' : `127.1.${n >> 8}.${n & 255}`;
  const scopes = ['all', ...(isAgent ? ['agents'] : []), ...(isWeb ? ['web'] : [])];
  return {
    kind: 'node',
    id: `n${n}`,
    body: { name: `node ${n}`, addresses: [address], scopes, ...(isAgent ? { snmp: { port } } : {}) },
  };
}

async function startWeb(daemons: Daemons): Promise<{ readonly port: number; readonly pid: number }> {
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${daemons.dir}/${name};`,
  );
  const file = daemons.write(
    'nginx.conf',
    `daemon off; master_process off; pid ${daemons.dir}/nginx.pid; error_log stderr warn; events { worker_connections 1024; }
http { access_log off; ${temporary.join(' ')} server { listen 127.0.0.1:${port}; location / { return 200 "${'x'.repeat(1_000)}"; } } }
`,
  );
  const { pid = 0 } = await daemons.start({
    program: findSystemProgram('nginx')!,
    args: ['-p', daemons.dir, '-c', file],
    ready: [port],
  });
  return { port, pid };
}
