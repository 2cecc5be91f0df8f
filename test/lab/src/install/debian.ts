import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
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
    ['-q', '--register=no', '--keep-unit', `--directory=${making}`, '--pipe', 'sh', '-c', POSTGRES],
    MINUTES_20_MS,
  );
  renameSync(making, root);
  return root;
}
const POSTGRES =
  'apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends postgresql-15';

/** What Debian's images for machines have and a minimal one has not: Ansible's hands. @returns layers for an overlay. */
export async function withPython(base: string, keptIn: string): Promise<string> {
  const layer = join(keptIn, 'debian-bookworm-python');
  if (existsSync(layer)) return `${layer}:${base}`;
  const [making, work, root] = ['making', 'work', 'root'].map((part) => join(keptIn, `python-${part}`)) as [
    string,
    string,
    string,
  ];
  for (const folder of [making, work, root]) mkdirSync(folder, { recursive: true });
  await run('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=${base},upperdir=${making},workdir=${work}`, root]);
  try {
    const install =
      'apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends python3 python3-apt';
    const inside = ['-q', '--register=no', '--keep-unit', `--directory=${root}`, '--pipe', 'sh', '-c', install];
    await run('systemd-nspawn', inside, MINUTES_20_MS);
  } finally {
    await tryRun('umount', [root]);
  }
  renameSync(making, layer);
  return `${layer}:${base}`;
}
