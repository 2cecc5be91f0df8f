import { re2Patterns } from '@yosugara/connectors';
import { epoch as epochOf, SILENT_LOG } from '@yosugara/kernel';
import type { SettingKind } from '@yosugara/protocol';
import { parseSetting } from '@yosugara/protocol';
import {
  type JobBatch,
  JobLoop,
  type JobStore,
  readSettings,
  SettingsJobRules,
  SettingsRules,
  SettingsSnapshot,
  SettingsTimes,
} from '@yosugara/runtime';
import { JobReportRepository, JobRepository, OperationsRepository, openStore, Partitions, type Store } from '@yosugara/store';
import { startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import pg from 'pg';
import { hostClock } from '../../clock.js';
import { type Command, FakeAgent, FakeLinks } from './fake-agents.js';

/** What happens around the commit of a batch; a spec makes it fail. */
export interface CommitFault {
  readonly before?: (batch: JobBatch) => void;
  readonly after?: (batch: JobBatch) => void;
}

/** A database, agents that outlive managers, and managers one after the other. */
export class JobWorld {
  readonly server: TestPostgres;
  readonly store: Store;
  readonly pool: pg.Pool;
  readonly reports: JobReportRepository;
  readonly snapshot = new SettingsSnapshot();
  readonly agents = new Map<string, FakeAgent>();
  readonly managers: Manager[] = [];
  fault: CommitFault = {};
  #version = 0;

  private constructor(server: TestPostgres) {
    const where = { host: server.host, port: server.port, database: 'postgres', user: 'postgres' };
    this.server = server;
    this.store = openStore(where);
    this.pool = new pg.Pool({ ...where, pipeline: true });
    this.reports = new JobReportRepository(this.pool);
  }

  static async open(): Promise<JobWorld> {
    const world = new JobWorld(await startTestPostgres());
    await world.store.migrate();
    return world;
  }

  async close(): Promise<void> {
    await this.endManagers();
    await this.pool.end();
    await this.store.close();
    await this.server.stop();
  }

  async endManagers(): Promise<void> {
    for (const manager of this.managers.splice(0)) await manager.end();
  }

  /** Everything as it was at first. */
  async clear(): Promise<void> {
    await this.endManagers();
    this.fault = {};
    this.agents.clear();
    await this.pool.query(`
      truncate job_session, job_mark, job_link, agent_spool, event, setting, setting_ref, setting_history restart identity cascade;
      update job_progress set version = 0; update ownership set epoch = 0`);
    const empty = new SettingsSnapshot();
    this.#version++;
    this.snapshot.replaceBy(empty, { version: this.#version, epoch: 1 });
  }

  /** As the API would put it: into the database, and into every manager's memory. */
  async put(kind: SettingKind, id: string, body: object, revision = 1): Promise<void> {
    const parsed = parseSetting({ kind, id, body });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed));
    const { setting } = parsed;
    this.#version++;
    const stored = { description: '', enabled: true, ownerRole: 'admin', body: setting.body };
    await this.pool.query(
      `with w as (insert into setting_history (kind, id, revision, version, epoch, by, body) values ($1, $2, $3, $4, 1, 'spec', $5))
       insert into setting (kind, id, revision, version, description, enabled, owner_role, body, created_by, modified_by)
       values ($1, $2, $3, $4, '', true, 'admin', $6, 'spec', 'spec')
       on conflict (kind, id) do update set revision = excluded.revision, body = excluded.body, modified_at = now()`,
      [kind, id, revision, this.#version, JSON.stringify(stored), JSON.stringify(setting.body)],
    );
    this.snapshot.apply(readSettings([{ kind, id, revision, ...stored }]), [], { version: this.#version, epoch: 1 });
  }

  async node(id: string, command: Command = () => ({ code: 0 })): Promise<FakeAgent> {
    await this.put('node', id, { name: id, addresses: [`10.0.0.${this.agents.size + 1}`] });
    const agent = new FakeAgent(id, command);
    this.agents.set(id, agent);
    return agent;
  }

  manager(epoch: number): Manager {
    const manager = new Manager(this, epoch);
    this.managers.push(manager);
    return manager;
  }

  jobStore(): JobStore {
    return new JobRepository(this.pool, new OperationsRepository(this.pool, new Partitions(this.pool, 'collected')));
  }
}

/** A manager that serves in one epoch, with the connections that agents have to it. */
export class Manager {
  readonly loop: JobLoop;
  readonly links: FakeLinks;
  /** Its lease is live. */
  mayServe = true;
  readonly stale: unknown[] = [];
  readonly #world: JobWorld;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(world: JobWorld, epoch: number) {
    this.#world = world;
    this.links = new FakeLinks(world.agents);
    const { snapshot } = world;
    const patterns = re2Patterns();
    const rules = new SettingsRules({ snapshot, times: new SettingsTimes(snapshot), patterns, probed: new Set() });
    const jobRules = new SettingsJobRules({ snapshot, rules, patterns, hasJoined: (agent) => world.agents.has(agent) });
    const store = world.jobStore();
    const faulty = withFault(store, async (...how) => {
      world.fault.before?.(how[0]);
      await store.storeJobs(...how);
      world.fault.after?.(how[0]);
    });
    this.loop = new JobLoop({
      ...{
        store: faulty,
        ready: async () => undefined,
        rules: () => jobRules,
        links: this.links,
        clock: hostClock,
        log: SILENT_LOG,
      },
      errands: {
        monitor: async () => ({ priority: 'info', message: '' }),
        link: async () => ({ ok: true, why: '' }),
      },
      permit: () => (this.mayServe ? { epoch: epochOf(epoch), leaseUntilMs: Number.POSITIVE_INFINITY } : null),
      onStale: (error) => void this.stale.push(error),
    });
    this.loop.start();
    // Agents look for the Master all the time.
    this.#timer = setInterval(() => this.#connect(), 10);
  }

  #connect(): void {
    if (this.mayServe) for (const agent of this.#world.agents.keys()) void this.links.connect(agent, this.loop.desk);
  }

  /** It believes that it serves, and no agent is at it any more. */
  isolate(): void {
    clearInterval(this.#timer);
    this.links.cut();
  }

  /** It is gone at once, as after kill -9: nothing more is said or taken. */
  kill(): void {
    this.mayServe = false;
    this.isolate();
  }

  async end(): Promise<void> {
    this.kill();
    await this.loop.stop();
  }
}

function withFault(store: JobStore, storeJobs: JobStore['storeJobs']): JobStore {
  return {
    storeJobs,
    loadJobs: async () => await store.loadJobs(),
    unitOf: async (...how) => await store.unitOf(...how),
    pastEnds: async (...how) => await store.pastEnds(...how),
    lookUp: async (...how) => await store.lookUp(...how),
    loadSession: async (...how) => await store.loadSession(...how),
    linksSince: async (...how) => await store.linksSince(...how),
    triggersWrittenAt: async (...how) => await store.triggersWrittenAt(...how),
    forgetJobs: async (...how) => await store.forgetJobs(...how),
  };
}

export { eventually as until } from '@yosugara/testkit';
