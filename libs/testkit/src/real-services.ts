import type { ChildProcess } from 'node:child_process';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestCertificate } from './certificates.js';
import { type Daemons, findSystemProgram } from './daemons.js';
import { freePort, freePorts } from './ports.js';

/** Daemons of Debian, as this project's monitors meet them. Each where its `Daemons` are, with a configuration of its own in a folder of its own. */

interface Started {
  readonly port: number;
  readonly child: ChildProcess;
}

const program = (name: string): string => findSystemProgram(name) ?? name;

function account(name: string): { readonly uid: number; readonly gid: number } {
  const fields = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${name}:`))
    ?.split(':');
  if (fields === undefined) throw new Error(`no account ${name}`);
  return { uid: Number(fields[2]), gid: Number(fields[3]) };
}

export async function startVsftpd(daemons: Daemons): Promise<Started> {
  const port = await freePort();
  mkdirSync(join(daemons.dir, 'empty'), { recursive: true });
  const file = daemons.write(
    'vsftpd.conf',
    [
      ...['listen=YES', `listen_address=${daemons.address}`, `listen_port=${port}`, 'background=NO', 'anonymous_enable=YES'],
      ...[
        `secure_chroot_dir=${daemons.dir}/empty`,
        'xferlog_enable=NO',
        'seccomp_sandbox=NO',
        'ftpd_banner=Files of the spec',
        '',
      ],
    ].join('\n'),
  );
  return { port, child: await daemons.start({ program: program('vsftpd'), args: [file], ready: [port] }) };
}

/** Plain SMTP, and SMTP with TLS from the beginning. What it takes it throws away. */
export async function startPostfix(
  daemons: Daemons,
  certificate: TestCertificate,
): Promise<{ readonly smtp: number; readonly smtps: number; readonly child: ChildProcess }> {
  const [smtp, smtps] = (await freePorts(2)) as [number, number];
  const { uid, gid } = account('postfix');
  // Postfix's own processes run as its account.
  chmodSync(daemons.dir, 0o755);
  const at = (name: string) => join(daemons.dir, name);
  for (const name of ['queue', 'data', 'etc']) mkdirSync(at(name), { recursive: true });
  chownSync(at('data'), uid, gid);
  daemons.write(
    'etc/main.cf',
    [
      ...[
        `queue_directory = ${at('queue')}`,
        `data_directory = ${at('data')}`,
        'compatibility_level = 3.6',
        'maillog_file =',
        'alias_maps =',
      ],
      ...[
        `inet_interfaces = ${daemons.address}`,
        'inet_protocols = ipv4',
        'myhostname = mail.example',
        'mydestination = mail.example',
      ],
      ...[
        'local_transport = discard:',
        'relay_transport = discard:',
        'default_transport = discard:',
        'local_recipient_maps =',
        'smtpd_peername_lookup = no',
      ],
      ...[
        `smtpd_tls_cert_file = ${certificate.certFile}`,
        `smtpd_tls_key_file = ${certificate.keyFile}`,
        'smtpd_tls_security_level = may',
      ],
      '',
    ].join('\n'),
  );
  const service = (name: string, type: string, wake: string, most: string, command: string) =>
    `${name} ${type} ${type === 'inet' ? 'n' : 'y'} - n ${wake} ${most} ${command}`;
  daemons.write(
    'etc/master.cf',
    [
      service(`${daemons.address}:${smtp}`, 'inet', '-', '-', 'smtpd'),
      service(
        `${daemons.address}:${smtps}`,
        'inet',
        '-',
        '-',
        'smtpd -o smtpd_tls_wrappermode=yes -o smtpd_tls_security_level=encrypt',
      ),
      ...[
        ['cleanup', '0'],
        ['rewrite', '-', 'trivial-rewrite'],
        ['proxymap', '-'],
        ['anvil', '1'],
        ['discard', '-'],
        ['error', '-'],
      ].map(([name, most, command]) => service(name!, 'unix', '-', most!, command ?? name!)),
      service('tlsmgr', 'unix', '1000', '1', 'tlsmgr'),
      ...[
        ['bounce', '0'],
        ['defer', '0', 'bounce'],
        ['trace', '0', 'bounce'],
      ].map(([name, most, command]) => service(name!, 'unix', '-', most!, command ?? name!)),
      service('qmgr', 'unix', '300', '1', 'qmgr'),
      '',
    ].join('\n'),
  );
  // Makes the folders of the queue, with the owners that they need.
  daemons.run(program('postfix'), ['-c', at('etc'), 'check']);
  const child = await daemons.start({
    program: '/usr/lib/postfix/sbin/master',
    args: ['-c', at('etc'), '-d'],
    ready: [smtp, smtps],
  });
  return { smtp, smtps, child };
}

export async function startDovecot(
  daemons: Daemons,
  certificate: TestCertificate,
): Promise<{
  readonly imap: number;
  readonly imaps: number;
  readonly pop3: number;
  readonly pop3s: number;
  readonly child: ChildProcess;
}> {
  const [imap, imaps, pop3, pop3s] = (await freePorts(4)) as [number, number, number, number];
  chmodSync(daemons.dir, 0o755);
  const listener = (name: string, port: number, ssl: boolean) =>
    `inet_listener ${name} {\n address = ${daemons.address}\n port = ${port}\n ssl = ${ssl ? 'yes' : 'no'}\n}`;
  const file = daemons.write(
    'dovecot.conf',
    [
      ...[`base_dir = ${daemons.dir}/run`, `state_dir = ${daemons.dir}/state`, 'protocols = imap pop3', 'log_path = /dev/stderr'],
      ...['ssl = yes', `ssl_cert = <${certificate.certFile}`, `ssl_key = <${certificate.keyFile}`, 'mail_location = mbox:~/mail'],
      `service imap-login {\n${listener('imap', imap, false)}\n${listener('imaps', imaps, true)}\n}`,
      `service pop3-login {\n${listener('pop3', pop3, false)}\n${listener('pop3s', pop3s, true)}\n}`,
      ...['passdb {\n driver = passwd-file\n args = /dev/null\n}', 'userdb {\n driver = passwd-file\n args = /dev/null\n}', ''],
    ].join('\n'),
  );
  const child = await daemons.start({ program: program('dovecot'), args: ['-F', '-c', file], ready: [imap, imaps, pop3, pop3s] });
  return { imap, imaps, pop3, pop3s, child };
}

/** @param more lines of chrony.conf(5). Its clock is never touched. */
export async function startChrony(daemons: Daemons, more: string): Promise<Started> {
  const port = await freePort();
  chmodSync(daemons.dir, 0o755);
  const run = join(daemons.dir, 'run');
  mkdirSync(run, { recursive: true, mode: 0o770 });
  const file = daemons.write(
    'chrony.conf',
    [
      `port ${port}`,
      `bindaddress ${daemons.address}`,
      'allow',
      'cmdport 0',
      `bindcmdaddress ${run}/sock`,
      `pidfile ${run}/pid`,
      more,
      '',
    ].join('\n'),
  );
  const child = await daemons.start({
    program: program('chronyd'),
    args: ['-d', '-x', '-U', '-u', 'root', '-f', file],
    // Its last word on the way up comes before it opens the port of its server.
    ready: { udp: port },
  });
  return { port, child };
}

/** An HTTP proxy. @param more lines of tinyproxy.conf(5). @param ports to which it lets CONNECT through. */
export async function startTinyproxy(daemons: Daemons, ports: readonly number[], ...more: readonly string[]): Promise<Started> {
  const port = await freePort();
  const rules = ports.map((each) => `ConnectPort ${each}`);
  const file = daemons.write(
    `tinyproxy-${port}.conf`,
    [`Port ${port}`, `Listen ${daemons.address}`, 'Timeout 600', 'LogLevel Connect', ...rules, ...more, ''].join('\n'),
  );
  return { port, child: await daemons.start({ program: program('tinyproxy'), args: ['-d', '-c', file], ready: [port] }) };
}

/** @param more lines of dnsmasq(8)'s configuration. */
export async function startDnsmasq(daemons: Daemons, more: readonly string[]): Promise<Started> {
  const port = await freePort();
  const file = daemons.write(
    'dnsmasq.conf',
    [
      `port=${port}`,
      `listen-address=${daemons.address}`,
      'bind-interfaces',
      'no-resolv',
      'no-hosts',
      'user=root',
      'pid-file',
      ...more,
      '',
    ].join('\n'),
  );
  return { port, child: await daemons.start({ program: program('dnsmasq'), args: ['-k', '-C', file], ready: [port] }) };
}

/** @param server lines of a server's block. */
export async function startNginx(
  daemons: Daemons,
  certificate: TestCertificate,
  server: string,
): Promise<{ readonly http: number; readonly https: number; readonly child: ChildProcess }> {
  const [http, https] = (await freePorts(2)) as [number, number];
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${daemons.dir}/${name};`,
  );
  const file = daemons.write(
    'nginx.conf',
    `daemon off; master_process off; pid ${daemons.dir}/nginx.pid; error_log stderr warn;
events { worker_connections 512; }
http {
  access_log off; ${temporary.join(' ')} default_type text/plain;
  server {
    listen ${daemons.address}:${http}; listen ${daemons.address}:${https} ssl;
    ssl_certificate ${certificate.certFile}; ssl_certificate_key ${certificate.keyFile};
    ${server}
  }
}
`,
  );
  const child = await daemons.start({ program: program('nginx'), args: ['-p', daemons.dir, '-c', file], ready: [http, https] });
  return { http, https, child };
}

