import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { explain, type Log } from '@yosugara/kernel';
import { type Result, type SelfLimits, WATCHES } from '@yosugara/operations';
import { type SelfSyslogConfig, STATE_LAYOUT } from '@yosugara/protocol';
import { defaultPort, isOurReceiver } from '@yosugara/runtime';
import { backupFolder } from '../capacity/measures.js';
import type { ManagerConfig } from '../config.js';
import { AppendQueue } from './append-queue.js';
import { Gatherer } from './gatherer.js';
import { InternalWays } from './internal-ways.js';
import { PendingResults } from './pending-results.js';
import { ProcessFacts } from './process-facts.js';
import { SelfWatch } from './self-watch.js';
import { type SelfParts, sourcesOf } from './sources.js';
import { SyslogWay } from './syslog-way.js';
import { type Room, Volumes } from './volumes.js';

const MIB = 1_048_576;
const ROOMS_MS = 4_000;

export interface SelfMonitoring {
  readonly watch: Pick<SelfWatch, 'last' | 'looks'>;
  readonly ways: Pick<InternalWays, 'note' | 'skip' | 'told' | 'ways' | 'pending'>;
  /** Of the volumes; one that hangs is as it was seen last. */
  readonly rooms: () => Promise<readonly Room[]>;
  /** Within half a second. */
  stop(): Promise<void>;
}

export interface SelfMonitoringOptions extends SelfParts {
  /** Makes them events; see `InternalWays`. */
  readonly deliver: (results: readonly Result[]) => Promise<readonly string[]>;
  readonly log: Log;
}

/** Begins to watch. Needs neither controller nor database. */
export async function startSelfMonitoring(options: SelfMonitoringOptions): Promise<SelfMonitoring> {
  const { config, deliver, clock, log } = options;
  const { everySeconds, notify, file } = config.config.selfMonitoring;
  const path = file.path === undefined ? join(config.stateDir, STATE_LAYOUT.internalFile) : below(config, file.path);
  const ways = new InternalWays({
    ...{ node: config.node, deliver, log },
    file: file.enabled
      ? { queue: new AppendQueue({ path, maxBytes: file.maxMb * MIB, keep: file.keep }), from: file.from }
      : null,
    syslog: await Promise.all(config.config.selfMonitoring.syslog.map(async (target) => await syslogWay(config, target, log))),
    pending: await PendingResults.open(join(config.stateDir, STATE_LAYOUT.internalPending), log),
  });
  const backups = backupFolder(config);
  const folders = [
    { name: 'state', path: config.stateDir },
    { name: 'journals', path: join(config.stateDir, dirname(STATE_LAYOUT.journalOwn)) },
    ...(config.config.dataDir === undefined ? [] : [{ name: 'data', path: config.config.dataDir }]),
    ...(file.enabled ? [{ name: 'log of ourselves', path: dirname(path) }] : []),
    ...(backups === null ? [] : [backups]),
  ];
  const volumes = new Volumes(folders, () => clock.monotonicMs());
  const process = new ProcessFacts();
  const everyMs = everySeconds * 1_000;
  const watch = new SelfWatch({
    ...{ node: config.node, everyMs, clock, log },
    rules: { watches: WATCHES, limits: limitsOf(config), notifications: notify },
    gatherer: new Gatherer(sourcesOf(options, ways, volumes, process, everyMs), clock, log),
    tell: (result) => {
      log.warn('self.told', { id: result.id, priority: result.priority, message: result.message });
      ways.tell(result);
    },
  });
  process.start();
  ways.start();
  watch.start();
  return {
    watch,
    ways,
    rooms: async () => {
      await volumes.look(ROOMS_MS);
      return volumes.rooms;
    },
    stop: async () => {
      watch.stop();
      process.stop();
      await ways.close();
    },
  };
}

/** Those of the table, but for what the configuration says. */
function limitsOf({ config }: ManagerConfig): Readonly<Record<string, SelfLimits & { readonly afterMs?: number }>> {
  const { warnPercent, fullPercent } = config.disks;
  const given = Object.entries(config.selfMonitoring.limits).map(([id, { afterSeconds, notice, warning, critical }]) => {
    const limits = { notice: notice ?? null, warning: warning ?? null, critical: critical ?? null };
    return [id, { ...limits, ...(afterSeconds === undefined ? {} : { afterMs: afterSeconds * 1_000 }) }] as const;
  });
  return { 'disk-used': { warning: warnPercent / 100, critical: fullPercent / 100 }, ...Object.fromEntries(given) };
}

const below = ({ stateDir }: ManagerConfig, path: string): string => (isAbsolute(path) ? path : resolve(stateDir, path));

async function syslogWay(config: ManagerConfig, target: SelfSyslogConfig, log: Log): Promise<SyslogWay> {
  const { transport, facility, from, caFile, serverName = null } = target;
  const host = transport === 'local' ? target.socket : (target.host ?? '');
  const port = target.port ?? defaultPort(transport);
  let ca: string | null = null;
  if (caFile !== undefined)
    ca = await readFile(below(config, caFile), 'utf8').catch((error: unknown) => {
      // It says so, and does without: a missing file must not keep the manager from serving. Nobody unknown is believed.
      log.error('self.caUnread', { file: caFile, why: explain(error) });
      return '';
    });
  const isOurs = (address: string, at: number) => isOurReceiver(config.config, address, at);
  const name = transport === 'local' ? `syslog ${host}` : `syslog ${transport} ${host}:${port}`;
  return new SyslogWay(name, { transport, host, port, facility, tls: { ca, serverName }, isOurs }, from);
}
