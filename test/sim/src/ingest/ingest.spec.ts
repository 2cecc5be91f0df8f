import { describe, expect, it } from 'vitest';
import { patched } from '../mutate.js';
import { runIngestSeeds } from './batch.js';
import { INGEST_MUTANTS } from './mutants.js';
import { type IngestOutcome, runIngestSeed, type World } from './world.js';

/** A story told on purpose: no loss and no doubles but those of the story, calm clocks unless it sets them. */
const story = async (
  tell: (world: World) => Promise<void>,
): Promise<{ readonly world: World; readonly outcome: IngestOutcome }> => {
  let told: World | null = null;
  const outcome = await runIngestSeed(1, {
    story: async (world) => {
      told = world;
      world.senders.loss = { a: 0, b: 0 };
      world.senders.doubled = 0;
      expect(await world.until(() => world.isDrained())).toBe(true);
      await tell(world);
    },
  });
  expect(outcome.violations).toEqual([]);
  return { world: told!, outcome };
};
const lines = (world: World, count: number, name: string): void => {
  for (let number = 0; number < count; number++) world.senders.line(`${name} ${number}`);
};
const rowsOf = (world: World, name: string): number =>
  [...world.cluster.owner.db.tables.rows.values()].filter((row) => Buffer.from(row.raw).toString().includes(name)).length;

describe('what is sent to both nodes becomes one row', () => {
  it('though a torn tail took records of a journal away: their numbers come again only under another journal id', async () => {
    const { world, outcome } = await story(async (world) => {
      const [a] = world.sites;
      const before = a.receiver!.journal;
      a.slowDisk = 60_000;
      lines(world, 5, 'before');
      expect(await world.until(() => before.lastSeq === 5, 1_000)).toBe(true);
      expect(before.durableSeq).toBeLessThan(5);
      a.stopReceiver(true);
      a.startReceiver();
      a.slowDisk = 0;
      lines(world, 5, 'after');
      expect(await world.until(() => a.receiver!.journal.durableSeq === 5, 1_000)).toBe(true);
      expect(a.receiver!.journal.journalId).not.toBe(before.journalId);
    });
    expect([rowsOf(world, 'before'), rowsOf(world, 'after'), outcome.said['copy.conflict']]).toEqual([5, 5, undefined]);
  });

  it('though the Master is lost while both copies lag behind their journals', async () => {
    const { world, outcome } = await story(async (world) => {
      world.wire.slowMs = 4_000;
      lines(world, 20, 'lagging');
      await world.wait(600);
      const behind = world.sites.map((site) => site.report()!.behind);
      expect(Math.min(...behind)).toBeGreaterThan(0);
      const lost = world.cluster.owner;
      lost.powerOff();
      expect(await world.until(() => world.cluster.owner !== lost)).toBe(true);
      await world.wait(3_000);
      world.upAgain(lost);
    });
    expect([rowsOf(world, 'lagging'), outcome.takeOvers]).toEqual([20, 2]);
  });

  it('though one pair was matched before a crash and the next ones after it, with another offset of the clocks', async () => {
    let claims = 0;
    const { world } = await story(async (world) => {
      world.sites[1].clock.steps.push({ atMs: world.time.nowMs, addUs: 900_000 });
      await world.wait(2_000);
      const { db } = world.cluster.owner;
      for (let times = 0; times < 3; times++) lines(world, 45, 'same');
      expect(await world.until(() => db.tables.window.claims.length > 0, 3_000)).toBe(true);
      claims = db.tables.window.claims.length;
      world.cluster.owner.stopManager();
      world.sites[1].clock.steps.push({ atMs: world.time.nowMs, addUs: -1_800_000 });
      await world.wait(3_000);
      lines(world, 45, 'same');
    });
    expect(claims).toBeGreaterThan(0);
    expect(rowsOf(world, 'same')).toBe(180);
  });

  it('though the link between the receivers died a second before the Master', async () => {
    const { world, outcome } = await story(async (world) => {
      world.cut('both');
      lines(world, 10, 'second');
      world.senders.line('of the lost one only', '10.0.0.9', [world.cluster.owner]);
      await world.wait(1_000);
      const lost = world.cluster.owner;
      lost.powerOff();
      expect(await world.until(() => world.cluster.owner !== lost)).toBe(true);
      world.wire.mend();
      expect(await world.until(() => rowsOf(world, 'second') === 10, 10_000)).toBe(true);
      expect(rowsOf(world, 'of the lost one only')).toBe(0);
      world.upAgain(lost);
    });
    expect([rowsOf(world, 'second'), rowsOf(world, 'of the lost one only'), outcome.takeOvers]).toEqual([10, 1, 2]);
  });

  it('though the database went back behind the journals, whose records are stored again', async () => {
    const { world, outcome } = await story(async (world) => {
      lines(world, 3, 'kept');
      expect(await world.until(() => rowsOf(world, 'kept') === 3)).toBe(true);
      const { owner, standby } = world.cluster;
      const { length } = owner.db.log;
      standby.powerOff();
      expect(await world.until(() => world.cluster.record.syncSet.length === 1 && world.cluster.record.ingestAlone)).toBe(true);
      lines(world, 30, 'solo');
      expect(await world.until(() => rowsOf(world, 'solo') === 30)).toBe(true);
      await world.wait(5_000);
      owner.powerOff();
      world.upAgain(standby);
      await world.wait(500);
      world.cluster.promoteForced(standby);
      expect(standby.db.log.length).toBe(length);
      expect(rowsOf(world, 'solo')).toBe(0);
      world.upAgain(owner);
    });
    expect([rowsOf(world, 'kept'), rowsOf(world, 'solo'), outcome.said['ingest.gap']]).toEqual([3, 30, undefined]);
  });

  it('though the database went back before a journal of the other node, of which this one has let go wholly', async () => {
    const { world, outcome } = await story(async (world) => {
      const { owner, standby } = world.cluster;
      const { journalId } = standby.receiver!.journal;
      // The other node lets go a moment later.
      standby.tellIngested = () => undefined;
      for (let number = 0; number < 20; number++) world.senders.line(`its own ${number}`, '10.0.0.9', [standby]);
      expect(await world.until(() => rowsOf(world, 'its own') === 20)).toBe(true);
      standby.stopReceiver(false);
      standby.startReceiver();
      lines(world, 3, 'newer');
      expect(await world.until(() => owner.copies.get(journalId) === undefined, 20_000)).toBe(true);
      expect(standby.own.get(journalId)?.durableSeq).toBe(20);
      // So the manager hears what its receiver holds by now.
      lines(world, 3, 'newest');
      expect(await world.until(() => rowsOf(world, 'newest') === 3)).toBe(true);

      owner.stopManager();
      for (const { db } of world.sites) {
        db.stop();
        db.rewind(0);
      }
      world.oracle.wentBack(new Map(), true);
      world.cluster.promoteForced(owner);
      expect(await world.until(() => world.isDrained(), 20_000)).toBe(true);
      expect([rowsOf(world, 'its own'), world.cluster.owner.name]).toEqual([20, owner.name]);
    });
    expect([rowsOf(world, 'its own'), rowsOf(world, 'newest'), outcome.said['copy.link_down']]).toEqual([20, 3, 1]);
  });
});

