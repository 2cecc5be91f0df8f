import { setTimeout as delay } from 'node:timers/promises';
import { allOn, lossy, powerOff, powerOn } from './means.js';
import { rows } from './superset-processes.js';
import type { Scenario, Stage } from './types.js';

const switchover = async ({ cluster, target }: Pick<Stage, 'cluster' | 'target'>) =>
  void (await cluster.yosugara(target, ['switchover'], 60_000));
const fenced = { needs: { fencing: true } } as const;

/** Operators, fencing, doubles. */
export const OPERATIONS: readonly Scenario[] = rows([
  [
    'O1-switchover-under-load',
    'master',
    'other-serves',
    'a switchover while writers write',
    'planned: the gap is short, nothing is lost',
    switchover,
    { limits: { failoverMs: 1_500 } },
  ],
  [
    'O3-double-switchover',
    'master',
    'settles',
    'two switchovers back to back',
    'there and back again',
    async (stage) => {
      await switchover(stage);
      await delay(3_000);
      await switchover({ ...stage, target: stage.other }).catch((error: unknown) =>
        stage.say(`the second was refused: ${error}`),
      );
    },
  ],
  [
    'O6-recover-twice',
    'standby',
    'untouched',
    'recover on a healthy cluster, twice at once',
    'nothing to do, and says so',
    async ({ cluster, other }) => {
      await Promise.allSettled([cluster.yosugara(other, ['recover']), cluster.yosugara(other, ['recover'])]);
    },
  ],
  [
    'O16-cold-start',
    'master',
    'nobody-serves',
    'a clean shutdown of everything, then a cold start',
    'the last owner resumes with all that was acknowledged',
    async ({ cluster }) => {
      await Promise.all([cluster.hosts.a.shutdown(), cluster.hosts.b.shutdown(), cluster.hosts.w.shutdown()]);
    },
    { deaf: true, repair: allOn },
  ],
  [
    'F1-fence-ok',
    'master',
    'other-serves',
    'the Master’s power controller works',
    'off is read back before anybody is promoted',
    powerOff,
    { ...fenced, repair: allOn },
  ],
  [
    'F2-fence-unreachable',
    'master',
    'nobody-serves',
    'host and power controller lose their power together (F6)',
    '“unreachable” is never “off”: nobody is promoted before the board answers',
    async ({ cluster, target }) => {
      await cluster.power.board(target).kill();
      await cluster.hosts[target].powerOff();
    },
    {
      ...fenced,
      repair: async (stage) => {
        await stage.cluster.power.board(stage.target).revive();
        await allOn(stage);
      },
    },
  ],
  [
    'X1-standby-then-master',
    'master',
    'nobody-serves',
    'the Standby is lost, then the solo Master',
    'the Standby lacks acknowledged writes: it must not be promoted',
    async ({ cluster, target, other }) => {
      await cluster.hosts[other].powerOff();
      await cluster.statusWhere(target, 'solo', 30_000, (status) =>
        status.nodes.every((node) => node.syncSet === (node.name === target)),
      );
      await delay(1_000);
      await cluster.hosts[target].powerOff();
      await cluster.powerOn(other);
    },
    { deaf: true, repair: allOn },
  ],
  [
    'X2-arbiter-then-master',
    'master',
    'nobody-serves',
    'the arbiter is lost, then the Master',
    'one of three is no quorum',
    async ({ cluster, target }) => {
      await cluster.hosts.w.powerOff();
      await cluster.hosts[target].powerOff();
    },
    { deaf: true, repair: allOn },
  ],
  [
    'X3-new-master-lost',
    'master',
    'settles',
    'the new Master is lost within a second of its promotion; the old one is back',
    'whoever has every acknowledged write serves',
    async ({ cluster, target, other }) => {
      await cluster.hosts[target].powerOff();
      await cluster.statusWhere(other, 'the new Master', 30_000, (status) => status.master === other);
      await cluster.hosts[other].powerOff();
      await cluster.powerOn(target);
      await delay(2_000);
      await cluster.powerOn(other);
    },
    { deaf: true, methods: ['follow', 'rewind', 'basebackup'] },
  ],
  [
    'X4-flip-flop',
    'master',
    'settles',
    'A to B to A by controller kills',
    'each hand-over is proven, each return is clean',
    async ({ cluster, target, other }) => {
      await switchover({ cluster, target });
      await delay(2_000);
      await cluster.hosts[other].powerOff();
      await delay(8_000);
      await cluster.powerOn(other);
    },
  ],
  [
    'X5-master-lost-while-recover',
    'standby',
    'settles',
    'the Master is lost while the Standby is being recovered',
    'the half-recovered one must not serve without what was acknowledged',
    async ({ cluster, target, other }) => {
      await cluster.hosts[target].powerOff();
      await cluster.statusWhere(other, 'solo', 30_000, (status) =>
        status.nodes.every((node) => node.syncSet === (node.name === other)),
      );
      await cluster.powerOn(target);
      await delay(1_500);
      cluster.yosugara(other, ['recover']).catch(() => {});
      await delay(1_500);
      await cluster.hosts[other].powerOff();
      await delay(3_000);
      await cluster.powerOn(other);
    },
    { deaf: true, methods: ['follow', 'rewind', 'basebackup'] },
  ],
  [
    'X6-loss-and-power',
    'master',
    'other-serves',
    'a tenth of all frames is lost, and the Master loses its power',
    'slower, not otherwise',
    async (stage) => {
      await stage.cluster.network.drop(lossy(10));
      await powerOff(stage);
    },
    {
      repair: async (stage) => {
        await stage.cluster.network.drop([]);
        await powerOn(stage);
      },
    },
  ],
]);
