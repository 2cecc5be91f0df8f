import { monotonicMs, until } from '../host/shell.js';
import { freshDebian, MAJOR_INSTALL, MINOR_UPGRADE, NEWER_MAJOR, withNewerPostgres } from './debian.js';
import type { Timed } from './faults.js';
import { forms, HOSTS, installPackages } from './forms.js';
import { DATA, type DataHost, type Installed, isWhole, otherHost, serves } from './installed.js';
import type { Gap } from './load.js';
import { type Found, type FreshRun, type FreshStage, NOTHING_YET, onFreshHosts } from './on-fresh-hosts.js';

export const POSTGRES = 'D3-postgres';

const WITHIN_MS = 180_000;
const CONTROLLER = 'yosugara-controller.service';
const RECEIVER = 'yosugara-receiver.service';

export interface PostgresRun extends FreshRun {
  /** What each data node said of its server: before, after the minor upgrade, after the major one. */
  readonly versions: Readonly<Record<string, string>>[];
  /** Rows of the writers' table and messages, on both nodes, before and after the major upgrade. */
  readonly rows: string[];
}

/** A cluster that serves goes to a newer minor version of PostgreSQL node by node, then to the next major version; keys come from a credential. */
export async function postgresOnce(say: (line: string) => void, packages: string | null): Promise<PostgresRun> {
  const found: Found<PostgresRun> = { ...NOTHING_YET, ms: {}, versions: [], rows: [] };
  const base = async (tools: string) => await withNewerPostgres(await freshDebian(tools), tools);
  return await onFreshHosts({ scenario: POSTGRES, say, packages, base }, found, async (stage) => {
    const { installed, timed } = stage;
    await Promise.all(HOSTS.map(({ name }) => installPackages(installed.hosts, name, stage.packages)));
    await forms(installed, timed);
    await through(stage, found);
  });
}

async function through(stage: FreshStage, found: Found<PostgresRun>): Promise<void> {
  const { installed, timed } = stage;
  const first = (await installed.statusWhere('a', 'a Master', WITHIN_MS, (status) => status.master !== null)).master as DataHost;
  const load = await stage.load(first);
  const other = otherHost(first);
  const gaps: Gap[] = [];
  const step = async (what: string, task: () => Promise<unknown>) => {
    const fromMs = monotonicMs();
    await timed(what, task);
    gaps.push({ what, fromMs, toMs: monotonicMs() });
  };
  found.versions.push(await versionsOf(installed));
  await step('credentialOnStandby', () => keysFromCredential(installed, other));
  await step('minorOnStandby', () => minor(installed, other));
  await step('switchover', () => switchTo(installed, other));
  await step('credentialOnOldMaster', () => keysFromCredential(installed, first));
  await step('minorOnOldMaster', () => minor(installed, first));
  // Beside the old ones: a controller that starts again must go on with those that its data are of.
  await step('newMajorIsInstalled', async () => {
    for (const name of DATA) await installed.hosts.in(name, ['sh', '-c', MAJOR_INSTALL], WITHIN_MS * 3);
    await restarted(installed, first);
  });
  found.versions.push(await versionsOf(installed));
  await stage.judge(load, gaps);
  await major(installed, other, found, timed);
  found.versions.push(await versionsOf(installed));
  for (const name of DATA)
    if (!found.versions[2]![name]!.startsWith(`${NEWER_MAJOR}.`)) throw new Error(`${name} has ${found.versions[2]![name]}`);
  if (found.versions[0]![first] === found.versions[1]![first]) throw new Error('the minor version is the one from before');
}

async function versionsOf(installed: Installed): Promise<Readonly<Record<string, string>>> {
  const asked = DATA.map(async (name) => {
    const [row] = await installed.sql<{ version: string }>(name, "select current_setting('server_version') as version");
    return [name, row!.version] as const;
  });
  return Object.fromEntries(await Promise.all(asked));
}

/** By systemd, as docs/secrets.md says it; the file of keys is gone afterwards. */
async function keysFromCredential(installed: Installed, name: string): Promise<void> {
  const { hosts } = installed;
  const units = [CONTROLLER, RECEIVER];
  const dropIns = units.map((unit) => `mkdir -p /etc/systemd/system/${unit}.d && cp "$example" /etc/systemd/system/${unit}.d/`);
  const script = `set -e
example=/usr/share/doc/yosugara/examples/keys-credential.conf
mkdir -p -m 0700 /etc/credstore.encrypted
systemd-creds encrypt --name=yosugara-keys /var/lib/yosugara/state/secrets/keys /etc/credstore.encrypted/yosugara-keys
${dropIns.join('\n')}
systemctl daemon-reload
shred -u /var/lib/yosugara/state/secrets/keys
systemctl restart ${RECEIVER}`;
  await hosts.in(name, ['sh', '-c', script]);
  await restarted(installed, name);
  await until(`${name} has its keys again`, WITHIN_MS, async () => {
    const said = await hosts.in(name, ['yosugara', 'secrets', 'status', '--json']).catch(() => '{}');
    const { nodes = [] } = JSON.parse(said) as { nodes?: readonly { node: string; keys: { ids: readonly string[] } | null }[] };
    return nodes.some(({ node, keys }) => node === name && (keys?.ids.length ?? 0) > 0) ? true : undefined;
  });
}

