import { setTimeout as delay } from 'node:timers/promises';
import {
  backendOf,
  busyLoop,
  deadManOf,
  detach,
  eio,
  empty,
  fill,
  hangingMount,
  heal,
  isolated,
  killController,
  postmasterOf,
  powerOff,
  powerOn,
  processOf,
  reboot,
  saysWhy,
  startAgain,
  vipGivenBack,
  vipGone,
  vipIsOff,
  vipStolen,
} from './means.js';
import { type Scenario, type Stage, scenario } from './types.js';

const HOST_LOST = { failoverMs: 6_000, twoNodesMs: 20_000, recoverMs: 10_000 };
const HUNG = { failoverMs: 10_000, recoverMs: 10_000 };
const STANDBY_LOST = { failoverMs: 5_000 };
const PLANNED_STOP = { failoverMs: 200 };

const POSTMASTER_STOPPED = 'postmaster stopped';
const POSTMASTER_KILLED = 'postmaster killed';
const BACKEND_STOPPED = 'a backend stopped';
const FOREIGN = 'moved to a foreign host';
const BOTH_WAYS = 'both ways';
const OUTGOING = 'what it sends';
const INCOMING = 'what is sent to it';
const BROKEN = [BOTH_WAYS, OUTGOING, INCOMING];

const breakInterface = ({ cluster, target, variant }: Stage) =>
  cluster.network.drop(isolated(target).filter((_, at) => variant === BOTH_WAYS || at === (variant === OUTGOING ? 0 : 1)));
const shutdown = ({ cluster, target }: Stage) => cluster.hosts[target].shutdown();
/** The host boots again by itself, as after `reboot`. */
const restart = async (stage: Stage) => {
  await shutdown(stage);
  await stage.cluster.powerOn(stage.target);
};
export const freeze = ({ cluster, target }: Stage) => cluster.hosts[target].freeze();
export const thaw = ({ cluster, target }: Stage) => cluster.hosts[target].thaw();
/** Thawed, the old Master must do nothing and say so, before anybody repairs anything. */
export const thawAndLook = async (stage: Stage) => {
  await thaw(stage);
  await vipIsOff(stage.cluster, stage.target);
  await saysWhy(stage.cluster, stage.target);
};
const rebootForVolume = { repair: reboot, methods: ['follow', 'rewind', 'basebackup'] } as const;

