import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '@yosugara/receiver-app';
import type { Daemons } from '@yosugara/testkit';
import type { RowCluster } from './row-cluster.js';
import { until } from './usage.js';

const PROGRAM = fileURLToPath(new URL('../../../apps/agent/bin/yosugara-agent.mjs', import.meta.url));

/** As `yosugara-agent join` leaves it. */
export interface AgentIdentity {
  readonly agent: string;
  readonly key: string;
  readonly certificate: string;
  readonly authority: string;
}

const SETTLE_MS = 60_000;

/** Where agents find managers, `HOST:PORT`, that of the Master first. */
export function managersOf({ cluster, master }: RowCluster): readonly string[] {
  const config = loadConfig(join(cluster.stateDir(master), 'yosugara.yaml'));
  const addressOf = (node: string) => config.cluster.members.find(({ id }) => id === node)?.address ?? '';
  return (master === 'a' ? ['a', 'b'] : ['b', 'a']).map((node) => `${addressOf(node)}:${config.ports.agents}`);
}

export async function agentsConnected(cluster: RowCluster, wanted: number): Promise<void> {
  await until('all agents are connected', SETTLE_MS, async () => {
    const { connected } = JSON.parse(await cluster.get('/api/v1/agents')) as { readonly connected: number };
    return connected >= wanted;
  });
}

/** Agents of a cluster, on this host: each joins by a token, as on any other. */
export class JobAgents {
  readonly #daemons: Daemons;
  readonly #managers: readonly string[];
  readonly #token: string;

  private constructor(daemons: Daemons, managers: readonly string[], token: string) {
    this.#daemons = daemons;
    this.#managers = managers;
    this.#token = token;
  }

  /** @param managers `HOST:PORT`, that of the Master first */
  static async prepare(cluster: RowCluster, daemons: Daemons, managers: readonly string[], most: number): Promise<JobAgents> {
    const { code, out, notes } = await cluster.cluster.yosugara(
      ...['agents', 'token', '--uses', String(most), '--minutes', '30', '--json'],
    );
    if (code !== 0) throw new Error(`there is no token for agents: ${notes}`);
    const file = join(daemons.dir, 'token');
    writeFileSync(file, `${(JSON.parse(out) as { readonly token: string }).token}\n`, { mode: 0o600 });
    return new JobAgents(daemons, managers, file);
  }

  /** Its certificate, for somebody who speaks as it. */
  join(agent: string): AgentIdentity {
    const { dataDir, config } = this.#folderOf(agent);
    const words = ['--manager', this.#managers[0]!, '--token-file', this.#token, '--agent', agent, '--config', config];
    this.#daemons.run(process.execPath, [PROGRAM, 'join', ...words]);
    return JSON.parse(readFileSync(join(dataDir, 'identity', 'identity.json'), 'utf8')) as AgentIdentity;
  }

  /** Joins, and runs. @returns its process */
  async start(agent: string): Promise<number> {
    this.join(agent);
    const { dataDir, config } = this.#folderOf(agent);
    const { pid = 0 } = await this.#daemons.start({
      program: process.execPath,
      args: [PROGRAM, 'run', '--config', config],
      ready: () => existsSync(join(dataDir, 'agent.sock')),
    });
    return pid;
  }

  #folderOf(agent: string): { readonly dataDir: string; readonly config: string } {
    const dataDir = join(this.#daemons.dir, agent);
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const lines = [`dataDir: ${dataDir}`, `managers: ${JSON.stringify(this.#managers)}`, 'log: warn'];
    return { dataDir, config: this.#daemons.write(`${agent}.yaml`, `${lines.join('\n')}\n`) };
  }
}
