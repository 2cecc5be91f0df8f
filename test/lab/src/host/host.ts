import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rmdir, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { invariant } from '@yosugara/kernel';
import { asset } from './assets.js';
import { cutPowerOf, Disk } from './disk.js';
import type { Network, NetworkPlace } from './network.js';
import { LabToolError, run, tryRun, until } from './shell.js';

export interface Service {
  readonly name: string;
  readonly args: readonly string[];
  /** Restart after so many ms, as a service manager would; null: stays down. */
  readonly respawnMs: number | null;
}

const CGROUP_ROOTS = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup', '/sys/fs/cgroup/freezer'];

/** Where cgroups v2 is, and v1's freezer where there is one. */
function cgroupParents(): readonly string[] {
  const v2 = CGROUP_ROOTS.slice(0, 2).find((at) => existsSync(`${at}/cgroup.controllers`));
  const v1 = existsSync('/sys/fs/cgroup/freezer/tasks') ? '/sys/fs/cgroup/freezer' : undefined;
  return [v2, v1].filter((at) => at !== undefined);
}

/**
 * A computer of the lab: its own network, PID, mount, IPC, UTS and cgroup namespaces, its own disk, and an init that reaps.
 * `boot` and `powerOff` are what its power controller does.
 */
export class LabHost {
  readonly name: string;
  readonly place: NetworkPlace;
  /** Consensus log, journal, configuration. */
  readonly disk: Disk;
  /** PGDATA; mounted at `data` below the mount point. */
  readonly dataDisk: Disk;
  /** Where the disk is mounted inside the host; an empty folder outside. */
  readonly mountpoint: string;
  readonly #network: Network;
  readonly #cgroup: string;
  readonly #logDir: string;
  #unshare: ChildProcess | null = null;
  #initPid = 0;
  /** The end of its life before. */
  #ending: Promise<void> = Promise.resolve();
  readonly #pids = new Map<string, number>();
  readonly #onEvent: (line: string) => void;
  /** Files that this host sees in another version: path → replacement. Taken at the next boot. */
  readonly replaced = new Map<string, string>();

  constructor(options: {
    place: NetworkPlace;
    network: Network;
    prefix: string;
    dir: string;
    onEvent?: (line: string) => void;
    diskBytes?: number;
  }) {
    this.name = options.place.name;
    this.place = options.place;
    this.#network = options.network;
    this.#cgroup = `${options.prefix}-${this.name}`;
    this.mountpoint = `${options.dir}/${this.name}`;
    this.#logDir = `${options.dir}/logs`;
    this.disk = new Disk(`${options.dir}/${this.name}.disk`, options.diskBytes);
    this.dataDisk = new Disk(`${options.dir}/${this.name}-data.disk`, options.diskBytes);
    this.#onEvent = options.onEvent ?? (() => {});
  }

  get isOn(): boolean {
    return this.#unshare !== null;
  }

