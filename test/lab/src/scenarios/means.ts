import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { YosugaraError } from '@yosugara/kernel';
import type { LabCluster } from '../cluster/cluster.js';
import { type DataName, type MemberName, PLACES, PORTS, VIP } from '../cluster/layout.js';
import { asset, NODE } from '../host/assets.js';
import { LabToolError, tryRun, until } from '../host/shell.js';
import type { Stage } from './types.js';

/** With what the lab makes its faults. Each acts on one host, as it would happen to a computer. */

export function required<T>(value: T | undefined, says: string): T {
  if (value === undefined) throw new LabToolError('fault', says);
  return value;
}

// ---- processes

export const controllerOf = (cluster: LabCluster, on: MemberName): number =>
  required(cluster.hosts[on].pidOf('controller'), `the controller of ${on} does not run`);

export const postmasterOf = (cluster: LabCluster, on: DataName): number =>
  required(cluster.postmaster(on), `there is no postmaster on ${on}`);

/** As its controller's status names it. */
export async function processOf(cluster: LabCluster, on: DataName, name: string): Promise<number> {
  const status = await cluster.status(on);
  const found = status.nodes.find((node) => node.name === on)?.processes.find((process) => process.name.startsWith(name));
  return required(found?.pid, `${on} has no process ${name}`);
}

/** Inside the host's PID namespace. */
export async function deadManOf(cluster: LabCluster, on: DataName): Promise<number> {
  const found = (await cluster.hosts[on].exec('pgrep', ['-o', '-f', 'deadman'])).trim();
  return required(found === '' ? undefined : Number(found), `${on} has no dead man`);
}

/** A server process by its `backend_type`, such as `walsender`; `writer`: the one that serves writer W1. */
export async function backendOf(cluster: LabCluster, on: DataName, kind: string): Promise<number> {
  const where = kind === 'writer' ? "application_name = 'lab-writer'" : `backend_type = '${kind}'`;
  const rows = await cluster.sql<{ pid: number }>(on, `SELECT pid FROM pg_stat_activity WHERE ${where}`);
  return required(rows[0]?.pid, `${on} has no ${kind}`);
}

export async function killController({ cluster, target }: Stage): Promise<void> {
  cluster.hosts[target].respawn('controller', null);
  cluster.hosts[target].kill('KILL', controllerOf(cluster, target));
}

export const startAgain = async ({ cluster, target }: Stage): Promise<void> => {
  if (cluster.hosts[target].isOn) cluster.startServices(target);
  else await cluster.powerOn(target);
};

export async function stopFor(cluster: LabCluster, on: MemberName, pid: number, ms: number): Promise<void> {
  cluster.hosts[on].kill('STOP', pid);
  await delay(ms);
  cluster.hosts[on].kill('CONT', pid);
}

/** An endless loop in a Node process, put there through its own inspector. */
export const busyLoop = (cluster: LabCluster, on: DataName, pid: number): Promise<string> =>
  cluster.hosts[on].exec(NODE, [asset('busy-loop.mjs'), String(pid)], 15_000);

// ---- hosts

export const powerOff = ({ cluster, target }: Stage): Promise<void> => cluster.hosts[target].powerOff();
export const powerOn = ({ cluster, target }: Stage): Promise<void> => cluster.powerOn(target);

/** What repairs whatever was done to a host's volumes or processes: it is switched off and on. */
export async function reboot({ cluster, target }: Stage): Promise<void> {
  await cluster.hosts[target].powerOff();
  await cluster.powerOn(target);
}

/** Whatever was switched off is on again, whatever was cut is whole. */
export async function allOn({ cluster, variant }: Stage): Promise<void> {
  await heal({ cluster });
  for (const name of variant === 'b first' ? cluster.members.toReversed() : cluster.members) {
    if (cluster.hosts[name].isOn) cluster.startServices(name);
    else await cluster.powerOn(name);
    if (variant !== '') await delay(2_000);
  }
}

// ---- network

export const cut = (one: string, two: string): readonly string[] => [...oneWay(one, two), ...oneWay(two, one)];
export const oneWay = (from: string, to: string): readonly string[] => [`iifname "${from}" oifname "${to}" drop`];
/** Everything that the host sends, and what is sent to it. */
export const isolated = (name: string): readonly string[] => [`iifname "${name}" drop`, `oifname "${name}" drop`];
export const port = (name: string, number: number): readonly string[] =>
  ['iifname', 'oifname'].flatMap((side) =>
    ['dport', 'sport'].map((end) => `${side} "${name}" ether type ip tcp ${end} ${number} drop`),
  );
/** Messages are spared: what the network loses on the way to both nodes, nobody can store. */
export const lossy = (percent: number): readonly string[] => [
  `ether type ip udp dport { ${PORTS.syslog}, ${PORTS.trap} } accept`,
  `numgen random mod 100 < ${percent} drop`,
];
export const heal = ({ cluster }: Pick<Stage, 'cluster'>): Promise<void> => cluster.network.drop([]);

export async function vipGone(cluster: LabCluster, on: DataName): Promise<void> {
  await cluster.network.exec(on, 'ip', ['address', 'del', `${VIP}/24`, 'dev', 'eth0']);
}

