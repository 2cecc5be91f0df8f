import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClusterPlan } from '../init/index.js';

/** Where the parts of the local cluster lie; everything derives from the clone's path. */
export interface Layout {
  readonly root: string;
  /** `.yosugara`. */
  readonly state: string;
  /** PGDATA of `a` and `b` lie below it. */
  readonly data: string;
  readonly supervisorPid: string;
  readonly supervisorLog: string;
  /** The programs: apps/<name>/dist/main.js. */
  readonly program: (app: string) => string;
}

export const NODES = ['a', 'b', 'w'] as const;
export const DATA_NODES = ['a', 'b'] as const;
export const VIP = '127.0.1.10';

/** apps/cli/{src,dist}/local → the clone. */
export const CLONE = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..');

export function layoutOf(root: string, isRoot = process.getuid?.() === 0): Layout {
  const clone = realpathSync(root);
  const state = join(clone, '.yosugara');
  // PostgreSQL refuses to be root, and its account cannot look into a clone below /root: as root, PGDATA lies elsewhere.
  const hash = createHash('sha256').update(clone).digest('hex').slice(0, 12);
  return {
    root: clone,
    state,
    data: isRoot ? join('/var/lib/yosugara', hash) : join(state, 'data'),
    supervisorPid: join(state, 'supervisor.pid'),
    supervisorLog: join(state, 'supervisor.log'),
    program: (app) => join(clone, 'apps', app, 'dist', 'main.js'),
  };
}

/** The cluster of `npm start`, as overview.md's contract has it. */
export function localPlan(layout: Layout): ClusterPlan {
  const member = (id: string, kind: 'data' | 'witness', address: string) => ({ id, kind, address, zone: `local-${id}` });
  return {
    clusterId: 'local',
    members: [member('a', 'data', '127.0.1.1'), member('b', 'data', '127.0.1.2'), member('w', 'witness', '127.0.1.3')],
    vip: { address: VIP, driver: 'bind', prefixLength: 32 },
    profile: 'lan',
    // No fence device and no watchdog on one host: a clean stop, or the lease and the sync wall.
    stopProofs: ['P1', 'P4'],
    dataDir: join(layout.data, '%n'),
    staticDir: join(layout.root, 'apps', 'console', 'dist'),
    // Pages of loopback addresses are secure contexts, and a newcomer meets no warning about a certificate.
    consoleTls: false,
  };
}
