import 'reflect-metadata';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SettingSecrets } from '@yosugara/host-control/keys';
import { explain } from '@yosugara/kernel';
import { sourceProperties } from '@yosugara/runtime';
import { Agents } from './agents/agents.js';
import { hostClock } from './clock.js';
import { loadConfig } from './config.js';
import { startIngestOf } from './ingest/start-ingest.js';
import { JobsHandle } from './jobs/jobs-handle.js';
import { pinoLog } from './log.js';
import { MibNames } from './mibs/mib-names.js';
import { Operations } from './operations/operations.js';
import { LiveSettings } from './settings/live-settings.js';
import { startManager } from './start.js';
import { openStorage } from './wiring.js';

/** Stopping must be over before the dead man loses patience. */
const EXIT_WITHIN_MS = 900;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { config: { type: 'string' } } });
  if (values.config === undefined) throw new Error('usage: main.js --config <yosugara.yaml>');
  const config = await loadConfig(values.config, join(import.meta.dirname, '../../console/dist'));
  const log = pinoLog(config.node);
  const fatal = (why: string) => (error: unknown) => {
    log.error('manager.fatal', { why, error: explain(error) });
    process.exit(1);
  };
  process.on('uncaughtException', fatal('uncaught exception'));
  process.on('unhandledRejection', fatal('unhandled rejection'));
  const exit = (why: string) => {
    log.info('manager.stopping', { why });
    setTimeout(() => process.exit(0), EXIT_WITHIN_MS).unref();
    void running.then((manager) => manager.stop()).then(() => process.exit(0), fatal('stopping'));
  };
  let stopping = false;
  const exitOnce = (why: string) => {
    if (stopping) return;
    stopping = true;
    exit(why);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => exitOnce(signal));
  log.info('manager.starting', { version: process.version });
  const secrets = config.keys === undefined ? undefined : new SettingSecrets(config.keys);
  const {
    store,
    ingest,
    operations: tables,
    outbox,
    jobs: jobTables,
    jobStore,
  } = openStorage(config.postgres, config.node, log, secrets);
  const mibNames = new MibNames(store.mibs, log);
  const live = new LiveSettings(store.settings, log);
  const agents = await Agents.open({
    ...{ config, tables: store.agents, live, clock: hostClock, log },
    tell: async (result) => await operations.tell(result),
  });
  const jobs = new JobsHandle(jobTables);
  const operations: Operations = new Operations({
    ...{ store: tables, outbox, live, agents, mibs: mibNames, clock: hostClock, log },
    sources: sourceProperties(config.config.receiver),
    collected: store.operations,
    jobs: { store: jobStore, handle: jobs },
  });
  const startIngest = operations.around(startIngestOf(config, ingest, hostClock, log, mibNames, operations));
  const running = startManager({
    config,
    store,
    ...(secrets === undefined ? {} : { secrets }),
    startIngest,
    mibNames,
    operations,
    jobs,
    agents,
    clock: hostClock,
    log,
    onOff: () => exitOnce('the controller wants it off'),
  });
  await running;
  log.info('manager.up', { sinceProcessStartMs: Math.round(performance.now()) });
}

main().catch((error: unknown) => {
  process.stderr.write(`manager: ${explain(error)}\n`);
  process.exit(1);
});
