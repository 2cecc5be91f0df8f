import { tryRun } from '../host/shell.js';
import { demand, killController, powerOff, powerOn, shell, startAgain, vipIsOff } from './means.js';
import { type Scenario, type Stage, scenario } from './types.js';

/** Each node's own block devices and mounts: nothing of one is open on the other. */
async function nothingShared({ cluster }: Stage): Promise<void> {
  const disks = new Set<string>();
  for (const name of ['a', 'b'] as const) {
    for (const disk of [cluster.hosts[name].disk, cluster.hosts[name].dataDisk]) disks.add(disk.image);
    const running = await cluster.hosts[name].exec('ps', ['-eo', 'comm', '--no-headers']);
    for (const other of ['corosync', 'pacemakerd', 'drbd', 'keepalived', 'etcd', 'patroni', 'repmgrd'])
      demand(!running.split('\n').includes(other), `${name} runs ${other}`);
  }
  demand(disks.size === 4, 'the nodes share a disk');
}

/** The old Master is stopped by force, all of it, before the new one starts: no server process is left when the other serves. */
async function oldMasterIsStopped({ cluster, target }: Stage): Promise<void> {
  await vipIsOff(cluster, target);
  const found = await tryRun('sh', ['-c', 'exit 0']);
  const left = await cluster.hosts[target].exec('sh', ['-c', 'pgrep -u postgres -x postgres | wc -l']);
  demand(found && Number(left) === 0, `${left.trim()} server processes are left on the old Master`);
}

/** The five features beside the patterns (faults.md). */
export const FEATURES: readonly Scenario[] = [
  scenario({
    name: 'feature-1-no-shared-disk',
    pattern: 'no extra cluster software, no shared disk',
    on: 'master',
    expect: 'other-serves',
    why: 'each node has its own disks, nothing else of a cluster runs, and a take-over works',
    cutsPower: true,
    fault: async (stage) => {
      await nothingShared(stage);
      await powerOff(stage);
    },
    repair: powerOn,
  }),
  scenario({
    name: 'feature-2-no-two-masters',
    pattern: 'automatic take-over, split brain prevented',
    on: 'master',
    expect: 'other-serves',
    why: 'the old Master is stopped by force, to the last process, before the new one serves',
    fault: killController,
    look: oldMasterIsStopped,
    repair: startAgain,
  }),
  scenario({
    name: 'feature-3-no-message-lost',
    pattern: 'no message lost during take-over',
    on: 'master',
    expect: 'other-serves',
    why: 'both nodes receive and synchronise: every numbered message is stored exactly once on both',
    cutsPower: true,
    fault: powerOff,
    repair: powerOn,
  }),
  scenario({
    name: 'feature-4-online-fail-back',
    pattern: 'fail back without stopping',
    on: 'master',
    expect: 'other-serves',
    limits: { recoverMs: 10_000 },
    why: 'the old Master returns while the writers go on; then it becomes Master again by a switchover',
    cutsPower: true,
    fault: powerOff,
    repair: powerOn,
  }),
  scenario({
    name: 'feature-5-one-recover',
    pattern: 'one recover for every cause',
    on: 'standby',
    expect: 'goes-on',
    why: 'PGDATA and consensus log are gone with the power: the same one command brings the node back',
    methods: ['basebackup'],
    fault: powerOff,
    repair: async (stage) => {
      await stage.cluster.hosts[stage.target].boot();
      await shell(stage.cluster, stage.target, 'rm -rf "$DATA"/pgdata "$STATE"/raft');
      stage.cluster.startServices(stage.target);
    },
  }),
];
