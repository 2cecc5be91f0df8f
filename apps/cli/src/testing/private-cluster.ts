import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { THREAD_POOL } from '@yosugara/kernel';
import type { Status } from '@yosugara/protocol';
import { freePorts } from '@yosugara/testkit';
import { Controllers } from '../control/client.js';
import { initCluster } from '../init/index.js';
import { CLONE } from '../local/layout.js';
import { prepareDataDir } from '../local/prepare.js';
import { signal } from '../local/processes.js';
import { runProgram } from '../program.js';

/** For whatever comes by itself: many times what it takes, for a machine that others share. */
const PATIENCE_MS = 180_000;

/** A whole cluster of real processes on loopback addresses and ports of its own, for one spec file. */
export class PrivateCluster {
  readonly root: string;
  readonly #children = new Map<string, ChildProcess>();
  /** Programs that are started again whenever they end by themselves, as a service manager does. */
  readonly #kept = new Set<string>();
  readonly #nodes: readonly string[];

  private constructor(root: string, nodes: readonly string[]) {
    this.root = root;
    this.#nodes = nodes;
  }

  /**
   * @param third the third number of its addresses, 127.0.<third>.1 to .3: specs run beside each other.
   * @param withDr a fourth member `d` at .4 is a copy in another site.
   */
  static async open(third: number, autoRejoin: 'never' | 'clean' = 'never', withDr = false): Promise<PrivateCluster> {
    const root = mkdtempSync('/tmp/ysc-');
    chmodSync(root, 0o755);
    const cluster = new PrivateCluster(root, withDr ? ['a', 'b', 'w', 'd'] : ['a', 'b', 'w']);
    const numbers = await freePorts(PORTS.length);
    const ports = Object.fromEntries(PORTS.map((name, at) => [name, numbers[at]!]));
    await initCluster(join(root, 's'), {
      clusterId: `spec-${third}`,
      members: [
        { id: 'a', kind: 'data', address: `127.0.${third}.1`, zone: 'a' },
        { id: 'b', kind: 'data', address: `127.0.${third}.2`, zone: 'b' },
        { id: 'w', kind: 'witness', address: `127.0.${third}.3`, zone: 'w' },
        ...(withDr ? [{ id: 'd', kind: 'dr' as const, address: `127.0.${third}.4`, zone: 'd' }] : []),
      ],
      // All of it shares this machine, and with others: any process may stand still for longer than `lan` bears.
      profile: 'tolerant',
      autoRejoin,
      stopProofs: ['P1', 'P4'],
      ports,
      dataDir: join(root, 'd', '%n'),
      // Loopback addresses: nobody listens between.
      consoleTls: false,
    });
    cluster.#makeFolders();
    return cluster;
  }

  #makeFolders(): void {
    mkdirSync(join(this.root, 'd'), { mode: 0o755 });
    for (const node of this.#nodes.filter((name) => name !== 'w')) prepareDataDir(this.dataDir(node), 'postgres');
  }

