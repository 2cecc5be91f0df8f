import { afterAll, beforeAll, expect, it } from 'vitest';
import { childrenOf, commandLine, processFact } from '../os/processes.js';
import { buildChildPrograms } from '../testing/build.js';
import { eventually, Testbed, type TestNode } from '../testing/testbed.js';

let bed: Testbed;
let node: TestNode;
beforeAll(async () => {
  buildChildPrograms();
  bed = await Testbed.open();
  node = await bed.primary();
});
afterAll(() => bed.close());

const pidOf = (name: string) => childrenOf(node.deadMan.postmasterPid()!).find((pid) => commandLine(pid).endsWith(`: ${name}`))!;
const stateOf = (name: string) => processFact(pidOf(name))?.state;

it('a process of PostgreSQL’s own that was stopped is continued after 3 s, once; stopped again, PostgreSQL is of no use', async () => {
  const told: string[] = [];
  node.postgres.onFacts((facts) => told.push(facts.kind));
  for (const name of ['walwriter', 'checkpointer']) {
    process.kill(pidOf(name), 'SIGSTOP');
    await eventually(`the ${name} is stopped`, () => stateOf(name) === 'T');
  }
  const begun = performance.now();
  await eventually('both run again', () => stateOf('walwriter') !== 'T' && stateOf('checkpointer') !== 'T');
  expect(performance.now() - begun).toBeGreaterThan(2_000);
  expect(new Set(told)).toEqual(new Set(['primary']));
  const walwriter = pidOf('walwriter');
  process.kill(walwriter, 'SIGSTOP');
  const hung = await eventually('hung', () => {
    const facts = node.postgres.facts();
    return facts.kind === 'hung' ? facts : null;
  });
  expect(hung).toMatchObject({
    wasPrimary: true,
    because: `PostgreSQL's walwriter (process ${walwriter}) was stopped again after it had been continued`,
  });
  await node.postgres.stop('kill', 0);
  await node.postgres.startPrimary([]);
  await eventually('it serves again', () => node.postgres.facts().kind === 'primary');
});
