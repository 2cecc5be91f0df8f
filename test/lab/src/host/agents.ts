import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Daemons } from '@yosugara/testkit';
import type { LabCluster } from '../cluster/cluster.js';
import { DATA_NAMES, type DataName, PLACES } from '../cluster/layout.js';
import { NODE, WORKSPACE } from './assets.js';
import { run, until } from './shell.js';

const AGENT = join(WORKSPACE, 'apps/agent/bin/yosugara-agent.mjs');
export const AGENT_PORT = 8_084;
const CONNECTED_DEADLINE_MS = 60_000;
const GONE_DEADLINE_MS = 10_000;

/** @param options of `yosugara agents token`. */
export async function joinToken(cluster: LabCluster, master: DataName, options: readonly string[]): Promise<string> {
  const args = ['agents', 'token', ...options, '--minutes', '10'];
  return (JSON.parse(await cluster.yosugara(master, args)) as { token: string }).token;
}

/** One that runs, and may be ended and begun again on the same disk. */
export class RunningAgent {
  readonly name: string;
  readonly #daemons: Daemons;
  readonly #config: string;
  readonly #socket: string;
  #group = 0;

  constructor(daemons: Daemons, name: string, config: string, dataDir: string) {
    this.name = name;
    this.#daemons = daemons;
    this.#config = config;
    this.#socket = join(dataDir, 'agent.sock');
  }

  async start(): Promise<void> {
    // What a killed one left would say that the next one is ready.
    await rm(this.#socket, { force: true });
    const { pid } = await this.#daemons.start({
      program: NODE,
      args: [AGENT, 'run', '--config', this.#config],
      ready: () => existsSync(this.#socket),
    });
    this.#group = pid ?? 0;
  }

  /** The program only: keepers and commands are in sessions of their own. Nobody is asked, and nothing is written down. */
  async kill(): Promise<void> {
    process.kill(-this.#group, 'SIGKILL');
    await until(`${this.name} is gone`, GONE_DEADLINE_MS, async () => ((await isGone(this.#group)) ? true : undefined), 20);
  }
}

/** Whoever is dead and not yet buried is gone. */
async function isGone(group: number): Promise<boolean> {
  const all = (await run('ps', ['-eo', 'pgid=,stat='])).split('\n').map((line) => line.trim().split(/\s+/));
  return !all.some(([of, state = 'Z']) => Number(of) === group && !state.startsWith('Z'));
}

/** Joins by the token, and runs. */
export async function startAgent(daemons: Daemons, agent: string, token: string, master: DataName): Promise<RunningAgent> {
  const dataDir = join(daemons.dir, agent);
  await mkdir(dataDir, { mode: 0o700 });
  const managers = DATA_NAMES.map((name) => `${PLACES[name].address}:${AGENT_PORT}`);
  const config = daemons.write(`${agent}.yaml`, `dataDir: ${dataDir}\nmanagers: ${JSON.stringify(managers)}\n`);
  const tokenFile = join(daemons.dir, `${agent}.token`);
  await writeFile(tokenFile, `${token}\n`, { mode: 0o600 });
  const manager = `${PLACES[master].address}:${AGENT_PORT}`;
  daemons.run(NODE, [...[AGENT, 'join', '--manager', manager, '--token-file', tokenFile, '--agent', agent, '--config', config]]);
  const running = new RunningAgent(daemons, agent, config, dataDir);
  await running.start();
  return running;
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
