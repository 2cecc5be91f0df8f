import { SettingSecrets } from '@yosugara/host-control/keys';
import type { Log } from '@yosugara/kernel';
import { sourceProperties } from '@yosugara/runtime';
import { Agents } from './agents/agents.js';
import { hostClock } from './clock.js';
import type { ManagerConfig } from './config.js';
import { startIngestOf } from './ingest/start-ingest.js';
import { JobsHandle } from './jobs/jobs-handle.js';
import type { StartIngest } from './lifecycle.js';
import { MibNames } from './mibs/mib-names.js';
import { Operations } from './operations/operations.js';
import { LiveSettings } from './settings/live-settings.js';
import type { ManagerParts } from './start.js';
import { openStorage } from './wiring.js';

export type OpenedParts = Omit<ManagerParts, 'onOff'> & Required<Pick<ManagerParts, 'operations' | 'jobs' | 'agents'>>;

/**
 * Storage of a node's manager, and all that looks, judges and tells on it. Nothing of it runs yet.
 * @param ingest who makes rows of what receivers took in; default: from this node's journals.
 */
export async function openParts(config: ManagerConfig, log: Log, ingest?: StartIngest): Promise<OpenedParts> {
  const clock = hostClock;
  const secrets = config.keys === undefined ? undefined : new SettingSecrets(config.keys);
  const storage = openStorage(config.postgres, config.node, log, secrets);
  const { store } = storage;
  const mibNames = new MibNames(store.mibs, log);
  const live = new LiveSettings(store.settings, log);
  const agents = await Agents.open({
    ...{ config, tables: store.agents, inventory: store.inventory, live, clock, log },
    tell: async (result) => await operations.tell(result),
  });
  const jobs = new JobsHandle(storage.jobs);
  const operations: Operations = new Operations({
    ...{ store: storage.operations, outbox: storage.outbox, live, agents, mibs: mibNames, clock, log },
    sources: sourceProperties(config.config.receiver),
    collected: store.operations,
    jobs: { store: storage.jobStore, handle: jobs },
  });
  const startIngest = operations.around(ingest ?? startIngestOf(config, storage.ingest, clock, log, mibNames, operations));
  return {
    ...{ config, store, startIngest, mibNames, operations, jobs, agents, clock, log },
    ...(secrets === undefined ? {} : { secrets }),
  };
}