/** The 22 patterns of the requirement (faults.md), with its ids. */
export const PATTERNS: readonly Scenario[] = [
  scenario({
    name: '1-power-off-master',
    pattern: 'Master power off',
    on: 'master',
    expect: 'other-serves',
    limits: HOST_LOST,
    why: 'everything of the host ends at once and what was not fsynced is gone: the Standby serves',
    cutsPower: true,
    fault: powerOff,
    repair: powerOn,
  }),
  scenario({
    name: '2-shutdown-master',
    pattern: 'Master OS shutdown',
    on: 'master',
    expect: 'other-serves',
    limits: { failoverMs: 3_000 },
    why: 'a planned hand-over, faster than a power off',
    fault: shutdown,
    repair: powerOn,
  }),
  scenario({
    name: '3-restart-master',
    pattern: 'Master OS restart',
    on: 'master',
    expect: 'settles',
    limits: { failoverMs: 3_000 },
    why: 'the other node serves; the old Master comes back by the autoRejoin policy',
    comeback: 'by-itself',
    needs: { autoRejoin: 'clean' },
    fault: restart,
  }),
  scenario({
    name: '4-frozen-master',
    pattern: 'Master OS malfunction',
    on: 'master',
    expect: 'other-serves',
    limits: HOST_LOST,
    why: 'it answers nothing while its connections stay up: the Standby serves; thawed, it does nothing and says so',
    fault: freeze,
    look: thawAndLook,
    repair: thaw,
  }),
  scenario({
    name: '5-network-cut-master',
    pattern: 'Master network cut',
    on: 'master',
    expect: 'other-serves',
    limits: HOST_LOST,
    why: 'the Master cannot know what the others do: it stops inside its lease, the Standby serves',
    fault: ({ cluster, target }) => cluster.network.cable(target, 'out'),
    repair: ({ cluster, target }) => cluster.network.cable(target, 'in'),
  }),
  scenario({
    name: '6-interface-down-master',
    pattern: 'Master network interface stopped',
    on: 'master',
    expect: 'other-serves',
    limits: HOST_LOST,
    why: 'ip link set down: as a cut cable, and its addresses are unusable',
    fault: async ({ cluster, target }) => void (await cluster.network.exec(target, 'ip', ['link', 'set', 'eth0', 'down'])),
    repair: async ({ cluster, target }) => void (await cluster.network.exec(target, 'ip', ['link', 'set', 'eth0', 'up'])),
  }),
  scenario({
    name: '7-interface-broken-master',
    pattern: 'Master network interface broken',
    on: 'master',
    expect: 'other-serves',
    limits: HOST_LOST,
    why: 'frames are lost while the link stays up, both ways or one way: nobody is told, the Standby serves',
    variants: BROKEN,
    fault: breakInterface,
    repair: heal,
  }),
  scenario({
    name: '8-vip-lost',
    pattern: 'Master lost its VIP',
    on: 'master',
    limits: { failoverMs: 5_000 },
    expect: (variant) => (variant === FOREIGN ? 'settles' : 'untouched'),
    why: 'put back within seconds; or a hand-over, when another host keeps it',
    variants: ['deleted', FOREIGN],
    fault: async ({ cluster, target, variant }) => {
      if (variant !== FOREIGN) return vipGone(cluster, target);
      await vipStolen(cluster);
      await delay(3_000);
      await vipGivenBack(cluster);
    },
  }),
  scenario({
    name: '9-manager-hung',
    pattern: 'manager process not answering',
    on: 'master',
    expect: 'settles',
    limits: HUNG,
    why: 'restarted in place once, else handed over',
    variants: ['stopped', 'endless loop'],
    fault: async ({ cluster, target, variant }) => {
      const manager = await processOf(cluster, target, 'manager');
      if (variant === 'stopped') cluster.hosts[target].kill('STOP', manager);
      else await busyLoop(cluster, target, manager);
    },
  }),
  scenario({
    name: '10-controller-died-master',
    pattern: 'Cluster Controller died',
    on: 'master',
    expect: 'other-serves',
    limits: { failoverMs: 4_000, recoverMs: 10_000 },
    why: 'kill -9: the dead man stops PostgreSQL and the manager inside the lease, the Standby serves',
    fault: killController,
    repair: startAgain,
  }),
  scenario({
    name: '11-controller-died-ipmi',
    pattern: 'Cluster Controller died, then IPMI power reset',
    on: 'master',
    expect: 'other-serves',
    limits: { failoverMs: 20_000 },
    why: 'the power controller reads off, then on again once the other node serves; its log shows both',
    needs: { fencing: true, autoRejoin: 'always' },
    comeback: 'by-itself',
    methods: ['follow', 'rewind'],
    variants: ['its dead man hangs, too'],
    // A dead man that works proves the stop by itself (10), and nothing has to be shot: here only the power controller can.
    fault: async (stage) => {
      const { cluster, target } = stage;
      cluster.hosts[target].kill('STOP', await deadManOf(cluster, target));
      await killController(stage);
    },
    look: async ({ cluster, target }) => cluster.power.sawReset(target),
  }),
  scenario({
    name: '12-power-off-standby',
    pattern: 'Standby power off',
    on: 'standby',
    expect: 'goes-on',
    limits: STANDBY_LOST,
    why: 'the Master goes solo without stopping; writes are blocked no longer than the stall limit',
    methods: ['follow', 'rewind'],
    cutsPower: true,
    fault: powerOff,
    repair: powerOn,
  }),
  scenario({
    name: '13-shutdown-standby',
    pattern: 'Standby OS shutdown',
    on: 'standby',
    expect: 'goes-on',
    limits: PLANNED_STOP,
    why: 'it leaves the sync set before it ends: no write gap',
    methods: ['follow'],
    fault: shutdown,
    repair: powerOn,
  }),
  scenario({
    name: '14-restart-standby',
    pattern: 'Standby OS restart',
    on: 'standby',
    expect: 'settles',
    limits: PLANNED_STOP,
    why: 'back in the sync set by itself',
    comeback: 'by-itself',
    needs: { autoRejoin: 'clean' },
    methods: ['follow'],
    fault: restart,
  }),
  scenario({
    name: '15-frozen-standby',
    pattern: 'Standby OS malfunction',
    on: 'standby',
    expect: 'goes-on',
    limits: STANDBY_LOST,
    why: 'as a power off, with connections that stay up',
    methods: ['follow'],
    fault: freeze,
    repair: thaw,
  }),
  scenario({
    name: '16-network-cut-standby',
    pattern: 'Standby network cut',
    on: 'standby',
    expect: 'goes-on',
    limits: STANDBY_LOST,
    why: 'as a power off; the Standby does not promote itself',
    methods: ['follow'],
    fault: ({ cluster, target }) => cluster.network.cable(target, 'out'),
    look: ({ cluster, target }) => saysWhy(cluster, target),
    repair: ({ cluster, target }) => cluster.network.cable(target, 'in'),
  }),
  scenario({
    name: '17-interface-broken-standby',
    pattern: 'Standby network interface broken',
    on: 'standby',
    expect: 'goes-on',
    limits: STANDBY_LOST,
    why: 'frames are lost while the link stays up, both ways or one way',
    methods: ['follow'],
    variants: BROKEN,
    fault: breakInterface,
    repair: heal,
  }),
  scenario({
    name: '18-controller-died-standby',
    pattern: 'Standby Cluster Controller died',
    on: 'standby',
    expect: 'goes-on',
    limits: STANDBY_LOST,
    why: 'the Master keeps serving with a redundancy alarm; restarted in place',
    methods: ['follow'],
    fault: killController,
    repair: startAgain,
  }),
  scenario({
    name: '19-postgres-hung',
    pattern: 'PostgreSQL not answering',
    on: 'master',
    limits: (variant) => (variant === POSTMASTER_KILLED ? { failoverMs: 2_000, recoverMs: 10_000 } : HUNG),
    why: 'a stopped postmaster keeps its old sessions alive: only new connections find the hang',
    // One backend that stops harms who waits for its locks, and is continued: nobody is to take over for that.
    expect: (variant) => (variant === BACKEND_STOPPED ? 'untouched' : 'other-serves'),
    variants: [POSTMASTER_STOPPED, POSTMASTER_KILLED, BACKEND_STOPPED],
    fault: async ({ cluster, target, variant, notes }) => {
      const pid = variant === BACKEND_STOPPED ? await backendOf(cluster, target, 'writer') : postmasterOf(cluster, target);
      notes.set('pid', pid);
      cluster.hosts[target].kill(variant === POSTMASTER_KILLED ? 'KILL' : 'STOP', pid);
    },
    // The cluster may have killed it already; then the signal finds nobody.
    repair: async ({ cluster, target, variant, notes }) => {
      if (variant !== POSTMASTER_KILLED) cluster.hosts[target].kill('CONT', notes.get('pid') ?? 0);
    },
  }),
  scenario({
    name: '20-volume-gone',
    pattern: 'database storage detached, network file system',
    on: 'master',
    expect: 'other-serves',
    limits: HUNG,
    why: 'the mount is gone, or looking at it hangs: a child process finds it, the controller never blocks, hand-over',
    variants: ['mount gone', 'stat hangs'],
    fault: ({ cluster, target, variant }) => (variant === 'mount gone' ? detach(cluster, target) : hangingMount(cluster, target)),
    ...rebootForVolume,
  }),
  scenario({
    name: '21-volume-eio',
    pattern: 'database storage detached, iSCSI',
    on: 'master',
    expect: 'other-serves',
    limits: HUNG,
    why: 'EIO on write and fsync: PostgreSQL’s PANIC is taken as the loss of the host, hand-over',
    fault: ({ cluster, target }) => eio(cluster, target, 'data'),
    ...rebootForVolume,
  }),
  scenario({
    name: '22-storage-replication',
    pattern: 'storage replication failed',
    on: 'standby',
    expect: 'goes-on',
    limits: STANDBY_LOST,
    why: 'the Master goes solo by the rules, record first, setting second; recover brings the Standby back',
    variants: ['the volume fails', 'the volume fills'],
    fault: ({ cluster, target, variant }) =>
      variant === 'the volume fails' ? eio(cluster, target, 'data') : fill(cluster, target, 'data'),
    methods: ['follow', 'rewind', 'basebackup'],
    repair: async (stage) => {
      await empty(stage.cluster, stage.target, 'data').catch(() => {});
      await reboot(stage);
    },
  }),
];
