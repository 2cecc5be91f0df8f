import { re2Patterns } from '@yosugara/connectors';
import { epoch as epochOf, SILENT_LOG } from '@yosugara/kernel';
import { JobLoop, SettingsJobRules, SettingsRules, SettingsTimes } from '@yosugara/runtime';
import { JobRepository, OperationsRepository, Partitions } from '@yosugara/store';
import pg from 'pg';
import { hostClock } from '../../clock.js';
import { LiveSettings } from '../../settings/live-settings.js';
import type { Eras } from '../../testing/harness.js';
import { openStorage } from '../../wiring.js';
import { type FakeAgent, FakeLinks } from './fake-agents.js';

const LOOK_MS = 100;

export interface LoopOnFakes {
  readonly loop: JobLoop;
  stop(): Promise<void>;
}

/** Runs the jobs of a node that was started without any, on agents of which a spec says what they do. */
export async function loopOnFakes(
  { host, port }: { readonly host: string; readonly port: number },
  agents: ReadonlyMap<string, FakeAgent>,
  eras: Eras,
): Promise<LoopOnFakes> {
  const database = { host, port, database: 'postgres', user: 'postgres' };
  const pool = new pg.Pool({ ...database, pipeline: true });
  const { store } = openStorage({ ...database, password: 'none', clusterCa: null }, 'a', SILENT_LOG);
  await store.probe();
  const live = new LiveSettings(store.settings, SILENT_LOG);
  await live.refresh();
  const { snapshot } = live;
  const patterns = re2Patterns();
  const rules = new SettingsRules({ snapshot, times: new SettingsTimes(snapshot), patterns, probed: new Set() });
  const jobRules = new SettingsJobRules({ snapshot, rules, patterns, hasJoined: (agent) => agents.has(agent) });
  const links = new FakeLinks(agents);
  const loop = new JobLoop({
    store: new JobRepository(pool, new OperationsRepository(pool, new Partitions(pool, 'collected'))),
    ready: async () => void (await live.refresh()),
    ...{ rules: () => jobRules, links, clock: hostClock, log: SILENT_LOG },
    errands: { monitor: async () => ({ priority: 'info', message: '' }), link: async () => ({ ok: true, why: '' }) },
    permit: () => ({ epoch: epochOf(eras.now), leaseUntilMs: Number.POSITIVE_INFINITY }),
  });
  loop.start();
  const looking = setInterval(() => {
    for (const agent of agents.keys()) void links.connect(agent, loop.desk);
    live.refresh().catch(() => undefined);
  }, LOOK_MS);
  const stop = async () => {
    clearInterval(looking);
    await loop.stop();
    await store.close();
    await pool.end();
  };
  return { loop, stop };
}
