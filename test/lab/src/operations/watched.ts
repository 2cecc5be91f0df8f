import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import {
  Daemons,
  findSystemProgram,
  freePort,
  startChrony,
  startDnsmasq,
  startDovecot,
  startMariadb,
  startNginx,
  startPostfix,
  startSnmpd,
  startVsftpd,
  type TestCertificate,
} from '@yosugara/testkit';
import { LabToolError } from '../host/shell.js';
import type { ManagedHost } from './managed-host.js';

/** One monitor, and the daemon that it looks at. */
export interface Watched {
  readonly id: string;
  /** Of the monitor's setting, without what all have in common. */
  readonly body: { readonly type: string } & Readonly<Record<string, unknown>>;
  /** Debian's. */
  readonly package: string;
  readonly daemon: string;
  /** Stays when the others end: it is asked about them. */
  readonly group: 'daemons' | 'snmpd' | 'cable';
}

export interface WatchedHost {
  readonly watched: readonly Watched[];
  readonly snmpPort: number;
  /** Ends one group of daemons. @returns starts them again, as they were. */
  end(group: 'daemons' | 'snmpd'): Promise<() => Promise<void>>;
}

const NGINX_SERVER = `location = /up { return 200 "all is well\\n"; }
    location = /login { return 200 "token=abc123\\n"; }
    location = /account { if ($arg_token = "") { return 403; } return 200 "hello $arg_token\\n"; }`;
const USERS = 'createUser ops SHA-256 "auth passphrase" AES "priv passphrase"\n';
/** Whether it answers is what is looked at here, not how soon: the machine is everybody's. */
const ANY = { info: [null, null], warning: [null, null] };
const PROBLEM = { pattern: '.*', priority: 'critical' };

/** Every daemon that Debian has for a type of monitor, on one host. */
export async function startWatched(host: ManagedHost, certificate: TestCertificate): Promise<WatchedHost> {
  const daemons = new Map<string, Daemons>();
  const of = (name: string): Daemons => {
    const made = host.daemons(name);
    daemons.set(name, made);
    return made;
  };
  const ftp = await startVsftpd(of('vsftpd'));
  const mail = await startPostfix(of('postfix'), certificate);
  const box = await startDovecot(of('dovecot'), certificate);
  const time = await startChrony(of('chrony'), 'local stratum 8');
  const names = await startDnsmasq(of('dnsmasq'), ['address=/web.example/192.0.2.1']);
  const webDaemons = of('nginx');
  const web = await startNginx(webDaemons, certificate, NGINX_SERVER);
  const maria = await startMariadb(of('mariadb'), certificate, '--skip-grant-tables');
  const postgres = await startPostgres(of('postgresql'), host.place.address);
  const agent = await startSnmpd(of('snmpd'), 'rocommunity public\nrouser ops priv\nsysName the-agent\n', USERS);
  const page = (path: string) => `http://#[IP_ADDRESS]:${web.http}${path}`;
  const sql = { database: 'mysql', user: 'root', port: maria.port, driver: 'mysql' };
  const own = { database: 'postgres', user: 'postgres', port: postgres };
  const rules = (good: string) => [{ pattern: good, priority: 'info' }, PROBLEM];
  const port = (service: string, at: number, daemon: string, from: string, more: object = {}): Watched => ({
    ...{ id: `port-${service}`, package: from, daemon, group: 'daemons' },
    body: { type: 'port', check: { service, port: at, verifyTls: false, timeoutMs: 5_000, ...more }, numeric: ANY },
  });
  const one = (
    id: string,
    daemon: string,
    from: string,
    body: Watched['body'],
    group: Watched['group'] = 'daemons',
  ): Watched => ({
    ...{ id, daemon, package: from, body, group },
  });
  const nginx = (id: string, body: Watched['body']) => one(id, 'nginx', 'nginx', body);
  const snmp = (id: string, body: Watched['body']) => one(id, 'snmpd', 'snmpd', body, 'snmpd');
  const pages = [
    {
      ...{ name: 'login', url: page('/login'), rules: [{ pattern: 'token=', mode: 'contains', priority: 'info' }] },
      variables: [{ name: 'token', pattern: 'token=(\\w+)' }],
    },
    {
      name: 'account',
      url: page('/account?token=#[token]'),
      rules: [{ pattern: 'hello abc123', mode: 'contains', priority: 'info' }],
    },
  ];
  return {
    snmpPort: agent.port,
    watched: [
      port('tcp', web.http, 'nginx', 'nginx'),
      port('ftp', ftp.port, 'vsftpd', 'vsftpd'),
      port('smtp', mail.smtp, 'postfix', 'postfix'),
      port('smtps', mail.smtps, 'postfix', 'postfix'),
      port('pop3', box.pop3, 'dovecot', 'dovecot-pop3d'),
      port('pop3s', box.pop3s, 'dovecot', 'dovecot-pop3d'),
      port('imap', box.imap, 'dovecot', 'dovecot-imapd'),
      port('imaps', box.imaps, 'dovecot', 'dovecot-imapd'),
      port('ntp', time.port, 'chronyd', 'chrony'),
      port('dns', names.port, 'dnsmasq', 'dnsmasq-base', { query: 'web.example' }),
      nginx('http-numeric', { type: 'http-numeric', check: { url: page('/up') }, numeric: ANY }),
      nginx('http-string', { type: 'http-string', check: { url: page('/up') }, rules: rules('all is well\n') }),
      nginx('https', {
        type: 'http-numeric',
        check: { url: `https://#[IP_ADDRESS]:${web.https}/up`, verifyTls: false },
        numeric: ANY,
      }),
      nginx('http-scenario', { type: 'http-scenario', check: { pages } }),
      one('sql-mariadb', 'mariadbd', 'mariadb-server-core', {
        type: 'sql-numeric',
        ...{ check: { ...sql, query: 'select count(*) from user' }, numeric: ANY },
      }),
      one('sql-string-mariadb', 'mariadbd', 'mariadb-server-core', {
        type: 'sql-string',
        ...{ check: { ...sql, query: "select 'it is well'" }, rules: rules('it is well') },
      }),
      one('sql-postgresql', 'postgres', 'postgresql-15', {
        type: 'sql-numeric',
        ...{ check: { ...own, query: 'select count(*) from pg_class' }, numeric: ANY },
      }),
      one('sql-string-postgresql', 'postgres', 'postgresql-15', {
        type: 'sql-string',
        ...{ check: { ...own, query: "select 'it is well'" }, rules: rules('it is well') },
      }),
      nginx('process', {
        type: 'process',
        // Every process of this computer is seen by its agent: that of this run has its folder among its arguments.
        check: { command: '.*nginx', arguments: `.*${webDaemons.dir}.*` },
      }),
      snmp('snmp-numeric', { type: 'snmp-numeric', check: { oid: '1.3.6.1.2.1.1.3.0' }, numeric: ANY }),
      snmp('snmp-string', { type: 'snmp-string', check: { oid: '1.3.6.1.2.1.1.5.0' }, rules: rules('the-agent') }),
      snmp('resource-memory', { type: 'resource', check: { resource: 'memory.used' }, numeric: ANY }),
      snmp('resource-filesystem', { type: 'resource', check: { resource: 'filesystem.used', device: '/' }, numeric: ANY }),
    ],
    end: async (group) => {
      const which = [...daemons].filter(([name]) => (name === 'snmpd') === (group === 'snmpd')).map(([, each]) => each);
      const ended = await Promise.all(which.map(async (each) => [each, await each.endAll()] as const));
      return async () => {
        for (const [each, all] of ended) for (const options of all) await each.start(options);
      };
    },
  };
}

