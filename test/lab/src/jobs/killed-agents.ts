import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataName } from '../cluster/layout.js';
import { agentsConnected } from '../host/agents.js';
import { until } from '../host/shell.js';
import type { Stage } from '../scenarios/types.js';
import type { Batch } from './batch.js';

const ROUNDS = 3;
/** Between one agent and the next: commands of the batch begin and end meanwhile. */
const BETWEEN_MS = 500;
const LONG_UNIT = 'long';
const LONG_S = 300;
const BEGUN_DEADLINE_MS = 60_000;
const TOLD_DEADLINE_MS = 60_000;

/** `kill -9` of one agent after the other in the middle of their commands, each begun again at once, three times around. */
export async function killInTurn(batch: Batch, { say }: Stage): Promise<void> {
  for (let round = 0; round < ROUNDS; round++)
    for (const agent of batch.agents) {
      await agent.kill();
      await agent.start();
      await delay(BETWEEN_MS);
    }
  say(`${batch.agents.length} agents were killed ${ROUNDS} times each, and began again`);
}

interface LongJob {
  readonly job: string;
  readonly state: string;
  readonly nodes: Readonly<Record<string, number>>;
}

/**
 * Everything on the agents' host killed in the middle of long commands, as when its power is cut: nobody can know how far they came. Each is
 * `unknown` (docs/jobs.md), nothing of it is sent again by itself, and the session ends when people have said how. @throws Error
 */
export async function loseCommands(batch: Batch, stage: Stage, master: DataName): Promise<void> {
  const { cluster, told, say } = stage;
  const jobs = batch.agents.map(({ name }, at) => ({
    ...{ type: 'command', id: `long-${at}`, facility: name },
    command: `echo "#[SESSION_ID] long-${at}" >> ${batch.marks}; sleep ${LONG_S}`,
  }));
  await cluster.apply(master, [{ kind: 'job-unit', id: LONG_UNIT, body: { name: 'Long', timeZone: 'UTC', jobs } }]);
  const { session } = JSON.parse(await cluster.yosugara(master, ['jobs', 'run', LONG_UNIT])) as { session: string };
  const marks = () =>
    readFileSync(batch.marks, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith(`${session} `));
  await until('all long commands begun', BEGUN_DEADLINE_MS, () => (marks().length >= jobs.length ? true : undefined));
  await cluster.yosugara(master, ['jobs', 'show', session]);
  const killed = await batch.host.killAll();
  for (const agent of batch.agents) await agent.start();
  await agentsConnected(cluster, master, batch.agents.length);
  const seen = async () =>
    (JSON.parse(await cluster.yosugara(master, ['jobs', 'show', session])) as { jobs: readonly LongJob[] }).jobs.filter(
      ({ job }) => job.startsWith('long-'),
    );
  const isUnknown = ({ state, nodes }: LongJob) => state === 'error' && (nodes['unknown'] ?? 0) === 1;
  let last: readonly LongJob[] = [];
  await until('the long commands to be unknown', TOLD_DEADLINE_MS, async () => {
    last = await seen();
    return last.length === jobs.length && last.every(isUnknown) ? true : undefined;
  }).catch((error: unknown) => {
    throw new Error(`long commands whose host was killed: ${JSON.stringify(last)}`, { cause: error });
  });
  // What is never sent again stays unknown however long it is waited.
  await delay(3_000);
  for (const { id } of jobs) await cluster.yosugara(master, ['jobs', 'set-end', session, id, '--status', 'warning']);
  await until('the end of the long session', TOLD_DEADLINE_MS, async () => {
    const { endedAt } = JSON.parse(await cluster.yosugara(master, ['jobs', 'show', session])) as { endedAt: string | null };
    return endedAt !== null ? true : undefined;
  });
  const lines = marks();
  told.measured['long commands lost'] = jobs.length;
  told.measured['marks of long commands'] = lines.length;
  say(
    `${killed} processes of the agents' host were killed: ${jobs.length} long commands are unknown, ${lines.length} marks of them`,
  );
  if (lines.length !== jobs.length || new Set(lines).size !== jobs.length)
    throw new Error(`long commands left ${lines.length} marks, ${new Set(lines).size} different ones: ${lines.join(', ')}`);
}
