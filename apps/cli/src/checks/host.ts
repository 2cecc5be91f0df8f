import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { type Check, type CheckContext, fail, isWitness, type Look, ok, selfOf, warn } from './types.js';

const MB = 1024 * 1024;
const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
};

/** What lets two servers agree on when something was: leases do not need it, people and certificates do. */
export const timeSync: Look = async ({ root = '/' }) => {
  const needed = 'the clock is kept by NTP';
  const mend = 'apt-get install -y chrony';
  if (existsSync(join(root, 'run/systemd/timesync/synchronized')))
    return [ok('time-sync', 'systemd-timesyncd is synchronised', needed)];
  const chrony = await output('chronyc', ['-n', 'tracking']);
  if (/^Leap status\s*:\s*Normal/m.test(chrony)) return [ok('time-sync', 'chrony is synchronised', needed)];
  if (chrony.includes('Leap status'))
    return [warn('time-sync', 'chrony runs and is not synchronised yet', needed, 'chronyc waitsync 30')];
  const kernel = await output('timedatectl', ['show', '-p', 'NTPSynchronized', '--value']);
  if (kernel.trim() === 'yes') return [ok('time-sync', 'the system says that it is synchronised', needed)];
  return [warn('time-sync', 'nothing that keeps the clock was found', needed, mend)];
};

function output(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) =>
    execFile(program, [...args], { timeout: 5_000, env: { ...process.env, LC_ALL: 'C' } }, (error, out) =>
      resolve(error === null ? out : ''),
    ),
  );
}

/** Measured with `npm run lab`: a data node's programs and a small PostgreSQL want about 700 MB. */
const MEMORY = { data: { least: 900, good: 1_900 }, witness: { least: 200, good: 400 } };

export const memory: Look = async (context) => {
  const kb = Number(/^MemTotal:\s+(\d+) kB/m.exec(textOf(join(context.root ?? '/', 'proc/meminfo')))?.[1] ?? 0);
  const { least, good } = isWitness(context) ? MEMORY.witness : MEMORY.data;
  const mb = Math.floor(kb / 1024);
  const needed = `${least} MB, better ${good} MB`;
  if (mb >= good) return [ok('memory', `${mb} MB`, needed)];
  return [(mb < least ? fail : warn)('memory', `${mb} MB`, needed, 'give the host more memory')];
};

/** A burst of datagrams waits in the socket's buffer; the kernel caps what the receiver asks for. */
export const receiveBuffer: Look = async (context) => {
  if (isWitness(context)) return [];
  const found = Number(textOf(join(context.root ?? '/', 'proc/sys/net/core/rmem_max')));
  const wanted = context.config.receiver.receiveBufferBytes;
  const needed = `net.core.rmem_max of ${wanted} (receiver.receiveBufferBytes)`;
  if (found >= wanted) return [ok('receive-buffer', `${found}`, needed)];
  return [
    warn(
      'receive-buffer',
      `${found}`,
      needed,
      `echo net.core.rmem_max=${wanted} > /etc/sysctl.d/60-yosugara.conf && sysctl --system`,
    ),
  ];
};

const FILES_NEEDED = 16_384;
const FILES_LEAST = 4_096;

export const openFiles: Look = async ({ root = '/' }) => {
  const [, , hard = '0'] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(textOf(join(root, 'proc/self/limits'))) ?? [];
  // The unit sets its own limit, up to what the kernel lets anybody have.
  const allowed = Number(textOf(join(root, 'proc/sys/fs/nr_open')));
  const limit = hard === 'unlimited' ? Number.POSITIVE_INFINITY : Math.max(Number(hard), process.getuid?.() === 0 ? allowed : 0);
  const needed = `${FILES_NEEDED} open files`;
  if (limit >= FILES_NEEDED) return [ok('open-files', `${limit}`, needed)];
  return [
    (limit < FILES_LEAST ? fail : warn)(
      'open-files',
      `${limit}`,
      needed,
      `sysctl -w fs.nr_open=1048576, and LimitNOFILE=${FILES_NEEDED} in the units`,
    ),
  ];
};