/** The programs are replaced while the server runs on; it begins with the new ones when its controller is started again. */
async function minor(installed: Installed, name: string): Promise<void> {
  await installed.hosts.in(name, ['sh', '-c', MINOR_UPGRADE], WITHIN_MS);
  await restarted(installed, name);
}

export async function restarted(installed: Installed, name: string): Promise<void> {
  await installed.hosts.in(name, ['systemctl', 'restart', CONTROLLER]);
  await installed.statusWhere(name, `${name} is synchronous again`, WITHIN_MS, isWhole);
}

export async function switchTo(installed: Installed, name: string): Promise<void> {
  await installed.hosts.in(name, ['yosugara', 'switchover', '--to', name]);
  await installed.statusWhere(name, `${name} serves`, WITHIN_MS, (status) => serves(status, name) && isWhole(status));
}

const COUNT = `select (select count(*) || ' ' || coalesce(sum(key), 0) from lab_write) || ' rows, ' ||
  (select count(*) from message) || ' messages' as rows`;

async function rowsOn(installed: Installed, name: string): Promise<string> {
  return (await installed.sql<{ rows: string }>(name, COUNT, WITHIN_MS))[0]!.rows;
}

/** The page about upgrading, step by step; receivers run all the time. */
async function major(installed: Installed, master: DataHost, found: Found<PostgresRun>, timed: Timed): Promise<void> {
  const { hosts } = installed;
  const standby = otherHost(master);
  const stop = (name: string) => hosts.in(name, ['systemctl', 'stop', CONTROLLER]);
  const start = (name: string) => hosts.in(name, ['systemctl', 'start', CONTROLLER]);
  await stop(standby);
  await installed.statusWhere(master, `${master} alone`, WITHIN_MS, ({ nodes }) =>
    nodes.every(({ name, syncSet }) => syncSet === (name === master)),
  );
  const before = await rowsOn(installed, master);
  await timed('nobodyServes', async () => {
    await timed('stopped', async () => {
      await stop(master);
      await stop('w');
    });
    for (const name of DATA)
      await hosts.in(name, [
        'logger',
        '--server',
        hosts.addressOf(name),
        '--port',
        '514',
        '--tcp',
        `while nobody served ${name}`,
      ]);
    await timed('upgraded', () =>
      hosts.in(
        master,
        ['yosugara', 'upgrade', 'postgres', '--replace', master, '--to', String(NEWER_MAJOR), '--json'],
        WITHIN_MS,
      ),
    );
    await Promise.all([start(master), start('w')]);
    await installed.statusWhere(master, `${master} serves`, WITHIN_MS, (status) => serves(status, master));
  });
  found.rows.push(before, await rowsOn(installed, master));
  if (rowsOf(before) !== rowsOf(found.rows[1]!)) throw new Error(`${found.rows[1]} after the upgrade, ${before} before`);
  await hosts.in(standby, ['mv', '/var/lib/yosugara/data/pgdata', '/var/lib/yosugara/data/pgdata.before']);
  await start(standby);
  await timed('recover', async () => {
    await heard(installed, master, standby);
    await hosts.in(master, ['yosugara', 'recover', standby], WITHIN_MS);
    await installed.statusWhere(master, `${standby} is synchronous`, WITHIN_MS, isWhole);
  });
  const search = `yosugara messages --since 1h --text 'while nobody served' --json | grep -o '"id"' | wc -l`;
  await until('what came while nobody served is two rows', WITHIN_MS, async () =>
    (await hosts.in(master, ['sh', '-c', search])).trim() === '2' ? true : undefined,
  );
  await timed('switchoverAfter', () => switchTo(installed, standby));
  found.rows.push(await rowsOn(installed, standby));
  if (rowsOf(found.rows[2]!) !== rowsOf(before)) throw new Error(`${standby} has ${found.rows[2]}`);
}

const rowsOf = (said: string): string => said.split(',')[0]!;

export async function heard(installed: Installed, master: string, name: string): Promise<void> {
  const reachable = ({ nodes }: Awaited<ReturnType<Installed['status']>> & object) =>
    nodes.some((node) => node.name === name && node.reachable);
  await installed.statusWhere(master, `${name} is heard again`, WITHIN_MS, reachable);
}
