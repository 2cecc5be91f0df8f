import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMs } from '../host/shell.js';
import { keysOf } from '../read-back.js';
import { allOn, demand, powerOff, powerOn } from './means.js';
import { rows } from './superset-processes.js';
import type { Scenario, Stage } from './types.js';

const BALANCED = { needs: { front: 'balancer' } } as const;

async function soloAndLost({ cluster, target, other, notes }: Stage) {
  const aloneMs = monotonicMs();
  await cluster.hosts[other].powerOff();
  await cluster.statusWhere(target, 'solo', 30_000, (status) =>
    status.nodes.every((node) => node.syncSet === (node.name === target)),
  );
  await delay(2_000);
  // From here on nobody hears what is sent.
  notes.set('struckMs', monotonicMs());
  await cluster.hosts[target].powerOff();
  return { aloneMs, goneMs: monotonicMs() };
}

/** Who held every acknowledged write is gone; an operator lets the other node serve what it has. */
async function forced(stage: Stage): Promise<void> {
  const { cluster, other, told, say } = stage;
  const { aloneMs, goneMs } = await soloAndLost(stage);
  await cluster.powerOn(other);
  await cluster.statusWhere(
    other,
    `${other} says that only a human may promote it`,
    60_000,
    ({ master, nodes }) => master === null && nodes.some(({ name, why }) => name === other && why.includes('--accept-data-loss')),
  );
  const refused = await cluster.answer(other, ['promote', other]);
  demand(refused === '' || refused.includes('"error"'), `promote was done without --accept-data-loss: ${refused}`);
  await cluster.yosugara(other, ['promote', other, '--accept-data-loss', '--old-master-is-off']);
  say(`${other} was promoted by force`);
  const held = await keysOf(cluster, other);
  told.promotion = { received: null, lostBytes: null, notBeforeMs: aloneMs, heardMs: 0, atMs: goneMs, held };
}

/** What operators do, and load balancers in front. */
export const OPERATORS: readonly Scenario[] = rows([
  [
    'O4-maintenance-then-master-lost',
    'master',
    'nobody-serves',
    'the Standby is in maintenance, and the Master loses its power',
    'nobody takes over from maintenance; the old Master goes on with everything when it is back',
    async (stage) => {
      const { cluster, target, other } = stage;
      await cluster.yosugara(target, ['maintenance', other, '--on', '--minutes', '10', '--why', 'the lab works on it']);
      await delay(2_000);
      await powerOff(stage);
    },
    {
      deaf: true,
      methods: ['follow', 'rewind', 'basebackup'],
      repair: async (stage) => {
        const { cluster, target, other } = stage;
        await powerOn(stage);
        await cluster.statusWhere(target, `${target} serves again`, 60_000, ({ master }) => master === target);
        await cluster.yosugara(target, ['maintenance', other, '--off']);
      },
    },
  ],
  [
    'O5-pause-then-master-lost',
    'master',
    'nobody-serves',
    'the cluster is paused, and the Master loses its power',
    'nothing moves by itself while an operator works; with the end of the pause the Standby serves',
    async (stage) => {
      const { cluster, target } = stage;
      await cluster.yosugara(target, ['pause', '--minutes', '10', '--why', 'the lab works on it']);
      await powerOff(stage);
    },
    {
      repair: async (stage) => {
        const { cluster, other } = stage;
        await cluster.yosugara(other, ['resume']);
        await cluster.statusWhere(other, `${other} serves`, 60_000, ({ master }) => master === other);
        await powerOn(stage);
      },
    },
  ],
  [
    'O17-forced-promotion',
    'master',
    'other-serves',
    'the Standby is lost, then the solo Master; the Standby is promoted by force, and the old Master comes back',
    'nothing is lost that was acknowledged while both had it; the old Master never serves what only it had',
    forced,
    { needs: { autoRejoin: 'clean' }, deaf: true, methods: ['follow', 'rewind', 'basebackup'], repair: allOn },
  ],
  [
    'L2-balancer-master-lost',
    'master',
    'other-serves',
    'Master power off behind a load balancer that asks the status endpoint (haproxy, no VIP)',
    'clients of the load balancer are served by the new Master, and by nobody else',
    powerOff,
    { ...BALANCED, cutsPower: true, repair: powerOn },
  ],
  [
    'L4-balancer-master-frozen',
    'master',
    'other-serves',
    'the Master stands still behind a load balancer: its sessions stay up',
    'the load balancer cuts them; thawed, the old Master is asked by nobody',
    ({ cluster, target }) => cluster.hosts[target].freeze(),
    { ...BALANCED, repair: ({ cluster, target }) => cluster.hosts[target].thaw() },
  ],
  [
    'L4-balancer-switchover',
    'master',
    'other-serves',
    'a switchover behind a load balancer',
    'sessions of the old Master end with its part; the load balancer finds the new one',
    async ({ cluster, target }) => void (await cluster.yosugara(target, ['switchover'])),
    BALANCED,
  ],
]);
