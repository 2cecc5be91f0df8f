import { setTimeout as delay } from 'node:timers/promises';
import { type MemberName } from '../cluster/layout.js';
import { allOn, controllerOf, cut, heal, isolated, lossy, oneWay, postmasterOf, processOf, vipGone } from './means.js';
import { type Scenario, type Stage, scenario } from './types.js';

/** mulberry32: the same round makes the same faults, so that a failed one can be made again. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Blow {
  readonly name: string;
  readonly strike: (stage: Stage, on: MemberName) => Promise<void>;
}

const data = (on: MemberName, { target }: Stage) => (on === 'a' || on === 'b' ? on : target);
const BLOWS: readonly Blow[] = [
  { name: 'power off', strike: ({ cluster }, on) => cluster.hosts[on].powerOff() },
  {
    name: 'reset',
    strike: async ({ cluster }, on) => {
      await cluster.hosts[on].powerOff();
      await cluster.powerOn(on);
    },
  },
  { name: 'shutdown', strike: ({ cluster }, on) => cluster.hosts[on].shutdown() },
  { name: 'frozen', strike: ({ cluster }, on) => cluster.hosts[on].freeze() },
  { name: 'isolated', strike: ({ cluster }, on) => cluster.network.drop(isolated(on)) },
  { name: 'nodes apart', strike: ({ cluster }) => cluster.network.drop(cut('a', 'b')) },
  { name: 'one way lost', strike: ({ cluster }, on) => cluster.network.drop(oneWay(on, on === 'a' ? 'b' : 'a')) },
  { name: 'a fifth of the frames lost', strike: ({ cluster }) => cluster.network.drop(lossy(20)) },
  { name: 'network whole again', strike: ({ cluster }) => heal({ cluster }) },
  { name: 'controller killed', strike: async ({ cluster }, on) => cluster.hosts[on].kill('KILL', controllerOf(cluster, on)) },
  {
    name: 'controller stopped for 4 s',
    strike: async ({ cluster }, on) => {
      const pid = controllerOf(cluster, on);
      cluster.hosts[on].kill('STOP', pid);
      await delay(4_000);
      cluster.hosts[on].kill('CONT', pid);
    },
  },
  {
    name: 'postmaster killed',
    strike: async (stage, on) => stage.cluster.hosts[data(on, stage)].kill('KILL', postmasterOf(stage.cluster, data(on, stage))),
  },
  {
    name: 'manager killed',
    strike: async (stage, on) =>
      stage.cluster.hosts[data(on, stage)].kill('KILL', await processOf(stage.cluster, data(on, stage), 'manager')),
  },
  { name: 'VIP deleted', strike: (stage, on) => vipGone(stage.cluster, data(on, stage)) },
];

/** While it lasts, the host hears no message. */
const DEAFENING = ['power off', 'reset', 'shutdown', 'isolated'];

/** Two or three faults at random moments; then everything is repaired, one recover, all checks. */
export function soakRound(round: number): Scenario {
  const random = randomOf(round * 7_919 + 1);
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)] as T;
  const count = random() < 0.6 ? 2 : 3;
  const blows = Array.from({ length: count }, () => ({
    blow: pick(BLOWS),
    on: pick(['a', 'b', 'a', 'b', 'w'] as const),
    waitMs: Math.floor(random() * 5_000),
  }));
  const firstBack = random() < 0.5 ? '' : 'b first';
  const told = blows.map(({ blow, on, waitMs }) => `${blow.name} (${on}), ${waitMs} ms`).join('; ');
  return scenario({
    name: `soak-${round}`,
    pattern: told,
    why: 'random double and triple faults: safe all the time, healthy after the heal',
    on: 'master',
    expect: 'anything',
    deaf: ['a', 'b'].every((name) => blows.some(({ blow, on }) => on === name && DEAFENING.includes(blow.name))),
    variants: [firstBack],
    methods: ['follow', 'rewind', 'basebackup'],
    fault: async (stage) => {
      for (const { blow, on, waitMs } of blows) {
        // Something that an earlier blow has ended already cannot be struck again.
        await blow
          .strike(stage, on)
          .catch((error: unknown) =>
            stage.say(`${blow.name} on ${on} found nothing: ${error instanceof Error ? error.message : error}`),
          );
        stage.say(`${blow.name} on ${on}`);
        await delay(waitMs);
      }
    },
    repair: async (stage) => {
      for (const name of stage.cluster.members) await stage.cluster.hosts[name].thaw();
      await allOn(stage);
    },
  });
}
