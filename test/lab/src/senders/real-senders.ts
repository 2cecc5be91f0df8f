import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LabCluster } from '../cluster/cluster.js';
import { PLACES } from '../cluster/layout.js';
import { NODE } from '../host/assets.js';
import { LabToolError, until } from '../host/shell.js';
import type { FeederPlan, FeederProgress, Sent } from './plan.js';
import { fromDocs, notificationOf, type Prepared, rsyslogd, syslogNg } from './programs.js';
import { STREAMS, streamsAt } from './streams.js';

const FEEDER = fileURLToPath(new URL('feeder.js', import.meta.url));
const FIRST_INPUT_PORT = 20_001;
const START_DEADLINE_MS = 15_000;
const QUIET_DEADLINE_MS = 35_000;

export interface SenderOptions {
  readonly dir: string;
  readonly runTag: string;
  readonly rate: number;
}

/** rsyslog, syslog-ng and net-snmp's programs on a host of their own, each with a configuration of docs/senders. */
export class RealSenders {
  readonly #cluster: LabCluster;
  readonly #folder: string;
  readonly #children: ChildProcess[] = [];
  #feeder: ChildProcess | null = null;
  #progress: FeederProgress = { kind: 'progress', sent: {}, givenUp: {}, trouble: {} };

  private constructor(cluster: LabCluster, folder: string) {
    this.#cluster = cluster;
    this.#folder = folder;
  }

  /** Resolves when every stream flows. */
  static async start(cluster: LabCluster, options: SenderOptions): Promise<RealSenders> {
    const senders = new RealSenders(cluster, join(options.dir, 'senders'));
    try {
      await senders.#start(options);
      return senders;
    } catch (error) {
      await senders.stop();
      throw error;
    }
  }

  async #start({ dir, runTag, rate }: SenderOptions): Promise<void> {
    const streams = streamsAt(rate);
    await rm(this.#folder, { recursive: true, force: true });
    await this.#cluster.network.attach(PLACES.senders);
    const lines: FeederPlan['lines'][number][] = [];
    for (const [at, stream] of streams.entries()) {
      if (stream.program === 'net-snmp') continue;
      const folder = join(this.#folder, stream.name);
      const port = FIRST_INPUT_PORT + at;
      await mkdir(folder, { recursive: true });
      const make = stream.program === 'rsyslog' ? rsyslogd : syslogNg;
      await this.#run(make(this.#cluster, stream, folder, port), join(dir, 'logs', `sender-${stream.name}.log`));
      lines.push({ stream: stream.name, port, perSecond: stream.perSecond });
    }
    const script = join(this.#folder, 'notify-both.sh');
    await writeFile(script, fromDocs(this.#cluster, 'net-snmp/notify-both.sh', this.#folder));
    const notifications = streams.filter(({ program }) => program === 'net-snmp').map((each) => notificationOf(each, script));
    // No MIBs: reading them takes longer than sending.
    const env = { MIBS: '', SNMP_PERSISTENT_DIR: join(this.#folder, 'net-snmp') };
    await this.#feed({ runTag, lines, notifications, env }, join(dir, 'logs', 'feeder.log'));
    const flows = () => STREAMS.every(({ name }) => (this.#progress.sent[name] ?? 0) > 0);
    await until('every sender takes its lines', START_DEADLINE_MS, () => (flows() ? true : undefined)).catch((cause: unknown) => {
      const dry = STREAMS.filter(({ name }) => (this.#progress.sent[name] ?? 0) === 0).map(({ name }) => name);
      throw new LabToolError('senders', `nothing flows by ${dry.join(', ')}; ${JSON.stringify(this.#progress.trouble)}`, cause);
    });
  }

  async #run({ program, args, env, files }: Prepared, logFile: string): Promise<void> {
    for (const [path, text] of files) await writeFile(path, text);
    const log = openSync(logFile, 'a');
    this.#children.push(this.#spawn(program, args, env, ['ignore', log, log]));
    closeSync(log);
  }

  async #feed(plan: FeederPlan, logFile: string): Promise<void> {
    const planFile = join(this.#folder, 'feeder.json');
    // It holds passphrases.
    await writeFile(planFile, JSON.stringify(plan), { mode: 0o600 });
    const log = openSync(logFile, 'a');
    this.#feeder = this.#spawn(NODE, [FEEDER, planFile], {}, ['ignore', log, log, 'ipc']);
    closeSync(log);
    this.#feeder.on('message', (said: FeederProgress) => (this.#progress = said));
  }

  /** In the senders' namespace; it ends with the lab. */
  #spawn(program: string, args: readonly string[], env: Prepared['env'], stdio: ('ignore' | 'ipc' | number)[]): ChildProcess {
    const inside = ['nsenter', `--net=/run/netns/${this.#cluster.network.namespace(PLACES.senders.name)}`, program, ...args];
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...inside], { stdio, env: { ...process.env, ...env } });
    child.on('error', () => {});
    return child;
  }

  /** No more numbers; the senders go on until what they hold is out. @returns what of each was handed to its sender. */
  async quiet(): Promise<Readonly<Record<string, Sent>>> {
    const ended = this.#children.filter(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
    if (ended.length > 0)
      throw new LabToolError(
        'senders',
        `ended by themselves: ${ended.map((child) => child.spawnargs.slice(4, 8).join(' ')).join('; ')}`,
      );
    this.#feeder?.send('quiet');
    await until('the feeder’s last word', QUIET_DEADLINE_MS, () => (this.#progress.kind === 'done' ? true : undefined));
    const { sent, givenUp } = this.#progress;
    return Object.fromEntries(Object.entries(sent).map(([name, count]) => [name, { count, givenUp: givenUp[name] ?? [] }]));
  }

  get trouble(): Readonly<Record<string, string>> {
    return this.#progress.trouble;
  }

  async stop(): Promise<void> {
    for (const child of [this.#feeder, ...this.#children]) child?.kill('SIGKILL');
    await this.#cluster.network.detach(PLACES.senders.name);
  }
}