export const account: Look = async ({ account: name, root = '/' }) => {
  if (name === null) return [];
  const isThere = textOf(join(root, 'etc/passwd'))
    .split('\n')
    .some((line) => line.startsWith(`${name}:`));
  const needed = `the account ${name}, which the programs run as`;
  if (isThere) return [ok('account', name, needed)];
  return [
    fail(
      'account',
      `no account ${name}`,
      needed,
      `useradd --system --home-dir /var/lib/yosugara --shell /usr/sbin/nologin ${name}`,
    ),
  ];
};

/** Programs of the system that a node calls. */
export const programs = async (context: CheckContext, folders: readonly string[] = FOLDERS): Promise<readonly Check[]> => {
  if (isWitness(context)) return [];
  const { vip } = context.config.cluster;
  const wanted: readonly (readonly [string, string])[] = [
    ...(vip?.driver === 'ip'
      ? ([
          ['ip', 'iproute2'],
          ['arping', 'iputils-arping'],
        ] as const)
      : []),
    ['setpriv', 'util-linux'],
  ];
  const missing = wanted.filter(([program]) => !folders.some((folder) => existsSync(join(folder, program))));
  const needed = wanted.map(([program]) => program).join(', ');
  if (missing.length === 0) return [ok('programs', 'all are there', needed)];
  return [
    fail(
      'programs',
      `missing: ${missing.map(([program]) => program).join(', ')}`,
      needed,
      `apt-get install -y ${missing.map(([, name]) => name).join(' ')}`,
    ),
  ];
};
const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

export const addresses: Look = async (context) => {
  const { config } = context;
  const { address } = selfOf(context);
  const own = Object.entries(networkInterfaces()).flatMap(([name, each]) =>
    (each ?? []).map((one) => ({ name, address: one.address })),
  );
  const here = own.find((one) => one.address === address);
  const all = own.map((one) => one.address).join(', ');
  const checks: Check[] = [
    here === undefined && !isLoopback(address)
      ? fail(
          'address',
          all,
          `${address}, the address of ${config.node}`,
          `ip address add ${address}/24 dev …, or plan ${config.node} with an address of this host`,
        )
      : ok('address', here === undefined ? address : `${address} on ${here.name}`, `the address of ${config.node}`),
  ];
  const known = config.cluster.members.map((member) => member.address);
  if (new Set(known).size < known.length)
    checks.push(fail('addresses', known.join(', '), 'one address a member', 'plan each member with an address of its own'));
  const { vip } = config.cluster;
  if (vip?.driver === 'ip' && !isWitness(context)) {
    const name = vip.interface;
    const isThere = name === undefined || own.some((one) => one.name === name);
    checks.push(
      isThere
        ? ok('vip-interface', name ?? 'found by the address', 'an interface for the floating address')
        : fail(
            'vip-interface',
            `no interface ${name}: ${[...new Set(own.map((one) => one.name))].join(', ')}`,
            'an interface for the floating address',
            `cluster.vip.interface in ${context.configFile}: alike on all members`,
          ),
    );
    if (known.includes(vip.address))
      checks.push(fail('vip', `${vip.address} is a member's own`, 'an address of its own', 'choose a free address'));
  }
  if ((vip?.driver === 'ocf' || vip?.driver === 'command') && !isWitness(context)) checks.push(lingering(vip.driver));
  return checks;
};

/** Nobody takes from a host that hangs what such a driver set there (docs/fencing.md). */
const lingering = (driver: string) =>
  warn(
    'vip-driver',
    `${driver}: a host that hangs keeps the address until it wakes, or until the take-over moves it`,
    'an address that ends with the lease',
    'cluster.vip.driver: ip, unless its program takes the address from the other host, as a cloud does',
  );

const isLoopback = (address: string) => address.startsWith('127.') || address === '::1';

export const MEGABYTE = MB;