/**
 * @param conf lines of snmpd.conf(5).
 * @param persistent users of SNMPv3 (`createUser …`).
 * @param addresses where it listens besides.
 */
export async function startSnmpd(
  daemons: Daemons,
  conf: string,
  persistent = '',
  addresses: readonly string[] = [],
): Promise<Started> {
  const port = await freePort();
  // Not named snmpd.conf: the daemon writes a file of that name into the folder.
  const file = daemons.write('agent.conf', conf);
  daemons.write('snmpd.conf', persistent);
  const child = await daemons.start({
    program: program('snmpd'),
    args: [
      '-f',
      '-Lo',
      '-C',
      '-c',
      `${file},${join(daemons.dir, 'snmpd.conf')}`,
      '-I',
      '-smux',
      ...[daemons.address, ...addresses].map((address) => `udp:${address}:${port}`),
      `udp6:[::1]:${port}`,
    ],
    env: { SNMP_PERSISTENT_DIR: daemons.dir, SNMPCONFPATH: daemons.dir, HOME: daemons.dir, MIBS: '' },
    ready: (said) => said().includes('NET-SNMP version'),
  });
  return { port, child };
}

/** An empty MariaDB without grants: who comes from this host is root. @param more options. */
export async function startMariadb(daemons: Daemons, certificate: TestCertificate, ...more: readonly string[]): Promise<Started> {
  const port = await freePort();
  const data = join(daemons.dir, 'data');
  const { uid, gid } = account('nobody');
  chmodSync(daemons.dir, 0o777);
  mkdirSync(data);
  chownSync(data, uid, gid);
  const common = [
    '--no-defaults',
    `--datadir=${data}`,
    '--innodb-log-file-size=4M',
    '--innodb-buffer-pool-size=8M',
    '--innodb-flush-log-at-trx-commit=0',
  ];
  // TLS needs the key to be readable for its account.
  for (const path of [certificate.keyFile, certificate.certFile]) chmodSync(path, 0o644);
  chmodSync(join(certificate.certFile, '..'), 0o755);
  // mariadb-install-db does this too, but needs a program of the large package mariadb-server.
  const files = ['mysql_system_tables', 'mysql_performance_tables', 'mysql_system_tables_data'];
  const sql = files.map((name) => readFileSync(`/usr/share/mysql/${name}.sql`, 'utf8')).join('\n');
  execFileSync(program('mariadbd'), [...common, '--bootstrap', '--user=nobody', '--log-warnings=0'], {
    ...{ stdio: ['pipe', 'ignore', 'pipe'], cwd: daemons.dir },
    input: `create database mysql;\nuse mysql;\nset @auth_root_socket = null;\n${sql}`,
  });
  const child = await daemons.start({
    program: program('mariadbd'),
    args: [
      ...[
        ...common,
        '--user=nobody',
        `--port=${port}`,
        `--bind-address=${daemons.address}`,
        `--socket=${daemons.dir}/sock`,
        '--skip-name-resolve',
      ],
      ...[`--ssl-cert=${certificate.certFile}`, `--ssl-key=${certificate.keyFile}`, `--pid-file=${daemons.dir}/pid`],
      ...more,
    ],
    ready: [port],
  });
  return { port, child };
}
