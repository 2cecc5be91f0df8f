import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { YosugaraError } from '@yosugara/kernel';
import { NodeConfigSchema, STATE_LAYOUT } from '@yosugara/protocol';
import { parse } from 'yaml';
import type { Layout } from './layout.js';
import { prepareDataDir } from './prepare.js';
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
  const { node, stateDir, dataDir, cluster, postgres } = config.data;
  const isData = cluster.members.some((member) => member.id === node && member.kind === 'data');
  // Without a folder of its own, PGDATA lies in the state folder, which stays ours: the secrets are in it.
  const holdsData = cluster.members.some((member) => member.id === node && member.kind !== 'witness');
  if (holdsData && dataDir !== undefined) prepareDataDir(dataDir, postgres.user);

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
      await sweep(stateDir, dataDir ?? stateDir, LEFTOVERS_GRACE_MS);
    },
  };
}
