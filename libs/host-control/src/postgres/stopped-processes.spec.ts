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

it('a session that was stopped is continued after 3 s, once; stopped again, it is left alone and PostgreSQL serves on', async () => {
  const client = await bed.client(node);
  const pid = (await client.query('select pg_backend_pid() as pid')).rows[0].pid as number;
  const isStopped = () => processFact(pid)?.state === 'T';
  process.kill(pid, 'SIGSTOP');
  await eventually('it is stopped', isStopped);
  await eventually('it runs again', () => !isStopped());
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  process.kill(pid, 'SIGSTOP');
  await eventually('it is stopped again', isStopped);
  // A process of PostgreSQL's own that is stopped later is continued, so both were judged in between.
  const other = pidOf('background writer');
  for (const time of ['once', 'for a second session']) {
    const victim =
      time === 'once' ? other : ((await (await bed.client(node)).query('select pg_backend_pid() as pid')).rows[0].pid as number);
    process.kill(victim, 'SIGSTOP');
    await eventually(`stopped ${time}`, () => processFact(victim)?.state === 'T');
    await eventually(`continued ${time}`, () => processFact(victim)?.state !== 'T');
  }
  expect(isStopped()).toBe(true);
  await eventually('it serves on', () => node.postgres.facts().kind === 'primary');
  process.kill(pid, 'SIGCONT');
});

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