  async install(): Promise<void> {
    await mkdir(this.mountpoint, { recursive: true });
    await mkdir(this.#logDir, { recursive: true });
    await Promise.all([this.disk.format(), this.dataDisk.format()]);
  }

  /** Power on. Resolves when init has mounted the disk; services are started by the caller. */
  async boot(): Promise<void> {
    await this.#ending; // Power that comes back at once: the cut is seen to its end first.
    invariant(this.#unshare === null, `${this.name} is off before it boots`);
    await this.#network.attach(this.place);
    const cgroups = cgroupParents().map((parent) => `${parent}/${this.#cgroup}`);
    for (const at of cgroups) await mkdir(at, { recursive: true });
    // Enter the cgroups first, so that the cgroup namespace made by unshare has them as its root.
    const enter = cgroups.map((at) => `echo $$ > '${at}/cgroup.procs' && `).join('');
    const unshare = 'unshare --pid --mount --ipc --uts --cgroup --fork --kill-child --mount-proc --propagation private';
    const script = `${enter}exec nsenter --net='/run/netns/${this.#network.namespace(this.name)}' ${unshare} perl "$@"`;
    const binds = [...this.replaced].flatMap(([place, file]) => [file, place]);
    const init = [asset('init.pl'), this.name, this.disk.image, this.dataDisk.image, this.mountpoint, ...binds];
    const child = spawn('sh', ['-c', script, 'sh', ...init], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#unshare = child;
    child.stdin.on('error', () => {}); // init is gone: the exit event says so
    await this.#untilReady(child);
    this.#initPid = await until(`init of ${this.name}`, 5_000, () => firstChild(child.pid ?? 0), 10);
  }

  #untilReady(child: ChildProcess): Promise<void> {
    return new Promise((resolve, reject) => {
      let complaint = '';
      child.stderr?.on('data', (data: Buffer) => {
        complaint = (complaint + data.toString()).slice(-2000);
        this.#onEvent(`${this.name} init: ${data.toString().trim()}`);
      });
      child.once('error', reject);
      child.once('exit', () => {
        if (this.#unshare === child) this.#unshare = null;
        reject(new LabToolError(`boot of ${this.name}`, complaint.trim() || 'init ended'));
      });
      if (child.stdout === null) return;
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line === 'ready') resolve();
        else this.#hear(line);
      });
    });
  }

