import { setTimeout as delay } from 'node:timers/promises';
import { PLACES, PORTS } from '../cluster/layout.js';
import type { Delivery } from '../host/relay.js';
import { cut, heal, isolated, lossy, oneWay, port } from './means.js';
import { rows } from './superset-processes.js';
import type { Scenario, Stage } from './types.js';

const drop = (rules: (stage: Stage) => readonly string[]) => (stage: Stage) => stage.cluster.network.drop(rules(stage));
const dropFor = (ms: number, rules: (stage: Stage) => readonly string[]) => async (stage: Stage) => {
  await stage.cluster.network.drop(rules(stage));
  await delay(ms);
  await heal(stage);
};
const healed = { repair: heal } as const;
/** Messages are spared: a copy that comes later than the window of dedupe is another message by definition (ingest.md). */
const PROMPT = { delayMs: 0, jitterMs: 0, keepsOrder: true, doublesPercent: 0, sparedUdpPorts: [PORTS.syslog, PORTS.trap] };
const DELAYS: Readonly<Record<string, Partial<Delivery>>> = {
  '10 ms': { delayMs: 10 },
  '100 ms and more': { delayMs: 100, jitterMs: 100 },
  '1 s': { delayMs: 1_000 },
  '10 s': { delayMs: 10_000 },
};
async function slowFor({ cluster, target }: Stage, ms: number, delivery: Partial<Delivery>): Promise<void> {
  await cluster.network.relay(target, { ...PROMPT, ...delivery });
  await delay(ms);
  await cluster.network.relay(target, null);
}
const CONSENSUS_PORT = 7946;
const ONE_WAYS = ['target to other', 'other to target', 'target to w', 'w to target', 'other to w', 'w to other'];

