import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { THREAD_POOL } from '@yosugara/kernel';
import type { Status } from '@yosugara/protocol';
import { asset, NODE, WORKSPACE } from '../host/assets.js';
import { LabHost, type Service } from '../host/host.js';
import { LINE, Network } from '../host/network.js';
import { until } from '../host/shell.js';
import { BALANCER, Balancer } from './balancer.js';
import { adapt, cliOf, initialise } from './configuration.js';
import { askStatus } from './control.js';
import {
  DATA_NAMES,
  type DataName,
  MEMBER_NAMES,
  MEMBER_NAMES_WITH_DR,
  type MemberName,
  PLACES,
  PORTS,
  type StoreName,
  VIP,
} from './layout.js';
import { patched, plantNamed } from './plants.js';
import { PowerBoards } from './power-boards.js';
import { type Built, previousVersion } from './previous.js';
import { isHealthy, summary } from './roles.js';
import { type ClusterSettings, withBoards } from './settings.js';
import { query, type SuperuserTarget } from './sql.js';

export interface SettingDocument {
  readonly kind: string;
  readonly id: string;
  readonly body: object;
}

const LINE_DELAY_MS = 20;

export interface ClusterOptions {
  readonly settings: ClusterSettings;
  readonly dir: string;
  readonly prefix: string;
  readonly plants: readonly string[];
  readonly onEvent: (line: string) => void;
}

const program = (root: string, app: string) => join(root, 'apps', app, 'dist/main.js');
/** As its unit does. */
const WITH_THREADS = ['/usr/bin/env', ...Object.entries(THREAD_POOL).map(([name, value]) => `${name}=${value}`)];
/** As a service manager's Restart=always, RestartSec=1. */
const RESPAWN_MS = 1_000;
const INITIAL_DEADLINE_MS = 240_000;
/** One more host, and one more copy, over the line. */
const INITIAL_WITH_DR_DEADLINE_MS = 300_000;

