import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { versionLine } from '@yosugara/host-control';
import { serviceManager } from '@yosugara/host-control/service-manager';
import { explain, type Log } from '@yosugara/kernel';
import { pino } from 'pino';
import { loadConfig } from './config.js';
import { startReceiver } from './receiver.js';

const STOP_DEADLINE_MS = 5_000;

function jsonLog(): Log {
  const to = pino({ base: { process: 'receiver' }, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ sync: true }));
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => (event: string, fields?: object) => to[level]({ event, ...fields });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { config: { type: 'string' }, version: { type: 'boolean', default: false } } });
  if (values.version)
    return void process.stdout.write(`${versionLine('yosugara-receiver', join(import.meta.dirname, '../../..'))}\n`);
  if (values.config === undefined) throw new Error('usage: receiver --config <yosugara.yaml>');
  const log = jsonLog();
  const end = (code: number) => process.exit(code);
  const onFatal = (error: Error) => {
    log.error('receiver.fatal', { why: explain(error) });
    end(1);
  };
  const receiver = await startReceiver(loadConfig(values.config), log, onFatal, values.config);
  const systemd = serviceManager();
  systemd.ready();
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info('receiver.stopping', { signal });
    systemd.stopping();
    setTimeout(() => end(1), STOP_DEADLINE_MS).unref();
    receiver
      .stop()
      .then(systemd.gone)
      .then(
        () => end(0),
        (error: unknown) => {
          log.error('receiver.stop_failed', { why: explain(error) });
          end(1);
        },
      );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
}

main().catch((error: unknown) => {
  process.stderr.write(`yosugara receiver: ${explain(error)}\n`);
  process.exit(1);
});
