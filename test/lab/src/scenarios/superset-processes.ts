import { setTimeout as delay } from 'node:timers/promises';
import {
  allOn,
  backendOf,
  controllerOf,
  demand,
  postmasterOf,
  powerOff,
  processOf,
  reboot,
  shell,
  startAgain,
  stopFor,
} from './means.js';
import { type Expectation, type Scenario, type Stage, scenario } from './types.js';

type Row = readonly [
  id: string,
  on: 'master' | 'standby',
  expect: Expectation,
  pattern: string,
  why: string,
  fault: Scenario['fault'],
  more?: Partial<Scenario>,
];
export const rows = (table: readonly Row[]): readonly Scenario[] =>
  table.map(([name, on, expect, pattern, why, fault, more]) => scenario({ name, on, expect, pattern, why, fault, ...more }));

const signal =
  (kind: string, how: 'STOP' | 'KILL' | 'TERM') =>
  async ({ cluster, target, notes }: Stage) => {
    const pid = kind === 'postmaster' ? postmasterOf(cluster, target) : await backendOf(cluster, target, kind);
    notes.set('pid', pid);
    cluster.hosts[target].kill(how, pid);
  };
const wake = async ({ cluster, target, notes }: Stage) => cluster.hosts[target].kill('CONT', notes.get('pid') ?? 0);
const controller =
  (how: 'KILL' | 'TERM') =>
  async ({ cluster, target }: Stage) =>
    cluster.hosts[target].kill(how, controllerOf(cluster, target));
const stopController =
  (ms: number) =>
  ({ cluster, target }: Stage) =>
    stopFor(cluster, target, controllerOf(cluster, target), ms);
const frozenFor =
  (ms: number) =>
  async ({ cluster, target }: Stage) => {
    await cluster.hosts[target].freeze();
    await delay(ms);
    await cluster.hosts[target].thaw();
  };
const anyWay = { methods: ['follow', 'rewind', 'basebackup'] } as const;