  #hear(line: string): void {
    const [verb, name = '', pid = ''] = line.split('\t');
    if (verb === 'up') this.#pids.set(name, Number(pid));
    if (verb === 'down') this.#pids.delete(name);
    this.#onEvent(`${this.name} ${line.replaceAll('\t', ' ')}`);
  }

  #tell(...fields: readonly (string | number)[]): void {
    invariant(!fields.some((field) => /[\t\n]/.test(String(field))), 'no field for init holds a tab or a newline');
    this.#unshare?.stdin?.write(`${fields.join('\t')}\n`);
  }

  start(service: Service): void {
    this.#tell('start', service.name, service.respawnMs ?? -1, this.logOf(service.name), ...service.args);
  }

  respawn(name: string, respawnMs: number | null): void {
    this.#tell('respawn', name, respawnMs ?? -1);
  }

  /** @param pid inside the host's PID namespace */
  kill(signal: 'KILL' | 'STOP' | 'CONT' | 'TERM' | 'USR1' | 'INT', pid: number): void {
    this.#tell('kill', signal, pid);
  }

  /** Inside the host's PID namespace; undefined while it is down. */
  pidOf(service: string): number | undefined {
    return this.#pids.get(service);
  }

  logOf(service: string): string {
    return `${this.#logDir}/${this.name}-${service}.log`;
  }

  /** A path of the host as the lab can open it. Only while it is on. */
  pathFromOutside(path: string): string {
    return `/proc/${this.#initPid}/root${path}`;
  }

  /** Command line that runs a program inside the host. */
  inside(program: string, args: readonly string[]): readonly [string, readonly string[]] {
    return ['nsenter', ['-t', String(this.#initPid), '--all', program, ...args]];
  }

  /**
   * Power off, as a power cut does it: first nothing leaves the host any more, then nothing reaches its disk, then nothing
   * runs. In this order whatever a client was told had been said by a host whose disk still worked.
   */
  async powerOff(): Promise<void> {
    const child = this.#unshare;
    if (child === null) return;
    await this.#network.cable(this.name, 'out');
    await this.thaw();
    await this.#releaseDisks();
    await cutPowerOf(this.volume('data'), this.volume('state')).catch((error: unknown) => this.#onEvent(`${this.name} ${error}`));
    await this.#killAll(child);
  }

  /** A volume's mount point, as the lab can open it. Only while the host is on. */
  volume(which: 'state' | 'data'): string {
    return this.pathFromOutside(which === 'state' ? this.mountpoint : `${this.mountpoint}/data`);
  }

  /** The operating system is shut down: SIGTERM to all processes, 10 s later SIGKILL to who is left, then the disks are unmounted. */
  async shutdown(graceMs = 10_000): Promise<void> {
    const child = this.#unshare;
    if (child === null) return;
    const gone = new Promise<true>((resolve) => child.once('exit', () => resolve(true)));
    this.#tell('shutdown', graceMs / 1000);
    await until(`shutdown of ${this.name}`, graceMs + 15_000, () => Promise.race([gone, delay(100).then(() => undefined)]), 0);
    await this.#killAll(child);
  }

  /** Every process of the host stops where it is, its connections stay up: a malfunction of the operating system, or a paused virtual machine. */
  async freeze(): Promise<void> {
    await writeFile(this.#freezer(), this.#freezer().endsWith('cgroup.freeze') ? '1' : 'FROZEN');
  }

  async thaw(): Promise<void> {
    const file = this.#freezer();
    if (existsSync(file)) await writeFile(file, file.endsWith('cgroup.freeze') ? '0' : 'THAWED');
  }

  #freezer(): string {
    const [v2] = cgroupParents().filter((at) => existsSync(`${at}/${this.#cgroup}/cgroup.freeze`));
    return v2 === undefined ? `/sys/fs/cgroup/freezer/${this.#cgroup}/freezer.state` : `${v2}/${this.#cgroup}/cgroup.freeze`;
  }

  /** Runs a program inside the host. @returns its output. */
  exec(program: string, args: readonly string[], deadlineMs?: number): Promise<string> {
    const [nsenter, all] = this.inside(program, args);
    return run(nsenter, all, deadlineMs);
  }

  /** A frozen file system would hold its writers, and with them the host, for ever. */
  async #releaseDisks(): Promise<void> {
    for (const which of ['data', 'state'] as const) await tryRun('fsfreeze', ['--unfreeze', this.volume(which)], 3_000);
  }

  /** The end of the lab: no care for the disk. */
  async destroy(): Promise<void> {
    if (this.#unshare !== null) await this.#killAll(this.#unshare);
    else await this.#network.detach(this.name);
  }

  async #killAll(child: ChildProcess): Promise<void> {
    const ending = this.#end(child);
    this.#ending = ending.catch(() => {});
    await ending;
  }

  async #end(child: ChildProcess): Promise<void> {
    const gone = new Promise<void>((resolve) =>
      child.exitCode !== null || child.signalCode !== null ? resolve() : child.once('exit', () => resolve()),
    );
    await this.thaw().catch(() => {});
    if (this.#initPid > 0 && child.exitCode === null) {
      await this.#releaseDisks();
      killIfThere(this.#initPid);
    }
    child.kill('SIGKILL');
    await gone;
    this.#unshare = null;
    this.#initPid = 0;
    this.#pids.clear();
    await this.disk.waitUntilReleased();
    await this.dataDisk.waitUntilReleased();
    await this.#network.detach(this.name);
    for (const parent of cgroupParents()) await removeCgroup(`${parent}/${this.#cgroup}`);
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // already gone
  }
}

function firstChild(pid: number): number | undefined {
  try {
    const first = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0];
    return first === undefined || first === '' ? undefined : Number(first);
  } catch {
    return undefined;
  }
}

/** Thaws and kills what is still inside (a frozen process does not die), then removes the folders from the leaves up. */
export async function removeCgroup(at: string): Promise<void> {
  if (!existsSync(at)) return;
  for (const [file, value] of [
    ['freezer.state', 'THAWED'],
    ['cgroup.freeze', '0'],
    ['cgroup.kill', '1'],
  ] as const)
    if (existsSync(`${at}/${file}`)) await writeFile(`${at}/${file}`, value).catch(() => {});
  for (const entry of await readdir(at, { withFileTypes: true }).catch(() => []))
    if (entry.isDirectory()) await removeCgroup(`${at}/${entry.name}`);
  await until(
    `removal of ${at}`,
    5_000,
    () =>
      rmdir(at).then(
        () => true,
        () => undefined,
      ),
    20,
  ).catch(() => {});
}
