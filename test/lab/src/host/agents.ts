import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Daemons } from '@yosugara/testkit';
import type { LabCluster } from '../cluster/cluster.js';
import { DATA_NAMES, type DataName, PLACES } from '../cluster/layout.js';
import { NODE, WORKSPACE } from './assets.js';
import { until } from './shell.js';

const AGENT = join(WORKSPACE, 'apps/agent/bin/yosugara-agent.mjs');
export const AGENT_PORT = 8_084;
const CONNECTED_DEADLINE_MS = 60_000;

/** @param options of `yosugara agents token`. */
export async function joinToken(cluster: LabCluster, master: DataName, options: readonly string[]): Promise<string> {
  const args = ['agents', 'token', ...options, '--minutes', '10'];
  return (JSON.parse(await cluster.yosugara(master, args)) as { token: string }).token;
}

/** Joins by the token, and runs. */
export async function startAgent(daemons: Daemons, agent: string, token: string, master: DataName): Promise<void> {
  const dataDir = join(daemons.dir, agent);
  await mkdir(dataDir, { mode: 0o700 });
  const managers = DATA_NAMES.map((name) => `${PLACES[name].address}:${AGENT_PORT}`);
  const config = daemons.write(`${agent}.yaml`, `dataDir: ${dataDir}\nmanagers: ${JSON.stringify(managers)}\n`);
  const tokenFile = join(daemons.dir, `${agent}.token`);
  await writeFile(tokenFile, `${token}\n`, { mode: 0o600 });
  const manager = `${PLACES[master].address}:${AGENT_PORT}`;
  daemons.run(NODE, [...[AGENT, 'join', '--manager', manager, '--token-file', tokenFile, '--agent', agent, '--config', config]]);
  await daemons.start({
    program: NODE,
    args: [AGENT, 'run', '--config', config],
    ready: () => existsSync(join(dataDir, 'agent.sock')),
  });
}

export async function agentsConnected(cluster: LabCluster, master: DataName, wanted: number): Promise<void> {
  await until(
    `${wanted} agents that are connected`,
    CONNECTED_DEADLINE_MS,
    async () => {
      const list = JSON.parse(await cluster.yosugara(master, ['agents', 'list', '--connected'])) as { rows: readonly unknown[] };
      return list.rows.length >= wanted ? true : undefined;
    },
    500,
  );
}
