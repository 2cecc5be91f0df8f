import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, tryRun } from '../host/shell.js';

/** What Debian's installer and `apt-get install` of the package's dependencies would have put on a host. */
const BASE = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'iproute2',
  'iputils-arping',
  'fping',
  'procps',
  'adduser',
  'bsdutils',
  'logrotate',
];
const MINUTES_20_MS = 1_200_000;

/**
 * A Debian 12 of minimal size with PostgreSQL's programs, made once by debootstrap and kept beside the clone.
 * @returns its folder; hosts see it under an overlay of their own.
 */
export async function freshDebian(keptIn: string): Promise<string> {
  const root = join(keptIn, 'debian-bookworm');
  if (existsSync(root)) return root;
  mkdirSync(keptIn, { recursive: true });
  const making = mkdtempSync(join(keptIn, 'making-'));
  await run('debootstrap', ['--variant=minbase', `--include=${BASE.join(',')}`, 'bookworm', making], MINUTES_20_MS);
  const noCluster = join(making, 'etc/postgresql-common/createcluster.d');
  mkdirSync(noCluster, { recursive: true });
  writeFileSync(join(noCluster, 'yosugara.conf'), 'create_main_cluster = false\n');
  writeFileSync(join(making, 'etc/resolv.conf'), readFileSync('/etc/resolv.conf'));
  await run(
    'systemd-nspawn',
    [
      '-q',
      '--register=no',
      '--keep-unit',
      `--directory=${making}`,
      '--pipe',
      'sh',
      '-c',
      `${UPDATE} && ${INSTALL} postgresql-15`,
    ],
    MINUTES_20_MS,
  );
  renameSync(making, root);
  return root;
}

/** What Debian's images for machines have and a minimal one has not: Ansible's hands. @returns layers for an overlay. */
export const withPython = (base: string, keptIn: string): Promise<string> =>
  withMore(base, keptIn, 'python', `${UPDATE} && ${INSTALL} python3 python3-apt`);

const UPDATE = 'apt-get update -q';
const INSTALL = 'DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends';

/** The next Debian's PostgreSQL, whose C library comes with it. */
export const NEWER_MAJOR = 17;
/** As apt says it on a host that reaches nobody: what it needs lies there already. */
export const MINOR_UPGRADE = `${INSTALL} --no-download --only-upgrade postgresql-15 postgresql-client-15 libpq5`;
export const MAJOR_INSTALL = `${INSTALL} --no-download -t trixie postgresql-${NEWER_MAJOR}`;

const SOURCES = `set -e
echo 'deb http://deb.debian.org/debian-security bookworm-security main' > /etc/apt/sources.list.d/security.list
echo 'deb http://deb.debian.org/debian trixie main' > /etc/apt/sources.list.d/trixie.list
printf 'Package: *\\nPin: release n=trixie\\nPin-Priority: 100\\n' > /etc/apt/preferences.d/trixie
${UPDATE}
${MINOR_UPGRADE} -d
${MAJOR_INSTALL} -d`.replaceAll('--no-download ', '');

/** Newer versions of PostgreSQL lie in apt's cache, a minor one of the same major and one of the next Debian's: not installed yet. */
export const withNewerPostgres = (base: string, keptIn: string): Promise<string> => withMore(base, keptIn, 'postgres', SOURCES);

/** pgBackRest as it comes with the old Debian; that of the next lies in apt's cache: it reads newer majors of PostgreSQL. */
export const withBackups = (base: string, keptIn: string): Promise<string> =>
  withMore(base, keptIn, 'postgres-backups', `${UPDATE} && ${INSTALL} pgbackrest && ${INSTALL} -d -t trixie pgbackrest`);
export const NEWER_BACKUPS = `${INSTALL} --no-download -t trixie pgbackrest`;

async function withMore(base: string, keptIn: string, what: string, script: string): Promise<string> {
  const layer = join(keptIn, `debian-bookworm-${what}`);
  if (existsSync(layer)) return `${layer}:${base}`;
  const [making, work, root] = ['making', 'work', 'root'].map((part) => join(keptIn, `${what}-${part}`)) as [
    string,
    string,
    string,
  ];
  for (const folder of [making, work, root]) rmSync(folder, { recursive: true, force: true });
  for (const folder of [making, work, root]) mkdirSync(folder, { recursive: true });
  await run('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=${base},upperdir=${making},workdir=${work}`, root]);
  try {
    const inside = ['-q', '--register=no', '--keep-unit', `--directory=${root}`, '--pipe', 'sh', '-c', script];
    await run('systemd-nspawn', inside, MINUTES_20_MS);
  } finally {
    await tryRun('umount', [root]);
  }
  for (const folder of [work, root]) rmSync(folder, { recursive: true, force: true });
  renameSync(making, layer);
  return `${layer}:${base}`;
}
