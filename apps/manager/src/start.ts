import { join } from 'node:path';
import type { Clock, Log } from '@yosugara/kernel';
import { EPOCH_OVER, type ManagerReport, STATE_LAYOUT } from '@yosugara/protocol';
import { sourceProperties } from '@yosugara/runtime';
import type { FastifyInstance } from 'fastify';
import type { ManagerConfig } from './config.js';
import { Authority } from './control/authority.js';
import { askController, ControlLink } from './control/client.js';
import { createApp } from './http/app.js';
import { type Handler, Listener } from './http/listeners.js';
import { Counted } from './ingest/counted.js';
import { LossWatch } from './ingest/loss-watch.js';
import { StandbyRetention } from './ingest/standby-retention.js';
import { IngestTracer } from './ingest/trace.js';
import { Lifecycle, type StartIngest } from './lifecycle.js';
import { StoredRows } from './messages/stored-rows.js';
import { MibLibrary } from './mibs/mib-library.js';
import { MibNames } from './mibs/mib-names.js';
import { Keeper } from './operations/keeper.js';
import type { Operations } from './operations/operations.js';
import { StoredOperations } from './operations/stored-operations.js';
import { LiveSettings } from './settings/live-settings.js';
import { Housekeeping } from './store/housekeeping.js';
import type { ManagerStore } from './store/ports.js';

export interface ManagerParts {
  readonly config: ManagerConfig;
  readonly store: ManagerStore;
  readonly startIngest: StartIngest;
  readonly clock: Clock;
  readonly log: Log;
  /** The controller wants this process gone. */
  readonly onOff: () => void;
  readonly loginsPerMinute?: number;
  /** Those that ingest uses, too. */
  readonly mibNames?: MibNames;
  /** What looks, judges and tells; missing: nothing does. */
  readonly operations?: Pick<Operations, 'live' | 'stored' | 'stats'>;
}

export interface RunningManager {
  report(): ManagerReport;
  /** Ingest first, then the listeners with their connections, then the database. Safe to call twice. */
  stop(): Promise<void>;
}

const LOGINS_PER_MINUTE = 20;

/** The whole process but for signals and exit. Passive until the controller says otherwise. */
export async function startManager(parts: ManagerParts): Promise<RunningManager> {
  const { config, store, clock, log } = parts;
  const authority = new Authority(clock, Number(process.env[EPOCH_OVER] ?? 0));
  const stored = new StoredRows();
  const counted = new Counted();
  const dataNodes = dataNodesOf(config);
  const losses = new LossWatch({ authority, store, nodes: dataNodes, clock, log });
  let listeners: Listeners | null = null;
  const report = () => ({ ...lifecycle.report(listeners?.vip?.isOpen === true), oneSided: [...losses.oneSided] });
  const link = new ControlLink(config.controlSocket, authority, report, log);
  const changed = () => link.changed();
  const lifecycle = new Lifecycle({
    authority,
    store,
    startIngest: parts.startIngest,
    onStored: (rows) => stored.tell(rows),
    onCounted: (tallies) => counted.add(tallies),
    firstLogin: config.secrets.firstLogin,
    log,
    onOff: parts.onOff,
    onChange: changed,
  });
  const receiverSocket = join(config.stateDir, STATE_LAYOUT.receiverSocket);
  const retention = new StandbyRetention({ authority, store, receiverSocket, log });
  const { retentionDays, partitions, hourlyFromGib, textIndex, structuredIndex } = config.config.messages;
  const housekeeping = new Housekeeping({
    ...{ authority, store, isReady: () => lifecycle.isReady(), clock, log },
    keepDays: retentionDays,
    width: { width: partitions, hourlyFromBytes: hourlyFromGib * 1024 ** 3 },
    indexes: { text: textIndex === 'trigram', structured: structuredIndex },
  });
  const names = parts.mibNames ?? new MibNames(store.mibs, log);
  const library = new MibLibrary({ tables: store.mibs, names, authority, isReady: () => lifecycle.isReady(), clock, log });
  const liveSettings = parts.operations?.live ?? new LiveSettings(store.settings, log);
  const keeper = new Keeper({ authority, tables: store.operations, isReady: () => lifecycle.isReady(), clock, log });
  // Connections are being made while Nest builds the application.
  link.open();
  lifecycle.start();
  retention.start();
  housekeeping.start();
  library.start();
  liveSettings.start();
  keeper.start();
  losses.start();
  const app = await createApp({
    store,
    stored,
    counted,
    tracer: tracerOf(config, store, dataNodes),
    authority,
    lifecycle,
    mibs: { names, library },
    liveSettings,
    operations: { stored: parts.operations?.stored ?? new StoredOperations(), stats: () => parts.operations?.stats() ?? null },
    askController: (question, deadlineMs) => askController(config.controlSocket, question, deadlineMs),
    settings: {
      node: config.node,
      sessionKey: config.secrets.sessionKey,
      probeToken: config.secrets.probeToken,
      metricsToken: config.secrets.metricsToken ?? null,
      dataNodes,
      staticDir: config.staticDir,
      loginsPerMinute: parts.loginsPerMinute ?? LOGINS_PER_MINUTE,
    },
    clock,
    log,
  });
  listeners = openListeners(config, app.getHttpAdapter().getInstance() as unknown as FastifyInstance, authority, log, changed);
  let stopping: Promise<void> | null = null;
  const stop = async () => {
    retention.stop();
    housekeeping.stop();
    await library.stop();
    liveSettings.stop();
    keeper.stop();
    losses.stop();
    await lifecycle.stop();
    link.close();
    listeners?.close();
    authority.close();
    await app.close();
    await store.close();
  };
  return {
    report,
    stop: async () => {
      stopping ??= stop();
      await stopping;
    },
  };
}

/** In another site no receiver runs. */
function dataNodesOf({ config }: ManagerConfig): readonly string[] {
  return config.cluster.members
    .filter(({ kind }) => kind === 'data')
    .map(({ id }) => id)
    .sort();
}

function tracerOf(
  { node, stateDir, config }: ManagerConfig,
  { traces }: ManagerStore,
  dataNodes: readonly string[],
): IngestTracer {
  const peer = dataNodes.find((each) => each !== node) ?? '';
  return new IngestTracer({ node, peer, stateDir, sources: sourceProperties(config.receiver), traces });
}

interface Listeners {
  readonly vip: Listener | null;
  close(): void;
}

/** Fastify's router behind sockets of our own: one application on two addresses that come and go apart. */
function openListeners(
  config: ManagerConfig,
  fastify: FastifyInstance,
  authority: Authority,
  log: Log,
  changed: () => void,
): Listeners {
  const handler = fastify.routing as unknown as Handler;
  const own = new Listener(config.address, config.port, handler, log, changed);
  const vip = config.vip === null ? null : new Listener(config.vip, config.port, handler, log, changed);
  const follow = () => (authority.now().vip ? vip?.open() : vip?.close());
  const unwatch = authority.watch(follow);
  own.open();
  follow();
  return {
    vip,
    close: () => {
      unwatch();
      own.close();
      vip?.close();
    },
  };
}
