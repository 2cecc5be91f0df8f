import { setTimeout as delay } from 'node:timers/promises';
import { allOn, demand, shell } from './means.js';
import { rows } from './superset-processes.js';
import type { Scenario, Stage } from './types.js';

const wiped = async ({ cluster }: Stage) => {
  await cluster.hosts.w.powerOff();
  await cluster.hosts.w.boot();
  await shell(cluster, 'w', 'rm -rf "$STATE"/raft');
  cluster.startServices('w');
};
const sql =
  (text: string) =>
  async ({ cluster, target }: Stage) =>
    void (await cluster.sql(target, text));

/** Replication and consensus. */
export const CONSENSUS: readonly Scenario[] = rows([
  [
    'R3-replay-paused',
    'standby',
    'untouched',
    'replay is paused by hand',
    'flushed is acknowledged; the take-over would resume it',
    sql('SELECT pg_wal_replay_pause()'),
    { repair: sql('SELECT pg_wal_replay_resume()') },
  ],
  [
    'R4-slot-dropped',
    'master',
    'settles',
    'the Standby’s slot is dropped',
    'made again',
    async ({ cluster, target }) => {
      await cluster.sql(target, 'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active_pid IS NOT NULL');
      await cluster
        .sql(target, 'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active')
        .catch(() => {});
    },
    { methods: ['follow', 'rewind', 'basebackup'] },
  ],
  [
    'R5-walsender-killed-often',
    'master',
    'settles',
    'the walsender is terminated ten times',
    'comes back each time',
    async ({ cluster, target }) => {
      for (let time = 0; time < 10; time++) {
        await cluster.sql(target, 'SELECT pg_terminate_backend(pid) FROM pg_stat_replication');
        await delay(300);
      }
    },
  ],
  [
    'R7-names-edited',
    'master',
    'settles',
    'a superuser clears synchronous_standby_names',
    'put back at once: the record says sync',
    async ({ cluster, target }) => {
      await cluster.sql(target, "ALTER SYSTEM SET synchronous_standby_names = ''");
      await cluster.sql(target, 'SELECT pg_reload_conf()');
      await delay(3_000);
    },
  ],
  [
    'R9-waiting-commit-cancelled',
    'master',
    'settles',
    'waiting commits are cancelled while the Standby is paused',
    'a warned commit is not an acknowledged one',
    async ({ cluster, target, other }) => {
      await cluster.hosts[other].freeze();
      for (let time = 0; time < 8; time++) {
        await cluster
          .sql(target, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
          .catch(() => {});
        await delay(200);
      }
      await cluster.hosts[other].thaw();
    },
  ],
  [
    'R11-promoted-out-of-band',
    'standby',
    'goes-on',
    'the Standby is promoted by hand',
    'it is stopped; recover refuses to throw away what nobody knows, until it is told to',
    // Not waited for: the controller may end the server, and with it this session, before it has answered.
    sql('SELECT pg_promote(false)'),
    { recoverArgs: ['--discard-unknown'], methods: ['rewind', 'basebackup'] },
  ],
  [
    'R12-old-primary-by-hand',
    'master',
    'other-serves',
    'the old Master’s PostgreSQL is started by hand',
    'the sync wall holds; the controller stops it',
    ({ cluster, target }) => cluster.hosts[target].powerOff(),
    {
      repair: async ({ cluster, target }) => {
        await cluster.hosts[target].boot();
        await shell(
          cluster,
          target,
          'bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1); setpriv --reuid postgres --regid postgres --clear-groups "$bin"/pg_ctl -D "$DATA"/pgdata -W start >/dev/null 2>&1; true',
        );
        await delay(3_000);
        cluster.startServices(target);
      },
    },
  ],
  [
    'R17-wrong-system-identifier',
    'standby',
    'settles',
    'the Standby comes back with another database system in the place of its own',
    'it is neither started nor overwritten; recover refuses, until it is told to give up just that one',
    ({ cluster, target }) => cluster.hosts[target].powerOff(),
    {
      ...{ recoverArgs: ['--discard-unknown'], methods: ['basebackup'] },
      repair: async ({ cluster, target, other, say }) => {
        await cluster.hosts[target].boot();
        await shell(
          cluster,
          target,
          'bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1); cd "$DATA" && mv pgdata pgdata.own && setpriv --reuid postgres --regid postgres --clear-groups "$bin"/initdb -D "$DATA"/pgdata --auth-local=peer --auth-host=reject >/dev/null',
        );
        cluster.startServices(target);
        await cluster.statusWhere(other, `${target} says whose data it has`, 60_000, ({ nodes }) =>
          nodes.some(({ name, why }) => name === target && why.includes('belongs to another cluster')),
        );
        const refused = await cluster.answer(other, ['recover', target]);
        demand(refused.includes('FOREIGN_SYSTEM'), `recover without a word of the data was not refused: ${refused}`);
        say('recover alone was refused: FOREIGN_SYSTEM');
      },
    },
  ],
  [
    'R19-connections-exhausted',
    'master',
    'settles',
    'every connection is taken for 6 s',
    'probes tell a full server from a hung one',
    async ({ cluster, target }) => {
      const held = Array.from({ length: 130 }, () => cluster.sql(target, 'SELECT pg_sleep(6)').catch(() => []));
      await Promise.all(held);
    },
  ],
  [
    'R20-lock-storm',
    'master',
    'other-serves',
    'long transactions hold locks at the power off',
    'they end with their server',
    async ({ cluster, target }) => {
      for (let time = 0; time < 5; time++)
        cluster.sql(target, 'BEGIN; LOCK TABLE write_probe IN SHARE MODE; SELECT pg_sleep(5)').catch(() => {});
      await delay(300);
      await cluster.hosts[target].powerOff();
    },
    { cutsPower: true, repair: ({ cluster, target }) => cluster.powerOn(target) },
  ],
  ['K6-arbiter-wiped', 'master', 'untouched', 'the arbiter’s memory is gone', 'it does not vote before it was taught', wiped],
  [
    'K7-arbiter-absent',
    'master',
    'untouched',
    'the arbiter is off',
    'two of three go on, and say that the next fault stops them',
    ({ cluster }) => cluster.hosts.w.powerOff(),
    { repair: allOn },
  ],
]);