export const PROCESSES: readonly Scenario[] = rows([
  [
    'P1-kill-controller-restarted',
    'master',
    'settles',
    'kill -9 of the controller, restarted after 1 s',
    'the new life finds out whether it still owns',
    controller('KILL'),
  ],
  [
    'P2-term-controller',
    'master',
    'settles',
    'SIGTERM to the controller, restarted after 1 s',
    'a planned stop hands over first',
    controller('TERM'),
  ],
  [
    'P3-stop-controller-1s',
    'master',
    'settles',
    'SIGSTOP of the controller for 1 s',
    'shorter than the lease',
    stopController(1_000),
  ],
  [
    'P3-stop-controller-5s',
    'master',
    'settles',
    'SIGSTOP of the controller for 5 s',
    'longer than the lease: the dead man stops everything',
    stopController(5_000),
  ],
  [
    'P3-stop-controller-15s',
    'master',
    'settles',
    'SIGSTOP of the controller for 15 s',
    'stale messages in one burst renew nothing',
    stopController(15_000),
  ],
  [
    'P3-stop-controller-standby-5s',
    'standby',
    'settles',
    'SIGSTOP of the Standby’s controller for 5 s',
    'the Master goes on',
    stopController(5_000),
  ],
  [
    'P4-kill-postmaster-standby',
    'standby',
    'settles',
    'kill -9 of the Standby’s postmaster',
    'restarted in place or left out; the Master goes on',
    signal('postmaster', 'KILL'),
  ],
  [
    'P5-stop-postmaster-standby',
    'standby',
    'settles',
    'SIGSTOP of the Standby’s postmaster',
    'its receiver goes on, new connections hang',
    signal('postmaster', 'STOP'),
    { repair: wake },
  ],
  [
    'P6-stop-backend-with-locks',
    'master',
    'untouched',
    'SIGSTOP of a backend that holds locks',
    'harms who waits for its locks; the node continues it after three seconds',
    async (stage) => {
      stage.cluster
        .sql(stage.target, 'BEGIN; CREATE TABLE IF NOT EXISTS lab_lock (x int); LOCK lab_lock; SELECT pg_sleep(20)')
        .catch(() => {});
      await delay(500);
      const found = await stage.cluster.sql<{ pid: number }>(
        stage.target,
        "SELECT pid FROM pg_stat_activity WHERE query LIKE '%LOCK lab_lock%' AND pid <> pg_backend_pid()",
      );
      stage.notes.set('pid', found[0]?.pid ?? 0);
      stage.cluster.hosts[stage.target].kill('STOP', found[0]?.pid ?? 0);
    },
    { repair: wake },
  ],
  [
    'P7-kill-backend',
    'master',
    'settles',
    'kill -9 of a backend',
    'the server ends and the cluster decides who goes on',
    signal('writer', 'KILL'),
  ],
  [
    'P8-stop-walsender',
    'master',
    'settles',
    'SIGSTOP of the walsender',
    'it is continued after 3 s; commits wait until then, or until the Standby has left the sync set',
    signal('walsender', 'STOP'),
    { repair: wake },
  ],
  ['P8-kill-walsender', 'master', 'settles', 'SIGKILL of the walsender', 'as any crashed backend', signal('walsender', 'KILL')],
  [
    'P8-stop-walreceiver',
    'standby',
    'settles',
    'SIGSTOP of the walreceiver',
    'no flush is confirmed: the Master goes solo, and takes the Standby in again when it is continued after 3 s',
    signal('walreceiver', 'STOP'),
    { repair: wake },
  ],
  [
    'P8-term-walreceiver',
    'standby',
    'settles',
    'SIGTERM to the walreceiver',
    'it is started again',
    signal('walreceiver', 'TERM'),
  ],
  [
    'P8-stop-startup',
    'standby',
    'untouched',
    'SIGSTOP of the startup process',
    'flushed is acknowledged; replay waits for 3 s, then it is continued',
    signal('startup', 'STOP'),
    { repair: wake },
  ],
  [
    'P8-stop-checkpointer',
    'master',
    'untouched',
    'SIGSTOP of the checkpointer',
    'nobody waits for it; it is continued after 3 s',
    signal('checkpointer', 'STOP'),
    { repair: wake },
  ],
  [
    'P9-kill-checkpointer',
    'master',
    'settles',
    'kill -9 of the checkpointer, as the OOM killer does',
    'the server ends and the cluster decides who goes on',
    signal('checkpointer', 'KILL'),
  ],
  ['P9-kill-walwriter', 'master', 'settles', 'kill -9 of the walwriter', 'as above', signal('walwriter', 'KILL')],
  [
    'P9-kill-receiver-master',
    'master',
    'settles',
    'kill -9 of the Master’s receiver, restarted after 1 s',
    'the other node’s receiver has what it missed',
    async ({ cluster, target }) => {
      cluster.hosts[target].kill('KILL', cluster.hosts[target].pidOf('receiver') ?? 0);
    },
  ],
  [
    'P9-kill-receiver-standby',
    'standby',
    'settles',
    'kill -9 of the Standby’s receiver, restarted after 1 s',
    'the other node’s receiver has what it missed',
    async ({ cluster, target }) => {
      cluster.hosts[target].kill('KILL', cluster.hosts[target].pidOf('receiver') ?? 0);
    },
  ],
  [
    'P10-manager-crash',
    'master',
    'settles',
    'kill -9 of the manager',
    'restarted in place',
    async ({ cluster, target }) => {
      cluster.hosts[target].kill('KILL', await processOf(cluster, target, 'manager'));
    },
  ],
  [
    'P11-stale-pid-file',
    'standby',
    'goes-on',
    'a stale postmaster.pid that names a living process',
    'decided by evidence, not by the number',
    powerOff,
    {
      repair: async ({ cluster, target }) => {
        await cluster.hosts[target].boot();
        await shell(cluster, target, 'printf "1\\n$DATA/pgdata\\n1\\n5442\\n$DATA/run\\n*\\n" > "$DATA"/pgdata/postmaster.pid');
        cluster.startServices(target);
      },
    },
  ],
  [
    'P12-two-controllers',
    'master',
    'untouched',
    'a second controller with the same identity',
    'it is refused, the first goes on',
    async ({ cluster, target }) => {
      const [first] = cluster.services(target);
      if (first !== undefined) cluster.hosts[target].start({ ...first, name: 'second', respawnMs: null });
      await delay(3_000);
    },
    {
      look: async ({ cluster, target }) =>
        demand(cluster.hosts[target].pidOf('second') === undefined, 'the second controller runs'),
    },
  ],
  ['H2-reset-master', 'master', 'settles', 'reset: off and on at once', 'a very fast reboot must not find its old right', reboot],
  ['H4-pause-1s', 'master', 'settles', 'the whole host is paused for 1 s', 'shorter than the lease', frozenFor(1_000)],
  [
    'H4-pause-10s',
    'master',
    'settles',
    'the whole host is paused for 10 s',
    'thawed, it believes that it owns; nobody accepts it',
    frozenFor(10_000),
  ],
  [
    'H4-pause-standby-2s',
    'standby',
    'settles',
    'the Standby’s host is paused for 2 s',
    'shorter than the stall limit',
    frozenFor(2_000),
  ],
  [
    'H9-both-power-loss',
    'master',
    'nobody-serves',
    'both nodes lose power together',
    'whoever returns first waits for proof',
    async ({ cluster }) => {
      await Promise.all([cluster.hosts.a.powerOff(), cluster.hosts.b.powerOff()]);
    },
    { deaf: true, repair: allOn, variants: ['a first', 'b first'] },
  ],
  [
    'H10-all-power-loss',
    'master',
    'nobody-serves',
    'all three lose power together',
    'a cold start from what was fsynced',
    async ({ cluster }) => {
      await Promise.all([cluster.hosts.a.powerOff(), cluster.hosts.b.powerOff(), cluster.hosts.w.powerOff()]);
    },
    { deaf: true, repair: allOn },
  ],
  [
    'H11-boot-without-network',
    'standby',
    'goes-on',
    'it boots with no network',
    'it waits and promotes nothing',
    async ({ cluster, target }) => {
      await cluster.hosts[target].powerOff();
      await cluster.hosts[target].boot();
      await cluster.network.cable(target, 'out');
      cluster.startServices(target);
      await delay(5_000);
    },
    { repair: ({ cluster, target }) => cluster.network.cable(target, 'in') },
  ],
  [
    'H12-old-snapshot',
    'standby',
    'goes-on',
    'an old snapshot of the host is restored',
    'its consensus log was set back: it rejoins as a new member',
    async ({ cluster, target }) => {
      const host = cluster.hosts[target];
      await host.powerOff();
      const saved = [host.disk, host.dataDisk].map((disk) => ({ disk, copy: `${disk.image}.old` }));
      for (const { disk, copy } of saved) await disk.copyTo(copy);
      await cluster.powerOn(target);
      await delay(8_000);
      await host.powerOff();
      for (const { disk, copy } of saved) await disk.replaceBy(copy);
    },
    { repair: startAgain, ...anyWay },
  ],
]);
