import { rolesOf } from '../cluster/roles.js';
import { Batch } from '../jobs/batch.js';
import { killInTurn, loseCommands } from '../jobs/killed-agents.js';
import { powerOff, powerOn, required } from './means.js';
import { freeze, thaw, thawAndLook } from './patterns.js';
import { type Scenario, type Stage, scenario } from './types.js';

/** Of the run that is under way. */
const batches = new WeakMap<Stage, Batch>();
const batchOf = (stage: Stage): Batch => required(batches.get(stage), 'no batch was begun');

/** Jobs and agents (issue 6). */
export const JOBS: readonly Scenario[] = [
  scenario({
    name: 'JO1-batch-over-take-over',
    pattern: 'Master power off in the middle of a batch of a thousand commands on real agents',
    why: 'each command is started once, no result is lost, and the session ends by itself',
    on: 'master',
    expect: 'other-serves',
    limits: { failoverMs: 6_000, recoverMs: 10_000 },
    cutsPower: true,
    fault: async (stage) => {
      batches.set(stage, await Batch.start(stage));
      await powerOff(stage);
    },
    repair: powerOn,
    atEnd: async (stage) => await batchOf(stage).demandDone(),
  }),
  scenario({
    name: 'JO2-batch-over-frozen-master',
    pattern: 'the Master is frozen in the middle of a batch, and thawed when another one serves',
    why: 'what it would still tell agents to start is refused by each of them, and no command is started twice',
    on: 'master',
    expect: 'other-serves',
    limits: { failoverMs: 6_000, recoverMs: 10_000 },
    fault: async (stage) => {
      batches.set(stage, await Batch.start(stage));
      await freeze(stage);
      await batchOf(stage).standInFor(stage.target);
    },
    look: async (stage) => {
      await batchOf(stage)
        .demandRefused(stage.other)
        .finally(() => thawAndLook(stage));
    },
    repair: thaw,
    atEnd: async (stage) => await batchOf(stage).demandDone(),
  }),
  scenario({
    name: 'JO3-agent-killed',
    pattern: 'kill -9 of each agent in the middle of its commands, again and again; at last of everything on their host',
    why: 'commands outlive their agents and are found again, each is started once; those that died with the host are unknown, and never sent again',
    on: 'standby',
    expect: 'untouched',
    comeback: 'by-itself',
    fault: async (stage) => {
      const batch = await Batch.start(stage);
      batches.set(stage, batch);
      await killInTurn(batch, stage);
    },
    atEnd: async (stage) => {
      await batchOf(stage).demandDone();
      const { master } = rolesOf(await stage.cluster.waitHealthy(10_000));
      await loseCommands(batchOf(stage), stage, master);
    },
  }),
];
