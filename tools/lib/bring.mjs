// Brings what a fresh clone lacks: dependencies, the right Node, PostgreSQL, the tools of the tests.
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './children.mjs';
import { refuse, say, seconds } from './say.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const isRoot = process.getuid?.() === 0;

/** libp2p, vitest and kysely need it (docs/decisions). */
const NODE_AT_LEAST = [22, 12];
const POSTGRES_AT_LEAST = 15;
const POSTGRES_PROGRAMS = ['postgres', 'initdb', 'pg_ctl', 'pg_controldata', 'pg_rewind', 'pg_basebackup'];

function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The system's search path, without the project's own programs and with the system folders a user's path often lacks. */
function systemPath() {
  const own = (process.env.PATH ?? '').split(delimiter).filter((dir) => dir !== '' && !dir.includes('node_modules'));
  return [...new Set([...own, '/usr/local/sbin', '/usr/sbin', '/sbin'])];
}

export function findProgram(name) {
  if (name.startsWith('/')) return executable(name) ? name : undefined;
  return systemPath()
    .map((dir) => join(dir, name))
    .find(executable);
}

// ---- dependencies

const lockFile = join(root, 'package-lock.json');
const installed = join(root, 'node_modules', '.package-lock.json');
const stamp = join(root, 'node_modules', '.yosugara-lock');
const lockHash = () => createHash('sha256').update(readFileSync(lockFile)).digest('hex');

/** A checkout touches files without changing them: where we installed ourselves, content decides, not time. */
function dependenciesAreStale() {
  if (!existsSync(installed)) return true;
  if (statSync(lockFile).mtimeMs <= statSync(installed).mtimeMs) return false;
  return !existsSync(stamp) || readFileSync(stamp, 'utf8') !== lockHash();
}

export async function bringDependencies() {
  if (!dependenciesAreStale()) return;
  const startMs = performance.now();
  say(
    existsSync(installed) ? 'package-lock.json changed: installing dependencies (npm ci)…' : 'installing dependencies (npm ci)…',
  );
  // The system's Node and npm: the bundled one lies in the folder that `npm ci` empties.
  const path = systemPath().join(delimiter);
  const npm = findProgram('npm') ?? refuse('npm is not in the search path: install Node.js 20 or newer with npm');
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code } = await run(npm, args, { cwd: root, env: { ...process.env, PATH: path, NODE_ENV: '' } });
  if (code !== 0) refuse(`installing dependencies failed: npm ci ended with code ${code} (its own lines are above)`);
  writeFileSync(stamp, lockHash());
  say(`dependencies installed in ${seconds(startMs)}`);
}

// ---- Node

export function nodeIsNewEnough(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > NODE_AT_LEAST[0] || (major === NODE_AT_LEAST[0] && minor >= NODE_AT_LEAST[1]);
}

export function bundledNode() {
  const path = join(root, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node');
  return executable(path) ? path : undefined;
}

// ---- PostgreSQL

/** @returns major version, 0 when unknown. */
async function postgresMajor(bin) {
  const { stdout } = await run(join(bin, 'postgres'), ['--version'], { quiet: true, timeoutMs: 5_000 });
  return Number(/PostgreSQL\)? (\d+)/.exec(stdout)?.[1] ?? 0);
}

function postgresFolders() {
  const configured = process.env.YOSUGARA_POSTGRES_BIN;
  if (configured !== undefined && configured !== '') return [configured];
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  return [...systemPath(), ...versions.map((version) => join(debian, version, 'bin'))];
}

/** @returns the folder of a complete PostgreSQL, or undefined. */
export async function findPostgres() {
  for (const bin of postgresFolders())
    if (POSTGRES_PROGRAMS.every((name) => executable(join(bin, name))) && (await postgresMajor(bin)) >= POSTGRES_AT_LEAST)
      return bin;
  return undefined;
}