/** Another host has the address, too, and says so to everybody. */
export async function vipStolen(cluster: LabCluster): Promise<void> {
  await cluster.network.attach(PLACES.foreign);
  await cluster.network.exec(PLACES.foreign.name, 'ip', ['address', 'add', `${VIP}/24`, 'dev', 'eth0']);
  await tryRun('ip', [
    'netns',
    'exec',
    cluster.network.namespace(PLACES.foreign.name),
    'arping',
    '-q',
    '-c',
    '2',
    '-U',
    '-I',
    'eth0',
    VIP,
  ]);
}

export const vipGivenBack = (cluster: LabCluster): Promise<void> => cluster.network.detach(PLACES.foreign.name);

// ---- volumes

export type Volume = 'state' | 'data';

/** Writes and fsync of the volume wait, for as long as it stays frozen. */
export const stall = (cluster: LabCluster, on: MemberName, volume: Volume) => fsfreeze(cluster, on, volume, '--freeze');
export const unstall = (cluster: LabCluster, on: MemberName, volume: Volume) => fsfreeze(cluster, on, volume, '--unfreeze');

async function fsfreeze(cluster: LabCluster, on: MemberName, volume: Volume, how: string): Promise<void> {
  if (!cluster.hosts[on].isOn) return;
  if (!(await tryRun('fsfreeze', [how, cluster.hosts[on].volume(volume)], 20_000)) && how === '--freeze')
    throw new LabToolError('fsfreeze', `${on} ${volume} could not be frozen`);
}

/** Every write and fsync answers EIO from now on, as an iSCSI volume whose target has gone. */
export async function eio(cluster: LabCluster, on: MemberName, volume: Volume): Promise<void> {
  if (!(await tryRun('perl', [asset('power-cut.pl'), cluster.hosts[on].volume(volume)])))
    throw new LabToolError('eio', `${volume} of ${on}`);
}

/** What ext4 does at an error that it was told to stop at: everything answers EROFS. */
export async function readOnly(cluster: LabCluster, on: MemberName, volume: Volume): Promise<void> {
  const host = cluster.hosts[on];
  await host.exec('mount', ['-o', 'remount,abort', volume === 'state' ? host.mountpoint : `${host.mountpoint}/data`]);
}

/** The mount is gone; who had files open still has them. */
export async function detach(cluster: LabCluster, on: MemberName): Promise<void> {
  await cluster.hosts[on].exec('umount', ['--lazy', `${cluster.hosts[on].mountpoint}/data`]);
}

/** A network file system whose server does not answer: whoever looks at the path hangs, and not even a signal helps. */
export function hangingMount(cluster: LabCluster, on: MemberName): Promise<void> {
  const host = cluster.hosts[on];
  host.start({ name: 'hung-volume', args: ['perl', asset('hung-volume.pl'), `${host.mountpoint}/data`], respawnMs: null });
  return until('the hanging mount', 5_000, () =>
    host.pidOf('hung-volume') === undefined ? undefined : delay(200).then(() => true as const),
  ).then(() => {});
}

/** Not a byte is left, not even for root. */
export async function fill(cluster: LabCluster, on: MemberName, volume: Volume): Promise<void> {
  const host = cluster.hosts[on];
  const folder = volume === 'state' ? host.mountpoint : `${host.mountpoint}/data`;
  const script =
    'for size in 1073741824 67108864 1048576 4096; do n=0; while fallocate -l $size "$1/lab-fill-$size-$n" 2>/dev/null; do n=$((n+1)); done; done; true';
  await host.exec('sh', ['-c', script, 'sh', folder], 60_000);
}

export async function empty(cluster: LabCluster, on: MemberName, volume: Volume): Promise<void> {
  const host = cluster.hosts[on];
  if (!host.isOn) return;
  const folder = volume === 'state' ? host.mountpoint : `${host.mountpoint}/data`;
  // A power cut may follow: without the sync it brings the files back.
  await host.exec('sh', ['-c', 'rm -f "$1"/lab-fill-*; sync -f "$1"', 'sh', folder]);
}

/** A shell command inside the host, with `$DATA` and `$STATE` as its folders. */
export function shell(cluster: LabCluster, on: MemberName, script: string, deadlineMs = 60_000): Promise<string> {
  const host = cluster.hosts[on];
  const folders = `STATE='${host.mountpoint}/state' DATA='${host.mountpoint}/data'`;
  return host.exec('sh', ['-c', `${folders}; ${script}`], deadlineMs);
}

// ---- looks

/** @throws when the node does not hold the VIP's absence: nobody but the survivor may have it. */
export async function vipIsOff(cluster: LabCluster, on: DataName): Promise<void> {
  if (!existsSync(`/run/netns/${cluster.network.namespace(on)}`)) return;
  await until(`the VIP is off ${on}`, 10_000, async () =>
    (await cluster.network.exec(on, 'ip', ['-o', 'address', 'show', 'dev', 'eth0'])).includes(` ${VIP}/`) ? undefined : true,
  );
}

/** @throws when the node's own status does not say why it does nothing. */
export async function saysWhy(cluster: LabCluster, on: DataName): Promise<void> {
  await until(`${on} says why it does nothing`, 15_000, async () => {
    const own = (await cluster.status(on).catch(() => null))?.nodes.find((node) => node.name === on);
    return own !== undefined && own.why !== '' && !own.role.startsWith('MASTER') ? true : undefined;
  });
}

export function demand(holds: boolean, says: string): void {
  if (!holds) throw new YosugaraError('NOT_AS_EXPECTED', says);
}