export const NETWORK: readonly Scenario[] = rows([
  [
    'N1-a-b',
    'standby',
    'goes-on',
    'the link between the two nodes is cut',
    'heartbeats are relayed by the arbiter; replication is not: solo by the rules',
    drop(({ target, other }) => cut(target, other)),
    healed,
  ],
  [
    'N2-master-w',
    'master',
    'untouched',
    'the Master is cut from the arbiter',
    'the lease is renewed by the Standby',
    drop(({ target }) => cut(target, 'w')),
    healed,
  ],
  [
    'N3-standby-w',
    'standby',
    'settles',
    'the Standby is cut from the arbiter',
    'nothing changes',
    drop(({ target }) => cut(target, 'w')),
    healed,
  ],
  [
    'N4-master-isolated',
    'master',
    'other-serves',
    'the Master is cut from both others, clients still reach it',
    'it stops inside its lease, VIP included',
    drop(({ target, other }) => [...cut(target, other), ...cut(target, 'w')]),
    healed,
  ],
  [
    'N5-standby-isolated',
    'standby',
    'goes-on',
    'the Standby is cut from both others, clients still reach it',
    'it promotes nothing and says why',
    drop(({ target, other }) => [...cut(target, other), ...cut(target, 'w')]),
    healed,
  ],
  [
    'N6-arbiter-isolated',
    'master',
    'untouched',
    'the arbiter is cut off',
    'degraded, and says so',
    drop(() => isolated('w')),
    healed,
  ],
  [
    'N7-all-apart',
    'master',
    'nobody-serves',
    'every link between the three is cut',
    'nobody has a quorum',
    drop(({ target, other }) => [...cut(target, other), ...cut(target, 'w'), ...cut(other, 'w')]),
    healed,
  ],
  [
    'N8-one-way',
    'master',
    'settles',
    'one direction of one link is lost',
    'no nonce comes back: it counts as cut for that pair',
    (stage) => {
      const [from = '', , to = ''] = stage.variant
        .split(' ')
        .map((word) => (word === 'target' ? stage.target : word === 'other' ? stage.other : word));
      return stage.cluster.network.drop(oneWay(from, to));
    },
    { ...healed, variants: ONE_WAYS },
  ],
  [
    'N9-loss-5',
    'master',
    'settles',
    '5 % of all frames are lost for 8 s',
    'slower, nothing else',
    dropFor(8_000, () => lossy(5)),
  ],
  [
    'N9-loss-30',
    'master',
    'settles',
    '30 % of all frames are lost for 8 s',
    'whoever serves is one',
    dropFor(8_000, () => lossy(30)),
  ],
  [
    'N10-delay',
    'master',
    'settles',
    'every frame of the Master is late: by 10 ms, by 100 to 200 ms, by 1 s, by 10 s',
    'slower as long as the lease is renewed in time; 10 s are a cut',
    (stage) => slowFor(stage, 12_000, DELAYS[stage.variant] ?? {}),
    { variants: Object.keys(DELAYS) },
  ],
  [
    'N11-doubled-frames',
    'master',
    'settles',
    'every third frame of the Master comes twice for 8 s',
    'nothing is done twice',
    (stage) => slowFor(stage, 8_000, { doublesPercent: 33 }),
  ],
  [
    'N12-reordered-frames',
    'master',
    'settles',
    'frames of the Master overtake each other by up to 50 ms for 8 s',
    'slower, nothing else',
    (stage) => slowFor(stage, 8_000, { jitterMs: 50, keepsOrder: false }),
  ],
  [
    'N13-flapping',
    'master',
    'settles',
    'the Master’s link flaps every 0.4 s',
    'no flip-flop of roles',
    async (stage) => {
      for (let time = 0; time < 10; time++) {
        await stage.cluster.network.drop(isolated(stage.target));
        await delay(400);
        await heal(stage);
        await delay(400);
      }
    },
  ],
  [
    'N14-bandwidth',
    'master',
    'settles',
    'a link of 1 Mbit/s between the nodes for 8 s',
    'replication is slow, heartbeats get through',
    dropFor(8_000, ({ target, other }) => [`iifname "${target}" oifname "${other}" limit rate over 125 kbytes/second drop`]),
  ],
  [
    'N15-mtu-black-hole',
    'master',
    'settles',
    'frames over 1000 bytes are lost between the nodes',
    'small heartbeats pass, WAL does not: solo by the rules',
    drop(({ target, other }) => [
      `iifname "${target}" oifname "${other}" meta length > 1000 drop`,
      `iifname "${other}" oifname "${target}" meta length > 1000 drop`,
    ]),
    healed,
  ],
  [
    'N16-replication-port',
    'standby',
    'goes-on',
    'only the replication port is cut between the nodes',
    'solo by the rules',
    drop(({ target, other }) =>
      ['dport', 'sport'].flatMap((end) => [
        `iifname "${target}" oifname "${other}" tcp ${end} ${PORTS.postgres} drop`,
        `iifname "${other}" oifname "${target}" tcp ${end} ${PORTS.postgres} drop`,
      ]),
    ),
    healed,
  ],
  [
    'N17-heartbeat-port',
    'master',
    'other-serves',
    'only the consensus port of the Master is cut',
    'no lease, whatever else still works',
    drop(({ target }) => port(target, CONSENSUS_PORT)),
    healed,
  ],
  [
    'N18-client-net',
    'master',
    'untouched',
    'clients do not reach the Master for 5 s',
    'the members hear each other: nobody takes over',
    dropFor(5_000, ({ target }) => cut(target, 'client')),
  ],
  [
    'N21-address-conflict',
    'standby',
    'settles',
    'a foreign host has the Standby’s address for 5 s',
    'as a cut, then as before',
    async ({ cluster, target }) => {
      await cluster.network.attach(PLACES.foreign);
      await cluster.network.exec('foreign', 'ip', ['address', 'add', `${PLACES[target].address}/24`, 'dev', 'eth0']);
      await delay(5_000);
      await cluster.network.detach('foreign');
    },
  ],
  [
    'N25-heals-in-election',
    'master',
    'settles',
    'the Master is cut off for just as long as the promise lasts',
    'the partition heals while the others elect',
    dropFor(3_600, ({ target }) => isolated(target)),
  ],
  [
    'N26-rack-master-and-arbiter',
    'standby',
    'goes-on',
    'Master and arbiter are cut from the Standby',
    'the Standby must not serve, and says why',
    drop(({ target, other }) => [...cut(target, other), ...cut(target, 'w')]),
    healed,
  ],
  [
    'N27-nodes-without-arbiter',
    'master',
    'untouched',
    'both nodes are cut from the arbiter',
    'two of three go on',
    drop(({ target, other }) => [...cut(target, 'w'), ...cut(other, 'w')]),
    healed,
  ],
  [
    'L3-status-port',
    'master',
    'untouched',
    'the Master’s status port is blocked',
    'a load balancer’s trouble, not the cluster’s',
    drop(({ target }) => port(target, PORTS.status)),
    healed,
  ],
]);