it('what comes in the first second in which the nodes ever see each other is matched, though their clocks are an hour apart', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const { rows, sayings, violations } = await runIngestSeed(seed, {
      story: async (world) => {
        world.sites[1].clock.steps.push({ atMs: 0, addUs: 3_600_000_000 });
        world.senders.loss = { a: 0, b: 0 };
        world.senders.doubled = 0;
        for (let number = 0; number < 40; number++) {
          world.senders.line(`first ${number}`);
          await world.wait(25);
        }
      },
    });
    expect([rows, violations]).toEqual([sayings, []]);
  }
});

it('what is sent to the floating address is a row each time, also when a switchover lies between equal bytes', async () => {
  const { world, outcome } = await story(async (world) => {
    world.senders.byVip('by the VIP');
    await world.wait(300);
    expect(world.cluster.switchover()).toBe(true);
    expect(await world.until(() => world.cluster.isCalm)).toBe(true);
    world.senders.byVip('by the VIP');
    await world.wait(100);
  });
  const nodes = [...world.cluster.owner.db.tables.rows.values()].map((row) => row.node);
  expect([nodes.sort(), outcome.takeOvers]).toEqual([['a', 'b'], 2]);
});

describe('the simulation of ingest', () => {
  it('finds nothing in 200 schedules, and something happens in them', async () => {
    const ran = await runIngestSeeds(1_000_001, 200);
    expect(ran.violations).toEqual([]);
    expect(ran.takeOvers).toBeGreaterThan(200);
    expect(ran.judged.exact).toBeGreaterThan(3 * ran.judged.doubtful);
    expect(ran.judged.events).toBeGreaterThan(1_000);
  });
  it('does the same with the same seed, and something else with another', async () => {
    const lines: string[] = [];
    const traced = async (seed: number): Promise<readonly [IngestOutcome, string]> => {
      lines.length = 0;
      const outcome = await runIngestSeed(seed, { trace: (line) => lines.push(line) });
      return [outcome, lines.join('\n')];
    };
    const first = await traced(11);
    expect(await traced(11)).toEqual(first);
    expect((await traced(12))[1]).not.toBe(first[1]);
  });
  it.each(INGEST_MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    '%s still fits the production files',
    async (_, mutant) => expect((await patched(mutant)).size).toBeGreaterThan(0),
  );
});
