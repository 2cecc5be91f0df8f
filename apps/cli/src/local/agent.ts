import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { explain } from '@yosugara/kernel';
import { STATE_LAYOUT } from '@yosugara/protocol';
import { agentsAddToken } from '@yosugara/protocol/api';
import { stringify } from 'yaml';
import { findNodes } from '../control/find.js';
import { ManagerApi } from '../control/manager-api.js';
import { DATA_NODES, type Layout } from './layout.js';
import { MARK } from './processes.js';
import { Service, type ServiceSpec } from './service.js';

/** Id of its node in the repository. */
export const LOCAL_AGENT = 'localhost';
const AGAIN_MS = 2_000;
const JOIN_MS = 60_000;
const DEADLINE_MS = 10_000;

export const agentProgram = (layout: Layout): string => join(layout.root, 'apps', 'agent', 'bin', 'yosugara-agent.mjs');
export const agentDir = (layout: Layout): string => join(layout.state, 'agent');

/** The one agent beside the local cluster: it joins as soon as somebody is Master, and runs from then on. */
export class LocalAgent {
  readonly #layout: Layout;
  readonly #service: Service;
  readonly #stop = new AbortController();
  #starting: Promise<void> | null = null;
  #isRunning = false;

  /** null = its program is not built. */
  static of(layout: Layout): LocalAgent | null {
    const isBuilt = existsSync(agentProgram(layout)) && existsSync(join(layout.root, 'apps', 'agent', 'dist', 'index.js'));
    return isBuilt ? new LocalAgent(layout) : null;
  }

  private constructor(layout: Layout) {
    this.#layout = layout;
    this.#service = new Service(specOf(layout));
  }

  start(): void {
    this.#starting ??= this.#run();
  }

  trimLog(): void {
    this.#service.trimLog();
  }

  async stop(graceMs: number): Promise<void> {
    this.#stop.abort();
    await this.#starting;
    if (this.#isRunning) await this.#service.stop(graceMs);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const dir = agentDir(this.#layout);
    // The clone may have moved.
    writeFileSync(join(dir, 'agent.yaml'), stringify({ dataDir: join(dir, 'data') }), { mode: 0o600 });
    let said = '';
    while (!signal.aborted && !existsSync(join(dir, 'data', 'identity', 'identity.json'))) {
      try {
        await this.#join(dir);
      } catch (error) {
        const why = explain(error);
        if (why !== said && !signal.aborted) process.stderr.write(`agent: has not joined yet: ${why}\n`);
        said = why;
        await pause(AGAIN_MS, signal);
      }
    }
    if (signal.aborted) return;
    this.#isRunning = true;
    this.#service.start();
  }

  async #join(dir: string): Promise<void> {
    const api = ManagerApi.of(findNodes({ env: {}, cwd: '/', config: join(this.#layout.state, DATA_NODES[0], 'yosugara.yaml') }));
    const ask = { node: LOCAL_AGENT, description: 'the agent of npm start', by: 'npm start' };
    const { token } = await api.ask(agentsAddToken(ask), DEADLINE_MS);
    const file = join(dir, 'token');
    writeFileSync(file, `${token}\n`, { mode: 0o600 });
    try {
      await this.#joinAtMaster(api, dir, file);
    } finally {
      await rm(file, { force: true });
    }
  }

  /** Only the Master lets it join; the token is used up by nobody else. */
  async #joinAtMaster(api: ManagerApi, dir: string, tokenFile: string): Promise<void> {
    const { signal } = this.#stop;
    const config = findNodes({ env: {}, cwd: '/', config: join(this.#layout.state, DATA_NODES[0], 'yosugara.yaml') })[0]?.config;
    const port = config?.ports.agents ?? 8084;
    let last: unknown = null;
    for (const { address } of api.nodes) {
      const args = ['join', '--manager', `${address}:${port}`, '--token-file', tokenFile, '--agent', LOCAL_AGENT];
      const how = { timeout: JOIN_MS, signal, env: { ...process.env, [MARK]: this.#layout.state } };
      try {
        await promisify(execFile)(
          process.execPath,
          [agentProgram(this.#layout), ...args, '--config', join(dir, 'agent.yaml')],
          how,
        );
        return;
      } catch (error) {
        last = (error as { stderr?: string }).stderr?.trim() || error;
      }
    }
    throw typeof last === 'string' ? new Error(last) : last;
  }
}

function specOf(layout: Layout): ServiceSpec {
  const dir = agentDir(layout);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return {
    name: 'agent',
    args: [agentProgram(layout), 'run', '--config', join(dir, 'agent.yaml')],
    cwd: dir,
    logFile: join(dir, STATE_LAYOUT.logs, 'agent.log'),
    pidFile: join(dir, STATE_LAYOUT.pids, 'agent.pid'),
    state: layout.state,
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
