import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { YosugaraError } from '@yosugara/kernel';
import { NodeConfigSchema, STATE_LAYOUT } from '@yosugara/protocol';
import { parse } from 'yaml';
import type { Layout } from './layout.js';
import { giveToPostgres } from './prepare.js';
import { sweep } from './processes.js';
import { Service } from './service.js';

const STOP_GRACE_MS = 20_000;
const LEFTOVERS_GRACE_MS = 5_000;

/**
 * One node's programs, kept running, with their logs on our own output: what a container runs, or a service manager that knows
 * only one program a service.
 */
export function runNode(layout: Layout, configFile: string): { readonly stop: () => Promise<void> } {
  const config = NodeConfigSchema.safeParse(parse(readFileSync(configFile, 'utf8')));
  if (!config.success) throw new YosugaraError('BAD_CONFIG', `${configFile} cannot be used`, { cause: config.error });
  const { node, stateDir, dataDir = stateDir, cluster } = config.data;
  const isData = cluster.members.some((member) => member.id === node && member.kind === 'data');
  mkdirSync(dataDir, { recursive: true, mode: 0o755 });
  if (isData && process.getuid?.() === 0) giveToPostgres(dataDir, config.data.postgres.user);
  if (isData && process.getuid?.() !== 0) chmodSync(dataDir, 0o700);

  const apps = isData ? ['controller', 'receiver'] : ['controller'];
  const services = apps
    .filter((app) => existsSync(layout.program(app)))
    .map(
      (app) =>
        new Service({
          name: `${node}/${app}`,
          args: [layout.program(app), '--config', configFile],
          cwd: stateDir,
          logFile: null,
          pidFile: join(stateDir, STATE_LAYOUT.pids, `${app}.pid`),
          state: stateDir,
        }),
    );
  for (const service of services) service.start();
  return {
    stop: async () => {
      await Promise.all(services.map((service) => service.stop(STOP_GRACE_MS)));
      await sweep(stateDir, dataDir, LEFTOVERS_GRACE_MS);
    },
  };
}