  /** All hosts at once, and everything that was on them: new ones are in their places. */
  async burn(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => this.powerOff(node)));
    for (const folder of ['s', 'd']) rmSync(join(this.root, folder), { recursive: true, force: true });
    this.#makeFolders();
  }

  stateDir = (node: string): string => join(this.root, 's', node);
  dataDir = (node: string): string => join(this.root, 'd', node);

  start(
    node: string,
    apps: readonly string[] = node === 'a' || node === 'b' ? ['controller', 'receiver'] : ['controller'],
  ): void {
    for (const app of apps) {
      this.#kept.delete(`${node}/${app}`);
      const log = openSync(join(this.stateDir(node), `${app}.log`), 'a', 0o600);
      const args = [join(CLONE, 'apps', app, 'dist', 'main.js'), '--config', join(this.stateDir(node), 'yosugara.yaml')];
      const env = { ...process.env, ...THREAD_POOL };
      const child = spawn(process.execPath, args, { cwd: this.stateDir(node), env, stdio: ['ignore', log, log], detached: true });
      closeSync(log);
      child.on('error', () => {});
      this.#children.set(`${node}/${app}`, child);
    }
  }

  /** Starts all members; then `first` is the Master of two in sync. Left to themselves, the quickest makes the database. */
  async born(first: 'a' | 'b', start: (node: string) => void = (node) => this.start(node)): Promise<void> {
    for (const node of this.#nodes) start(node);
    if ((await this.whole()) !== first) await this.switchover(first);
    await this.until(`${first} serves`, (status) => inSync(status) && status.master === first);
  }

  /** A node that just stood still cannot take over, and the cluster says so: as its operator would, we ask again once it can. */
  async switchover(to: string): Promise<void> {
    for (const untilMs = performance.now() + PATIENCE_MS; ; ) {
      const serves = await this.until(
        `${to} can take over`,
        ({ master, nodes }) => nodes.some(({ name, syncSet }) => name === to && syncSet) && master,
      );
      if (serves === to) return;
      const { code, notes } = await this.yosugara('switchover', '--to', to);
      if (code === 0) return;
      if (!/not in the sync set|gave it up/.test(notes) || performance.now() > untilMs)
        throw new Error(`the switchover to ${to} failed: ${notes}`);
    }
  }

  /**
   * Two in sync. On a machine of others the first start may be cut short on one node: both have made a database then, and that of the
   * Master counts (docs/installation.md).
   *
   * @returns the Master.
   */
  async whole(): Promise<string> {
    const twice = await this.until(
      'two in sync',
      (status) => (inSync(status) && status.master !== null) || (isTwice(status) && 'twice'),
    );
    if (twice === 'twice') {
      const { code, notes } = await this.yosugara('recover', '--discard-unknown');
      if (code !== 0) throw new Error(`the second of two databases was not replaced: ${notes}`);
    }
    return await this.until('two in sync', (status) => inSync(status) && status.master);
  }

  /** As `start`, and again whenever it ends by itself, until the node is killed. */
  keep(node: string): void {
    this.start(node);
    for (const [name, child] of this.#children) {
      const app = name.slice(node.length + 1);
      if (!name.startsWith(`${node}/`) || child.exitCode !== null || child.signalCode !== null) continue;
      this.#keepChild(node, app, child);
    }
  }

  #keepChild(node: string, app: string, child: ChildProcess): void {
    const name = `${node}/${app}`;
    this.#kept.add(name);
    child.once('exit', () => {
      if (!this.#kept.has(name)) return;
      this.start(node, [app]);
      this.#keepChild(node, app, this.#children.get(name)!);
    });
  }

  /** kill -9 of everything that the node runs, PostgreSQL and its tools included. */
  async kill(node: string): Promise<void> {
    for (const name of [...this.#kept]) if (name.startsWith(`${node}/`)) this.#kept.delete(name);
    for (let quiet = 0; quiet < 2; ) {
      const left = this.#processesOf(node);
      for (const pid of left) signal(pid, 'SIGKILL');
      quiet = left.length === 0 ? quiet + 1 : 0;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** A host that stands still: nothing of it can say that it has stopped, for its dead man stands still first. */
  freeze(node: string): void {
    for (const pid of [...this.#deadMan(node), ...this.#processesOf(node)]) signal(pid, 'SIGSTOP');
  }

  /**
   * As `kill`, and nothing of it gets to say so: a dead man that outlives its controller by a moment signs that all has stopped, and a
   * controller without its dead man stops all by itself. So all are looked for before the first is hit.
   */
  async powerOff(node: string): Promise<void> {
    for (const pid of [...this.#deadMan(node), ...this.#processesOf(node)]) signal(pid, 'SIGKILL');
    await this.kill(node);
  }

  /** Only the controller: its dead man, and whatever tool it runs, see it go. */
  killController(node: string): void {
    this.#children.get(`${node}/controller`)?.kill('SIGKILL');
  }

  /** That process has ended. */
  async gone(node: string, app: string): Promise<void> {
    const child = this.#children.get(`${node}/${app}`);
    for (
      const untilMs = performance.now() + PATIENCE_MS;
      child !== undefined && child.exitCode === null && child.signalCode === null;
    ) {
      if (performance.now() > untilMs) throw new Error(`${node}/${app} does not end`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Whoever stands still does not answer in time, and that passes. */
  async status(): Promise<Status> {
    return await this.until('somebody answers', (status) => status);
  }

  async #look(): Promise<Status> {
    return await new Controllers(this.#nodes.map((node) => join(this.stateDir(node), 'control.sock'))).status();
  }

  /** What this very member says, whatever others know. */
  async statusOf(node: string): Promise<Status> {
    return await new Controllers([join(this.stateDir(node), 'control.sock')]).status();
  }

  /** GET on the node's status endpoint, as a load balancer asks. */
  async http(node: string, path: string): Promise<{ readonly status: number; readonly text: string }> {
    const config = readFileSync(join(this.stateDir(node), 'yosugara.yaml'), 'utf8');
    const port = /status: (\d+)/.exec(config)![1]!;
    const { address } = (await this.statusOf(node)).nodes.find((known) => known.name === node)!;
    const answer = await fetch(`http://${address}:${port}${path}`, { signal: AbortSignal.timeout(20_000) });
    return { status: answer.status, text: await answer.text() };
  }

  async node(name: string): Promise<Status['nodes'][number]> {
    return (await this.status()).nodes.find((node) => node.name === name)!;
  }

  async until<T>(what: string, look: (status: Status) => T | null | false | undefined): Promise<T> {
    for (const untilMs = performance.now() + PATIENCE_MS; ; await new Promise((resolve) => setTimeout(resolve, 40))) {
      const status = await this.#look().catch(() => null);
      const found = status === null ? null : look(status);
      if (found !== null && found !== undefined && found !== false) return found;
      if (performance.now() > untilMs)
        throw new Error(
          `${what}: not within ${PATIENCE_MS} ms; ${JSON.stringify(status?.nodes.map(({ name, role, why, recover }) => ({ name, role, why, recover })))}`,
        );
    }
  }

  /** `yosugara <args>` as an operator of this cluster types it. */
  async yosugara(...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly notes: string }> {
    let [out, notes] = ['', ''];
    const terminal = {
      out: (text: string) => void (out += `${text}\n`),
      note: (text: string) => void (notes += text),
      ...{ color: false, live: false, columns: 100 },
    };
    const env = { YOSUGARA_STATE: join(this.root, 's') };
    const code = await runProgram(args, { terminal, env, cwd: this.root, stop: new AbortController().signal });
    return { code, out, notes };
  }

  /** psql's arguments and password, as a program of the application comes: over TCP. */
  clientOf(node: string): { readonly args: readonly string[]; readonly password: string } {
    const config = readFileSync(join(this.stateDir(node), 'yosugara.yaml'), 'utf8');
    const port = /postgres: (\d+)/.exec(config)![1]!;
    const address = new RegExp(`id: ${node}\\n(?: .*\\n)*? +address: (\\S+)`).exec(config)![1]!;
    const password = readFileSync(join(this.stateDir(node), 'secrets/pg-app'), 'utf8').trim();
    return { args: ['-h', address, '-p', port, '-U', 'yosugara_app', '-d', 'yosugara', '-Atq'], password };
  }

  /** As PostgreSQL's superuser, through psql. */
  sql(node: string, text: string, database = 'yosugara'): string {
    const config = readFileSync(join(this.stateDir(node), 'yosugara.yaml'), 'utf8');
    const port = /postgres: (\d+)/.exec(config)![1]!;
    const password = readFileSync(join(this.stateDir(node), 'secrets/pg-superuser'), 'utf8').trim();
    const sockets = existsSync(join(this.dataDir(node), 'run')) ? join(this.dataDir(node), 'run') : '/tmp';
    return execFileSync('psql', ['-h', sockets, '-p', port, '-U', 'postgres', '-d', database, '-Atqc', text], {
      env: { PATH: process.env['PATH'] ?? '', PGPASSWORD: password },
      encoding: 'utf8',
      timeout: 120_000,
    }).trim();
  }

  async close(): Promise<void> {
    for (const node of this.#nodes) await this.kill(node).catch(() => {});
    rmSync(this.root, { recursive: true, force: true });
  }

  /** It runs with `/` as its working directory and without arguments: its file tells. */
  #deadMan(node: string): number[] {
    try {
      const { pid } = JSON.parse(readFileSync(join(this.stateDir(node), 'pids/deadman.json'), 'utf8')) as { pid: number };
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('deadman-main') ? [pid] : [];
    } catch {
      return [];
    }
  }

  #processesOf(node: string): number[] {
    const mine = [this.stateDir(node), this.dataDir(node)];
    const listed = execFileSync('ps', ['-eo', 'pid=,stat=,args='], { encoding: 'utf8', maxBuffer: 1 << 24 })
      .trim()
      .split('\n');
    return listed.flatMap((line) => {
      const [pid = '', state = '', ...args] = line.trim().split(/\s+/);
      if (state.startsWith('Z') || Number(pid) === process.pid) return [];
      const where = cwdOf(Number(pid));
      const ours = mine.some(
        (place) => args.join(' ').includes(`${place}/`) || where === place || where?.startsWith(`${place}/`),
      );
      return ours && args[0] !== 'ps' ? [Number(pid)] : [];
    });
  }
}

const inSync = ({ nodes }: Status): boolean => nodes.every(({ name, syncSet }) => syncSet || name === 'd');
const isTwice = ({ master, nodes }: Status): boolean =>
  master !== null && nodes.some(({ role, why }) => role === 'HALT' && why.includes('belongs to another cluster'));

const PORTS = ['syslog', 'syslogTls', 'trap', 'console', 'status', 'agents', 'cluster', 'journal', 'postgres'] as const;

function cwdOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return null;
  }
}