export async function bringPostgres() {
  const found = await findPostgres();
  if (found !== undefined) return found;
  const wanted = `PostgreSQL ${POSTGRES_AT_LEAST} or newer with pg_rewind and pg_basebackup`;
  const configured = process.env.YOSUGARA_POSTGRES_BIN;
  if (configured) refuse(`YOSUGARA_POSTGRES_BIN=${configured}: no ${wanted} there`);
  if (!canInstall())
    refuse(`${wanted} is missing: install it (Debian: sudo apt-get install postgresql) or set YOSUGARA_POSTGRES_BIN`);
  await aptInstall('PostgreSQL', ['postgresql']);
  return (await findPostgres()) ?? refuse(`${wanted} is missing, and Debian's package did not bring it`);
}

// ---- Debian packages

const canInstall = () => isRoot && existsSync('/etc/debian_version') && findProgram('apt-get') !== undefined;

/** Debian would create and start a cluster of its own on port 5432: we need programs, not a server. */
function forbidDebiansCluster() {
  const dir = '/etc/postgresql-common/createcluster.d';
  return `mkdir -p ${dir} && { [ -e ${dir}/yosugara.conf ] || echo 'create_main_cluster = false' > ${dir}/yosugara.conf; }`;
}

const POLICY = '/usr/sbin/policy-rc.d';
/** Of packages that bring a service: tests start programs of their own, and nobody asked for a mail server. */
const SERVICES = {
  nginx: 'nginx',
  vsftpd: 'vsftpd',
  snmpd: 'snmpd',
  slapd: 'slapd',
  'dovecot-imapd': 'dovecot',
  postfix: 'postfix',
  chrony: 'chrony',
  logrotate: 'logrotate.timer',
};

/** Debian starts what it installs unless this program says no (invoke-rc.d(8)). @returns takes it away again. */
function forbidStarts() {
  if (existsSync(POLICY)) return () => undefined;
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const remove = () => {
    process.off('exit', remove);
    rmSync(POLICY, { force: true });
  };
  process.once('exit', remove);
  return remove;
}

/** And would start it when the host starts. */
async function keepOff(packages) {
  const units = packages.flatMap((name) => SERVICES[name] ?? []);
  if (units.length > 0 && existsSync('/run/systemd/system')) await run('systemctl', ['disable', '-q', ...units], { quiet: true });
}

/** The packages that can be had without another one having to go. */
async function thoseThatReplaceNothing(packages) {
  const kept = [];
  for (const name of packages) {
    const { code, stdout } = await run('apt-get', ['install', '-s', '--no-install-recommends', name], {
      quiet: true,
      timeoutMs: 60_000,
    });
    if (code === 0 && !/^Remv /m.test(stdout)) kept.push(name);
  }
  return kept;
}

