import { describe, expect, it } from 'vitest';
import { TwoLogs } from './testing/two-logs.js';

const SCHEDULES = Number(process.env['YOSUGARA_RUNS'] ?? 120);
const FROM = Number(process.env['YOSUGARA_FROM'] ?? 1);
/** All is well: heartbeats and their answers. */
const QUIET_MESSAGES = 1_000;

/** One story: what made two logs, what happens on the way, and what is wrong when all has been well for a while. */
function story(seed: number): readonly string[] {
  const dice = new TwoLogs(seed, false, 0, false).random;
  const [isAfar, isMutual, common] = [dice() < 0.5, dice() < 0.3, 1 + Math.floor(dice() * 400)];
  const world = new TwoLogs(seed, isAfar, common, !isMutual);
  const { random } = world;
  const [a, b, d] = [world.node('a')!, world.node('b')!, world.node('d')];
  world.cut('a', 'b');
  if (isAfar) world.cut(random() < 0.5 ? 'a' : 'b', 'd');
  world.run(2_200 + 6_000);
  for (let said = 0; said < 6; said += 1) {
    world.word(b, 'a');
    if (isMutual) world.word(a, 'b');
    world.run(300);
  }
  for (const node of [a, b])
    for (let left = Math.floor(random() * 15); left > 0; left -= 1) {
      world.propose(node, 20);
      world.run(30);
    }
  for (const node of [a, b, d]) if (node !== undefined && random() < 0.4) world.compact(node, Math.floor(random() * 60));
  meet(world);
  return world.faults().concat(world.sent() > QUIET_MESSAGES ? ['they do not come to rest'] : []);
}

function meet(world: TwoLogs): void {
  const { random, line, nodes } = world;
  world.heal();
  Object.assign(line, { loss: random() * 0.5, doubled: random() * 0.4, late: random() * 0.3 });
  for (let at = 0; at < 100; at += 1) {
    world.run(random() * 400);
    happen(world, random());
  }
  world.heal();
  Object.assign(line, { loss: 0, doubled: 0, late: 0 });
  for (const node of nodes) if (node.state === null) world.start(node);
  world.run(30_000);
  world.sent();
  world.run(5_000);
}

function happen(world: TwoLogs, chance: number): void {
  const { random, nodes } = world;
  const node = nodes[Math.floor(random() * nodes.length)]!;
  if (chance < 0.06) world.stop(node);
  else if (chance < 0.12 && node.state === null) world.start(node);
  else if (chance < 0.3) for (const each of nodes) world.propose(each, Math.floor(random() * 80));
  else if (chance < 0.4) world.compact(node, Math.floor(random() * 60));
  else if (chance < 0.45) world.cut('a', 'b');
  else if (chance < 0.55) world.heal();
}

describe('two logs that meet after an operator’s wrong word', () => {
  it('become one, on every node, whatever is lost, doubled, late, killed or compacted on the way', () => {
    for (let seed = FROM; seed < FROM + SCHEDULES; seed += 1) expect(story(seed), `seed ${seed}`).toEqual([]);
  }, 120_000);
});
