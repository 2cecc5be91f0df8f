import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabCluster } from '../cluster/cluster.js';
import { PLACES, PORTS, VIP } from '../cluster/layout.js';
import { TRAP_USER } from '../cluster/trap-user.js';
import { WORKSPACE } from '../host/assets.js';
import { LabToolError } from '../host/shell.js';
import type { Notification } from './plan.js';
import type { SenderStream } from './streams.js';

export interface Prepared {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Path and text. */
  readonly files: readonly (readonly [string, string])[];
}

/** A configuration of the docs with the lab's names, ports and folders in place of the example's. */
export function fromDocs(cluster: LabCluster, config: string, folder: string): string {
  const text = readFileSync(join(WORKSPACE, 'docs/senders', config), 'utf8');
  return text
    .replaceAll('yosugara.example.org', VIP)
    .replaceAll('a.example.org', PLACES.a.address)
    .replaceAll('b.example.org', PLACES.b.address)
    .replace(/port="514"/g, `port="${PORTS.syslog}"`)
    .replace(/port\(514\)/g, `port(${PORTS.syslog})`)
    .replace(/:162\b/g, `:${PORTS.trap}`)
    .replace(/"\/[\w./-]*yosugara-ca\.crt"/g, `"${cluster.authorityFile}"`)
    .replace(/dir\("\/var\/lib\/syslog-ng"\)/, `dir("${folder}")`);
}

/** One rsyslogd with one configuration of the docs: a folder, a pid file and an input of its own. */
export function rsyslogd(cluster: LabCluster, { config }: SenderStream, folder: string, port: number): Prepared {
  const text = `global(workDirectory="${folder}")
module(load="imptcp")
input(type="imptcp" address="127.0.0.1" port="${port}")
${fromDocs(cluster, config, folder)}`;
  const file = join(folder, 'rsyslog.conf');
  return { program: 'rsyslogd', args: ['-n', '-f', file, '-i', join(folder, 'pid')], env: {}, files: [[file, text]] };
}

/** Debian's package conflicts with rsyslog's, so it may lie unpacked beside the system (tools/lib/bring.mjs). */
const UNPACKED = join(WORKSPACE, '.yosugara/tools/syslog-ng');

/** @throws LabToolError it is not here. */
export function syslogNg(cluster: LabCluster, { config }: SenderStream, folder: string, port: number): Prepared {
  const beside = join(UNPACKED, 'usr/sbin/syslog-ng');
  const system = ['/usr/sbin/syslog-ng', '/sbin/syslog-ng', '/usr/local/sbin/syslog-ng'].find((path) => existsSync(path));
  const program = system ?? (existsSync(beside) ? beside : undefined);
  if (program === undefined) throw new LabToolError('syslog-ng', 'is not here: start by `npm run lab`, which brings it');
  const text = `@version: 3.35
options { keep-hostname(yes); stats-freq(0); };
source s_src { network(ip("127.0.0.1") port(${port}) transport("tcp") flags(syslog-protocol) log-iw-size(10000)); };
${fromDocs(cluster, config, folder)}`;
  const file = join(folder, 'syslog-ng.conf');
  const own = ['--persist-file', join(folder, 'persist'), '--control', join(folder, 'ctl'), '--pidfile', join(folder, 'pid')];
  const modules = program === beside ? unpackedModules() : { args: [], env: {} };
  return { program, args: ['-F', '--no-caps', '-f', file, ...own, ...modules.args], env: modules.env, files: [[file, text]] };
}

function unpackedModules(): Pick<Prepared, 'args' | 'env'> {
  const at = (path: string) => join(UNPACKED, path);
  const machine = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch as string] ?? '';
  const version = JSON.parse(readFileSync(at('modules.json'), 'utf8')) as string;
  const libraries = ['usr/lib/syslog-ng', `usr/lib/${machine}`, `lib/${machine}`].map(at).join(':');
  return { args: ['--module-path', at(version)], env: { LD_LIBRARY_PATH: libraries } };
}

const ENGINE = '0x80001f8804796f73756761726131';
const TEXT_OID = '1.3.6.1.4.1.8072.2.3.2.1.0';
const TRAP_OID = '1.3.6.1.4.1.8072.2.3.0.1';
const NODES = [PLACES.a, PLACES.b].map(({ address }) => `${address}:${PORTS.trap}`);

/** v2c by the script of the docs; v3 as its options say, a program for each node at the same time. */
export function notificationOf(stream: SenderStream, script: string): Notification {
  const { name, perSecond } = stream;
  const body = [TRAP_OID, TEXT_OID, 's', '{text}'];
  const login = `-v3 -u ${TRAP_USER.name} -l authPriv -a SHA-256 -x AES`.split(' ');
  const secrets = ['-A', TRAP_USER.auth, '-X', TRAP_USER.priv];
  // A TRAP speaks for its sender's engine; every snmptrap is a life of that engine's, which the clock of -Z stands for.
  const engine = ['-e', ENGINE, '-Z', '1,{engineTime}'];
  // Whose notification it is must be the same in both copies. Without -E each program makes up an engine.
  const context = ['-E', ENGINE];
  const commands = {
    'net-snmp-trap': [['sh', script, 'trap', ...body]],
    'net-snmp-inform': [['sh', script, 'inform', ...body]],
    'net-snmp-trap-v3': NODES.map((node) => ['snmptrap', ...login, ...secrets, ...engine, ...context, node, '{uptime}', ...body]),
    'net-snmp-inform-v3': NODES.map((node) => [
      ...['snmpinform', ...login, ...secrets, ...context, '-r', '10', '-t', '1', node, '{uptime}', ...body],
    ]),
  }[name];
  if (commands === undefined) throw new LabToolError('net-snmp', `nobody knows how to send ${name}`);
  return { stream: name, perSecond, commands, acknowledged: name.includes('inform') };
}
