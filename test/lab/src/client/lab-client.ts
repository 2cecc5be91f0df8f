import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { NODE } from '../host/assets.js';
import { LabToolError, until } from '../host/shell.js';
import type { ClientResult } from './main.js';
import type { ClientOrder, ClientPlan, ClientProgress } from './plan.js';

const PROGRAM = fileURLToPath(new URL('main.js', import.meta.url));

/** The client host's process, seen from the lab. */
export class LabClient {
  readonly #child: ChildProcess;
  readonly #plan: ClientPlan;
  #progress: ClientProgress | null = null;

  private constructor(child: ChildProcess, plan: ClientPlan) {
    this.#child = child;
    this.#plan = plan;
    child.on('message', (message: ClientProgress) => {
      if (message.kind === 'progress') this.#progress = message;
    });
  }

  static async start(plan: ClientPlan, namespace: string, planFile: string, logFile: string): Promise<LabClient> {
    await writeFile(planFile, JSON.stringify(plan), { mode: 0o600 });
    const log = openSync(logFile, 'a');
    const args = [`--net=/run/netns/${namespace}`, NODE, PROGRAM, planFile];
    const child = spawn('nsenter', args, { stdio: ['ignore', log, log, 'ipc'] });
    closeSync(log);
    child.on('error', () => {});
    return new LabClient(child, plan);
  }

  get progress(): ClientProgress | null {
    return this.#progress;
  }

  /** Both writers were acknowledged after `afterMs`. @throws DeadlineError with what troubles them. */
  async bothAcknowledgedAfter(afterMs: number, deadlineMs: number): Promise<void> {
    const since = (ackMs: number | null | undefined) => typeof ackMs === 'number' && ackMs > afterMs;
    const ask = () => (since(this.#progress?.lastAckMs.sql) && since(this.#progress?.lastAckMs.api) ? true : this.#alive());
    await until('an acknowledged write of both writers', deadlineMs, ask, 20).catch((cause: unknown) => {
      throw new LabToolError('client', `writers are not acknowledged; ${this.trouble()}`, cause);
    });
  }

  trouble(): string {
    const { sql, api } = this.#progress?.trouble ?? { sql: 'not started', api: 'not started' };
    return `SQL: ${sql ?? 'fine'}; API: ${api ?? 'fine'}`;
  }

  #alive(): undefined {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) throw new LabToolError('client', 'ended by itself');
    return undefined;
  }

  /** Stops the writers and the sender and collects what they saw. */
  async quiet(): Promise<ClientResult> {
    const ended = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.#alive();
    this.#child.send({ kind: 'quiet' } satisfies ClientOrder);
    const timer = setTimeout(() => this.kill(), 10_000);
    await ended;
    clearTimeout(timer);
    return JSON.parse(await readFile(this.#plan.resultFile, 'utf8')) as ClientResult;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
