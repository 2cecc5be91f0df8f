import 'reflect-metadata';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { versionLine } from '@yosugara/host-control';
import { explain } from '@yosugara/kernel';
import { loadConfig } from './config.js';
import { pinoLog } from './log.js';
import { openParts } from './parts.js';
import { startManager } from './start.js';

/** Stopping must be over before the dead man loses patience. */
const EXIT_WITHIN_MS = 900;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { config: { type: 'string' }, version: { type: 'boolean', default: false } } });
  if (values.version)
    return void process.stdout.write(`${versionLine('yosugara-manager', join(import.meta.dirname, '../../..'))}\n`);
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
  const parts = await openParts(config, log);
  const running = startManager({ ...parts, onOff: () => exitOnce('the controller wants it off') });
  await running;
  log.info('manager.up', { sinceProcessStartMs: Math.round(performance.now()) });
}

main().catch((error: unknown) => {
  process.stderr.write(`manager: ${explain(error)}\n`);
  process.exit(1);
});