/** A cluster of its own, beside the one that is the product's. @returns its port. */
async function startPostgres(daemons: Daemons, address: string): Promise<number> {
  const bin = findSystemProgram('/usr/lib/postgresql/15/bin/postgres');
  if (bin === null) throw new LabToolError('postgresql', 'is not here (package postgresql-15)');
  const port = await freePort();
  const data = join(daemons.dir, 'data');
  chmodSync(daemons.dir, 0o777);
  const as = ['-u', 'postgres', '--'];
  const initdb = [
    bin.replace(/postgres$/, 'initdb'),
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'trust',
    '--locale=C',
    '-E',
    'UTF8',
    '--no-sync',
  ];
  execFileSync('runuser', [...as, ...initdb], { cwd: daemons.dir, stdio: 'pipe' });
  execFileSync('runuser', [
    ...as,
    'sh',
    '-c',
    `echo 'host all all ${address.replace(/\d+$/, '0')}/24 trust' >> "$1/pg_hba.conf"`,
    'sh',
    data,
  ]);
  const set = [
    `listen_addresses=${address}`,
    `port=${port}`,
    `unix_socket_directories=${daemons.dir}`,
    'fsync=off',
    'shared_buffers=16MB',
  ];
  const args = [
    '--reuid=postgres',
    '--regid=postgres',
    '--clear-groups',
    bin,
    '-D',
    data,
    ...set.flatMap((each) => ['-c', each]),
  ];
  await daemons.start({ program: 'setpriv', args, ready: port });
  return port;
}

/** As dpkg has it; `?` when it knows of none. */
export function versionOf(name: string): string {
  try {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg fills it in.
    return execFileSync('dpkg-query', ['-W', '-f', '${Version}', name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return '?';
  }
}