/** Two data nodes and the arbiter on hosts of their own, made by `yosugara init` as an operator would. */
export class LabCluster {
  readonly network: Network;
  readonly hosts: Readonly<Record<MemberName, LabHost>>;
  readonly #options: ClusterOptions;
  readonly members: readonly MemberName[];
  readonly power: PowerBoards;
  /** Where each host's programs are; absent: here. */
  readonly #roots = new Map<MemberName, string>();
  #previous: Built = { folder: WORKSPACE, says: 'this version itself' };
  readonly #poweringOn = new Map<MemberName, Promise<void>>();
  #balancer: Balancer | null = null;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.network = new Network(options.prefix);
    const { dir, prefix, onEvent } = options;
    const diskBytes = (options.settings.large ? 32 : 4) * 1024 ** 3;
    const host = (name: MemberName) =>
      new LabHost({ place: PLACES[name], network: this.network, prefix, dir, onEvent, diskBytes });
    this.hosts = { a: host('a'), b: host('b'), w: host('w'), d: host('d') };
    const { twoNodes, dr } = options.settings;
    this.members = twoNodes ? DATA_NAMES : dr ? MEMBER_NAMES_WITH_DR : MEMBER_NAMES;
    this.power = new PowerBoards(this, dir);
  }

  /** Formats, configures, boots; resolves when one Master, one Standby in the sync set and the arbiter stand. */
  async create(): Promise<void> {
    await mkdir(this.#options.dir, { recursive: true, mode: 0o755 });
    if (this.#options.settings.previous) {
      this.#previous = await previousVersion(this.#options.onEvent);
      for (const name of this.members) this.#roots.set(name, this.#previous.folder);
    }
    await this.network.create();
    if (this.#options.settings.dr) await this.#secondSite();
    await this.network.attach(PLACES.client);
    if (this.#options.settings.front === 'balancer') this.#balancer = await this.#startBalancer();
    if (withBoards(this.#options.settings)) await this.power.start();
    await initialise(this.#options, this.#previous.folder);
    for (const name of this.members) await adapt({ ...this.#options, power: this.power }, name);
    const plants = await Promise.all(
      this.#options.plants.map((name) => patched(plantNamed(name), join(this.#options.dir, 'plants'))),
    );
    for (const name of this.members) {
      const host = this.hosts[name];
      for (const [place, file] of plants) host.replaced.set(place, file);
      await host.install();
      await host.boot();
      await cp(join(this.#options.dir, 'init', name), host.pathFromOutside(`${host.mountpoint}/state`), { recursive: true });
      this.startServices(name);
    }
    await this.waitHealthy(this.hasDr ? INITIAL_WITH_DR_DEADLINE_MS : INITIAL_DEADLINE_MS);
  }

  async #startBalancer(): Promise<Balancer> {
    await mkdir(join(this.#options.dir, 'logs'), { recursive: true });
    return Balancer.start(this.network.namespace('client'), this.#options.dir);
  }

  async #secondSite(): Promise<void> {
    await this.network.addSite({ first: PLACES.a.address, second: PLACES.d.address });
    const delivery = { delayMs: LINE_DELAY_MS, jitterMs: 0, keepsOrder: true, doublesPercent: 0, sparedUdpPorts: [] };
    await this.network.relay(LINE, delivery);
  }

  /** Where clients are served: the next is tried after a failure. */
  get service(): readonly string[] {
    if (this.#options.settings.front === 'balancer') return [BALANCER];
    return this.hasDr ? [VIP, PLACES.d.address] : [VIP];
  }

  get hasDr(): boolean {
    return this.#options.settings.dr;
  }

  /** Who runs PostgreSQL. */
  get stores(): readonly StoreName[] {
    return this.hasDr ? [...DATA_NAMES, 'd'] : DATA_NAMES;
  }

  /** Signs the nodes' certificates. */
  get authorityFile(): string {
    return join(this.#options.dir, 'init/ca/ca.crt');
  }

  configFile(name: MemberName): string {
    return `${this.hosts[name].mountpoint}/state/yosugara.yaml`;
  }

  #rootOf(name: MemberName): string {
    return this.#roots.get(name) ?? WORKSPACE;
  }

  get previousSays(): string {
    return this.#previous.says;
  }

  /** From the next start of each of its services on. */
  installOn(name: MemberName, version: 'previous' | 'current'): void {
    this.#roots.set(name, version === 'previous' ? this.#previous.folder : WORKSPACE);
    this.startServices(name);
  }

  services(name: MemberName): readonly Service[] {
    const service = (app: string): Service => ({
      name: app,
      args: [...WITH_THREADS, NODE, '--enable-source-maps', program(this.#rootOf(name), app), '--config', this.configFile(name)],
      respawnMs: RESPAWN_MS,
    });
    return name === 'w' || name === 'd' ? [service('controller')] : [service('controller'), service('receiver')];
  }

  startServices(name: MemberName): void {
    for (const service of this.services(name)) this.hosts[name].start(service);
  }

  /** The Master, by a power device, and a scenario's repair may both ask for it: it happens once. */
  powerOn(name: MemberName): Promise<void> {
    const under = this.#poweringOn.get(name);
    if (under !== undefined) return under;
    if (this.hosts[name].isOn) return Promise.resolve();
    const booting = this.hosts[name].boot().then(() => this.startServices(name));
    this.#poweringOn.set(name, booting);
    return booting.finally(() => this.#poweringOn.delete(name));
  }

  /** What the controller of that host says. @throws when it does not answer. */
  status(name: MemberName): Promise<Status> {
    const host = this.hosts[name];
    return askStatus(host.pathFromOutside(`${host.mountpoint}/state/control.sock`));
  }

  /** Polls `name`'s controller until the status is as wanted. @returns the first such status. */
  statusWhere(name: MemberName, what: string, deadlineMs: number, wanted: (status: Status) => boolean): Promise<Status> {
    let last = 'it never answered';
    const ask = async () => {
      try {
        const status = await this.status(name);
        last = summary(status);
        return wanted(status) ? status : undefined;
      } catch (error) {
        last = error instanceof Error ? error.message : String(error);
        return undefined;
      }
    };
    return until(what, deadlineMs, ask, 100).catch((error: unknown) => {
      throw new Error(`${error instanceof Error ? error.message : error}; ${name} says: ${last}`, { cause: error });
    });
  }

  waitHealthy(deadlineMs: number): Promise<Status> {
    return this.statusWhere(this.members.at(-1) ?? 'a', 'a healthy cluster', deadlineMs, isHealthy);
  }

  /** The operator's command, on a host. @returns its JSON document. */
  yosugara(on: MemberName, args: readonly string[], deadlineMs = 180_000): Promise<string> {
    return this.hosts[on].exec(NODE, [cliOf(this.#rootOf(on)), ...args, '--json', '--config', this.configFile(on)], deadlineMs);
  }

  /** Makes them the cluster's settings, as an operator does. */
  async apply(on: DataName, documents: readonly SettingDocument[]): Promise<void> {
    const host = this.hosts[on];
    const file = `${host.mountpoint}/state/settings.json`;
    await writeFile(host.pathFromOutside(file), JSON.stringify(documents), { mode: 0o600 });
    await this.yosugara(on, ['apply', '-f', file]);
  }

  /** The same, also where it is refused: what it printed; '' where the command line itself was wrong. */
  answer(on: MemberName, args: readonly string[], deadlineMs = 60_000): Promise<string> {
    const command = [NODE, cliOf(this.#rootOf(on)), ...args, '--json', '--config', this.configFile(on)];
    return this.hosts[on].exec('sh', ['-c', '"$@" 2>/dev/null; true', 'sh', ...command], deadlineMs);
  }

  /** Who a controller holds to be Master; the first that answers with one. */
  async someStatus(): Promise<Status | undefined> {
    for (const name of this.members) {
      const status = await this.status(name).catch(() => null);
      if (status !== null && status.master !== null) return status;
    }
    return undefined;
  }

  secret(name: StoreName, file: string): string {
    return this.secretText(name, file).split('\n')[0]?.trim() ?? '';
  }

  /** All lines of it. */
  secretText(name: StoreName, file: string): string {
    const host = this.hosts[name];
    return readFileSync(host.pathFromOutside(`${host.mountpoint}/state/secrets/${file}`), 'utf8');
  }

  /** A counter or gauge of a node's manager, all its labels together; 0 where it tells none of that name. */
  async metric(name: DataName, metric: string): Promise<number> {
    const host = this.hosts[name];
    const token = `${host.mountpoint}/state/secrets/pg-app`;
    const url = `http://${PLACES[name].address}:${PORTS.api}/metrics`;
    const text = await host.exec(NODE, [asset('metrics.mjs'), url, token]);
    const lines = text.split('\n').filter((line) => new RegExp(`^${metric}[ {]`).test(line));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  superuser(name: StoreName): SuperuserTarget {
    const host = this.hosts[name];
    const socketDir = host.pathFromOutside(`${host.mountpoint}/data/run`);
    return { socketDir, port: PORTS.postgres, password: this.secret(name, 'pg-superuser') };
  }

  sql<T extends object>(name: StoreName, text: string, deadlineMs?: number): Promise<readonly T[]> {
    return query<T>(this.superuser(name), text, deadlineMs);
  }

  /** Pid of the postmaster inside its host; undefined when there is none. */
  postmaster(name: StoreName): number | undefined {
    const host = this.hosts[name];
    const file = host.pathFromOutside(`${host.mountpoint}/data/pgdata/postmaster.pid`);
    return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : undefined;
  }

  async destroy(): Promise<void> {
    await this.#balancer?.stop();
    await this.power.close();
    for (const name of MEMBER_NAMES_WITH_DR) await this.hosts[name].destroy();
    for (const { name } of [PLACES.foreign, PLACES.managed, PLACES.pinged]) await this.network.detach(name);
    await this.network.detach('client');
    await this.network.destroy();
  }
}