async function aptInstall(what, packages) {
  const startMs = performance.now();
  say(`installing ${what} (apt-get install ${packages.join(' ')})…`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  if (packages.includes('postgresql')) await run('sh', ['-c', forbidDebiansCluster()]);
  const allowAgain = forbidStarts();
  const install = () =>
    run('apt-get', ['install', '-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120', ...packages], {
      env,
      quiet: true,
      timeoutMs: 600_000,
    });
  let result = await install();
  if (result.code !== 0) {
    await run('apt-get', ['update', '-q'], { env, quiet: true, timeoutMs: 300_000 });
    result = await install();
  }
  allowAgain();
  await keepOff(packages);
  if (result.code !== 0) {
    const why = result.stdout.split('\n').findLast((line) => /^(E:|dpkg: error)/.test(line)) ?? `code ${result.code}`;
    refuse(`apt-get install ${packages.join(' ')} failed: ${why.trim()}`);
  }
  say(`${what} installed in ${seconds(startMs)}`);
}

/** Jolokia's servlet and what runs it. A Java is brought for the lab only: specs skip without one. */
const JOLOKIA = {
  '/usr/share/java/jolokia-core.jar': 'libjolokia-core-java',
  '/usr/share/java/tomcat9-catalina.jar': 'libtomcat9-java',
};
/** What monitors look at (docs/operations.md). */
const WATCHED = {
  fping: 'fping',
  snmpd: 'snmpd',
  nginx: 'nginx',
  vsftpd: 'vsftpd',
  '/usr/lib/dovecot/imap-login': 'dovecot-imapd',
  '/usr/lib/dovecot/pop3-login': 'dovecot-pop3d',
  dnsmasq: 'dnsmasq-base',
  mariadbd: 'mariadb-server-core',
  ...JOLOKIA,
};

/** program → Debian package, or several. */
const TEST_TOOLS = {
  e2e: { chromium: 'chromium' },
  lab: {
    ip: 'iproute2',
    nft: 'nftables',
    arping: 'iputils-arping',
    snmptrap: 'snmp',
    logger: 'bsdutils',
    fence_ipmilan: 'fence-agents',
    ipmi_sim: 'openipmi',
    // fence_ipmilan's hands; only recommended by its package.
    ipmitool: 'ipmitool',
    haproxy: 'haproxy',
    rsyslogd: ['rsyslog', 'rsyslog-relp', 'rsyslog-gnutls'],
    aiosmtpd: 'python3-aiosmtpd',
    ...WATCHED,
    java: 'default-jre-headless',
  },
  bench: {
    aiosmtpd: 'python3-aiosmtpd',
    fping: 'fping',
    snmpd: 'snmpd',
    nginx: 'nginx',
    perl: 'perl-base',
    snmptrapd: 'snmptrapd',
    [`/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/rsyslog/ompgsql.so`]: ['rsyslog', 'rsyslog-pgsql'],
  },
  specs: {
    // Where people look, and what it believes.
    chromium: 'chromium',
    certutil: 'libnss3-tools',
    // Whom notifications tell.
    aiosmtpd: 'python3-aiosmtpd',
    snmptrapd: 'snmptrapd',
    // Who knows passwords besides us (docs/access.md).
    slapd: 'slapd',
    ...WATCHED,
    ip: 'iproute2',
    nft: 'nftables',
    snmptrap: 'snmp',
    logger: 'bsdutils',
    // Who completes our command lines, and who reads the manual.
    zsh: 'zsh',
    groff: 'groff-base',
    // Agents follow what it rotates, and go through it.
    logrotate: 'logrotate',
    tinyproxy: 'tinyproxy-bin',
    arping: 'iputils-arping',
    fence_ipmilan: 'fence-agents',
    ipmi_sim: 'openipmi',
    // fence_ipmilan's hands; only recommended by its package.
    ipmitool: 'ipmitool',
    haproxy: 'haproxy',
    pgbackrest: 'pgbackrest',
    // A store that speaks S3, and volumes that snapshots are taken of (docs/backup.md).
    '/usr/lib/python3/dist-packages/swift/__init__.py': 'python3-swift',
    'mkfs.btrfs': 'btrfs-progs',
    rsyslogd: ['rsyslog', 'rsyslog-relp', 'rsyslog-gnutls'],
    '/usr/lib/ocf/resource.d/heartbeat/IPaddr2': 'resource-agents',
  },
};

/** A host has one of their kind only: installed where none is there. Their specs skip otherwise. */
const ONE_OF_A_KIND = { chronyd: 'chrony', '/usr/lib/postfix/sbin/master': 'postfix' };
const TEST_TOOLS_IF_NONE = { specs: ONE_OF_A_KIND, lab: ONE_OF_A_KIND };

/** For a suite that needs programs of the system. @returns undefined, or why the suite cannot run here. */
export async function bringTestTools(suite) {
  const tools = TEST_TOOLS[suite] ?? {};
  const isThere = (tool) =>
    /\.(so|jar|py)$/.test(tool) ? existsSync(tool) : findProgram(tool) !== undefined || existsSync(unpackedProgram(tool));
  const missing = Object.keys(tools).filter((tool) => !isThere(tool));
  const one = TEST_TOOLS_IF_NONE[suite] ?? {};
  const more = Object.keys(one).filter((tool) => !isThere(tool));
  if (missing.length + more.length === 0) return undefined;
  if (!canInstall()) return `missing: ${[...missing, ...more].join(', ')}`;
  const harmless = await thoseThatReplaceNothing(more.map((tool) => one[tool]));
  const packages = [...new Set(missing.flatMap((program) => tools[program])), ...harmless];
  if (packages.length > 0) await aptInstall(`what the ${suite} tests need`, packages);
  for (const tool of more) if (tool in BESIDE && !harmless.includes(one[tool])) await bringBeside(BESIDE[tool]);
  return undefined;
}

// ---- beside the system

/** What would take the place of something of the host's is downloaded by name and unpacked, not installed. */
const unpacked = (name) => join(root, '.yosugara', 'tools', name);
const BESIDE = {
  chronyd: { name: 'chrony', packages: ['chrony'], isWhole: (at) => existsSync(join(at, 'usr', 'sbin', 'chronyd')) },
};
const unpackedProgram = (tool) => (tool in BESIDE ? join(unpacked(BESIDE[tool].name), 'usr', 'sbin', tool) : '');

/** @returns undefined, or why it is not there. */
async function bringBeside({ name, packages, isWhole }) {
  const startMs = performance.now();
  const folder = unpacked(name);
  say(`unpacking ${name} beside the system (apt-get download ${packages.join(' ')})…`);
  mkdirSync(dirname(folder), { recursive: true });
  const temporary = mkdtempSync(join(dirname(folder), `${name}-`));
  try {
    // The sandbox's account of apt may not write here.
    const download = () =>
      run('apt-get', ['download', '-q', '-o', 'APT::Sandbox::User=root', ...packages], {
        ...{ cwd: temporary, quiet: true, timeoutMs: 300_000 },
      });
    if ((await download()).code !== 0) {
      await run('apt-get', ['update', '-q'], { quiet: true, timeoutMs: 300_000 });
      const { code } = await download();
      if (code !== 0) return `apt-get download ${packages.join(' ')} failed with code ${code}`;
    }
    for (const deb of readdirSync(temporary).filter((file) => file.endsWith('.deb'))) {
      const { code } = await run('dpkg-deb', ['-x', join(temporary, deb), temporary], { quiet: true, timeoutMs: 60_000 });
      if (code !== 0) return `dpkg-deb -x ${deb} failed with code ${code}`;
      const { stdout } = await run('dpkg-deb', ['-f', join(temporary, deb), 'Version'], { quiet: true, timeoutMs: 60_000 });
      writeFileSync(join(temporary, `${deb.split('_')[0]}.version`), stdout.trim());
      rmSync(join(temporary, deb));
    }
    if (!isWhole(temporary)) return `the packages ${packages.join(' ')} have not what was expected where it was expected`;
    chmodSync(temporary, 0o755);
    rmSync(folder, { recursive: true, force: true });
    renameSync(temporary, folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  say(`${name} unpacked in ${seconds(startMs)}`);
  return undefined;
}

/** Debian's package conflicts with rsyslog's. */
const SYSLOG_NG = {
  name: 'syslog-ng',
  packages: ['syslog-ng-core', 'libivykis0', 'libpcre3', 'libnet1'],
  isWhole: (at) => {
    const modules = join('usr', 'lib', 'syslog-ng');
    const version = readdirSync(join(at, modules)).find((name) => /^\d+\.\d+$/.test(name));
    if (version !== undefined) writeFileSync(join(at, 'modules.json'), JSON.stringify(join(modules, version)));
    return version !== undefined;
  },
};

/** For the lab's senders. @returns undefined, or why there is none. */
export async function bringSyslogNg() {
  if (findProgram('syslog-ng') !== undefined || existsSync(join(unpacked('syslog-ng'), 'modules.json'))) return undefined;
  if (!canInstall()) return `missing: syslog-ng (packages ${SYSLOG_NG.packages.join(', ')})`;
  return await bringBeside(SYSLOG_NG);
}
