import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { newAuthority } from '@yosugara/connectors/pki';
import { SILENT_LOG } from '@yosugara/kernel';
import type { AgentList, JobHistory, JobRunDetail, JobSessionDetail } from '@yosugara/protocol';
import { compiled, freePort, startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { managingConfig } from '../../agents/testing/managing.js';
import type { ManagerConfig } from '../../config.js';
import type { StartIngest } from '../../lifecycle.js';
import { openParts } from '../../parts.js';
import { startManager } from '../../start.js';
import { FakeController } from '../../testing/fake-controller.js';
import { type Answer, ask, FIRST_PASSWORD, type Method, PROBE_TOKEN } from '../../testing/harness.js';
import { quiet } from '../../testing/manager-of.js';
import { until } from './job-world.js';

const APPS = fileURLToPath(new URL('../../../../', import.meta.url));
const PROGRAM = join(APPS, 'agent/bin/yosugara-agent.mjs');
const runFile = promisify(execFile);
const PATIENCE_MS = 100_000;
/** Of a lease of a minute. */
const RENEW_MS = 10_000;

/** The program is what was built: a spec of an older one would say nothing. */
export const buildAgent = (): void => compiled(join(APPS, 'agent'));

const noIngest: StartIngest = async () => ({ behind: () => 0, failure: () => null, stop: async () => undefined });

/** One node with all of its manager but for lines that come in, its own database, and agents that are processes of their own. */
export class WholeCluster {
  readonly dir: string;
  readonly url: string;
  readonly server: TestPostgres;
  readonly #config: ManagerConfig;
  readonly #stop: () => Promise<void>;
  readonly #agents: AgentProcess[] = [];

  private constructor(dir: string, server: TestPostgres, config: ManagerConfig, stop: () => Promise<void>) {
    this.dir = dir;
    this.server = server;
    this.#config = config;
    this.#stop = stop;
    this.url = `http://${config.address}:${config.port}`;
  }

  /** @param third number of its address, 127.0.<third>.1 */
  static async open(third: number): Promise<WholeCluster> {
    const dir = mkdtempSync(join(tmpdir(), 'yosugara-whole-'));
    const server = await startTestPostgres();
    try {
      const config = await configOf(dir, server, third);
      const stop = await startWhole(config);
      return new WholeCluster(dir, server, config, stop);
    } catch (error) {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
      throw error;
    }
  }

  get agentsPort(): number {
    return this.#config.config.ports.agents;
  }

  async close(): Promise<void> {
    for (const agent of this.#agents.splice(0)) await agent.kill();
    await this.#stop();
    await this.server.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  async call(method: Method, path: string, body?: unknown): Promise<Answer> {
    const how = { bearer: PROBE_TOKEN, withinMs: 60_000 };
    return await ask(`${this.url}/api/v1${path}`, method, body === undefined ? how : { ...how, body });
  }

  async get<T>(path: string): Promise<T> {
    return (await this.#done('GET', path)) as T;
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    return (await this.#done('POST', path, body)) as T;
  }

  async #done(method: Method, path: string, body?: unknown): Promise<unknown> {
    const answer = await this.call(method, path, body);
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async apply(...documents: readonly object[]): Promise<void> {
    await this.post('/settings/import', { documents });
  }

  /* ---------- Agents ---------- */

  /** As an operator would do it: a token of the API, `yosugara-agent join`, `yosugara-agent run`. */
  async agent(id: string, token: object = {}): Promise<AgentProcess> {
    const agent = await this.joining(id, token);
    await agent.join();
    agent.run();
    await this.hasAgent(id);
    return agent;
  }

  /** One that has a token and nothing else. */
  async joining(id: string, token: object = {}): Promise<AgentProcess> {
    const made = await this.post<{ token: string }>('/agents/tokens', token);
    const agent = new AgentProcess(id, join(this.dir, `agent-${id}`), `${this.#config.address}:${this.agentsPort}`);
    writeFileSync(agent.tokenFile, `${made.token}\n`);
    this.#agents.push(agent);
    return agent;
  }

  async hasAgent(id: string, isThere = true): Promise<void> {
    const look = async () => {
      const { rows } = await this.get<AgentList>('/agents');
      return rows.some(({ agent, connected }) => agent === id && connected) === isThere;
    };
    await until(`the agent ${id} is ${isThere ? '' : 'not '}there`, look, PATIENCE_MS);
  }

  /* ---------- Sessions ---------- */

  async start(unit: string, wish: object = {}): Promise<string> {
    return (await this.post<{ session: string }>(`/job-units/${unit}/sessions`, wish)).session;
  }

  async session(id: string): Promise<JobSessionDetail> {
    return await this.get(`/job-sessions/${id}`);
  }

  async job(session: string, job: string): Promise<JobRunDetail> {
    return await this.get(`/job-sessions/${session}/job?job=${encodeURIComponent(job)}`);
  }

  async history(session: string): Promise<JobHistory['lines']> {
    return (await this.get<JobHistory>(`/job-sessions/${session}/history?limit=1000`)).lines;
  }

  /** Resolves with the session when it is over. */
  async ended(session: string): Promise<JobSessionDetail> {
    return await until(
      `the session ${session} is over`,
      async () => {
        const found = await this.session(session);
        return found.endedAt !== null && found;
      },
      PATIENCE_MS,
    );
  }

  async jobIs(session: string, job: string, state: string): Promise<JobRunDetail> {
    const look = async () => {
      const found = await this.job(session, job);
      return found.state === state && found;
    };
    return await until(`${job} of ${session} is ${state}`, look, PATIENCE_MS);
  }
}

/** `yosugara-agent` with a data folder of its own. */
export class AgentProcess {
  readonly id: string;
  readonly tokenFile: string;
  readonly #config: string;
  readonly #manager: string;
  #child: ChildProcess | null = null;

  constructor(id: string, dir: string, manager: string) {
    mkdirSync(dir, { recursive: true });
    this.id = id;
    this.tokenFile = join(dir, 'token');
    this.#config = join(dir, 'agent.yaml');
    this.#manager = manager;
    writeFileSync(this.#config, `dataDir: ${join(dir, 'data')}\n`);
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  /** The manager that answers is in this very process. @throws with what it wrote */
  async join(...more: readonly string[]): Promise<string> {
    const words = ['--manager', this.#manager, '--token-file', this.tokenFile, '--agent', this.id, '--config', this.#config];
    return (await runFile(process.execPath, [PROGRAM, 'join', ...words, ...more])).stdout;
  }

  run(): void {
    this.#child = spawn(process.execPath, [PROGRAM, 'run', '--config', this.#config], { stdio: ['ignore', 'ignore', 'inherit'] });
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal);
  }

  /** At once, as by a power cut of the process alone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
}

async function configOf(dir: string, server: TestPostgres, third: number): Promise<ManagerConfig> {
  const [pki, agents, port] = [await newAuthority('spec'), await freePort(), await freePort()];
  const postgres = { host: server.host, port: server.port };
  const sessionKey = Buffer.alloc(32, 7);
  const made = await managingConfig({ ...{ dir, pki, node: 'a', third, port: agents, postgres, sessionKey } });
  const staticDir = join(dir, 'console');
  mkdirSync(staticDir);
  writeFileSync(join(staticDir, 'index.html'), '<html></html>');
  return {
    ...{ ...made, config: quiet(made.config), vip: null, port, controlSocket: join(dir, 'control.sock'), staticDir },
    secrets: {
      sessionKey,
      probeToken: PROBE_TOKEN,
      metricsToken: null,
      firstLogin: { login: 'admin', password: FIRST_PASSWORD },
    },
  } as ManagerConfig;
}

/** As `main.ts` puts it together. @returns stops it. */
async function startWhole(config: ManagerConfig): Promise<() => Promise<void>> {
  const { node } = config;
  const controller = new FakeController(config.controlSocket, node);
  await controller.listen();
  const parts = await openParts(config, SILENT_LOG, noIngest);
  const manager = await startManager({ ...parts, onOff: () => undefined });
  controller.say({ mode: 'active', epoch: 1, master: node });
  const renewing = setInterval(() => controller.say({}), RENEW_MS);
  await until(
    'it serves',
    () => controller.lastReport()?.mode === 'active' && controller.lastReport()?.ready === true,
    PATIENCE_MS,
  );
  await until('it serves agents', () => parts.agents?.servesEpoch === 1, PATIENCE_MS);
  return async () => {
    clearInterval(renewing);
    await manager.stop();
    await controller.close();
  };
}
