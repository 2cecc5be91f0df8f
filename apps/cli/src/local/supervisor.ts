import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { STATE_LAYOUT } from '@yosugara/protocol';
import { LocalAgent } from './agent.js';
import { DATA_NODES, type Layout, NODES } from './layout.js';
import { removePidFile, sweep, writePidFile } from './processes.js';
import { Service } from './service.js';

const TRIM_EVERY_MS = 30_000;
/** PostgreSQL's fast shutdown writes a checkpoint first. */
const STOP_GRACE_MS = 20_000;
/** What the services leave when they have ended, such as a PostgreSQL whose dead man is just stopping it. */
const LEFTOVERS_GRACE_MS = 5_000;

/** The processes a node needs; the controller itself starts dead man, PostgreSQL and manager. */
function appsOf(node: string, layout: Layout): readonly string[] {
  const apps = (DATA_NODES as readonly string[]).includes(node) ? ['controller', 'receiver'] : ['controller'];
  return apps.filter((app) => app === 'controller' || existsSync(layout.program(app)));
}

/** Runs and keeps running all processes of the local cluster. */
export class Supervisor {
  readonly #layout: Layout;
  readonly #services: readonly Service[];
  /** Not part of any node; one runs beside the local cluster. */
  readonly #agent: LocalAgent | null;
  #trim: NodeJS.Timeout | null = null;

  constructor(layout: Layout) {
    this.#layout = layout;
    this.#agent = LocalAgent.of(layout);
    this.#services = NODES.flatMap((node) => appsOf(node, layout).map((app) => new Service(this.#specOf(node, app))));
  }

  #specOf(node: string, app: string) {
    const dir = join(this.#layout.state, node);
    return {
      name: `${node}/${app}`,
      args: [this.#layout.program(app), '--config', join(dir, 'yosugara.yaml')],
      cwd: dir,
      logFile: join(dir, STATE_LAYOUT.logs, `${app}.log`),
      pidFile: join(dir, STATE_LAYOUT.pids, `${app}.pid`),
      state: this.#layout.state,
    };
  }

  start(): void {
    writePidFile(this.#layout.supervisorPid, process.pid);
    for (const service of this.#services) service.start();
    this.#agent?.start();
    this.#trim = setInterval(() => {
      for (const service of this.#services) service.trimLog();
      this.#agent?.trimLog();
    }, TRIM_EVERY_MS);
  }

  /** All at once: with the majority gone nobody takes over what is being stopped, and the next start finds the same owner. */
  async stop(leftoversGraceMs = LEFTOVERS_GRACE_MS): Promise<void> {
    if (this.#trim !== null) clearInterval(this.#trim);
    await Promise.all([...this.#services.map((service) => service.stop(STOP_GRACE_MS)), this.#agent?.stop(STOP_GRACE_MS)]);
    await sweep(this.#layout.state, this.#layout.data, leftoversGraceMs);
    removePidFile(this.#layout.supervisorPid);
  }
}
