import { join } from 'node:path';
import type { SettingSecrets } from '@yosugara/host-control/keys';
import { type Clock, explain, type Log } from '@yosugara/kernel';
import { EPOCH_OVER, type ManagerReport, STATE_LAYOUT, StatusSchema } from '@yosugara/protocol';
import { SettingsTimes, sourceProperties } from '@yosugara/runtime';
import type { FastifyInstance } from 'fastify';
import { AuditKeeper } from './access/audit-keeper.js';
import { externalOf } from './access/external.js';
import type { Agents } from './agents/agents.js';
import { startCapacity } from './capacity/start-capacity.js';
import type { ManagerConfig } from './config.js';
import { Authority } from './control/authority.js';
import { askController, ControlLink, type ControlQuestion } from './control/client.js';
import { createApp } from './http/app.js';
import { type Listeners, openListeners } from './http/listeners.js';
import { Counted } from './ingest/counted.js';
import { LossWatch } from './ingest/loss-watch.js';
import { StandbyRetention } from './ingest/standby-retention.js';
import { IngestTracer } from './ingest/trace.js';
import type { JobsHandle } from './jobs/jobs-handle.js';
import { Lifecycle, type StartIngest } from './lifecycle.js';
import { StoredRows } from './messages/stored-rows.js';
import { MibLibrary } from './mibs/mib-library.js';
import { MibNames } from './mibs/mib-names.js';
import { Keeper } from './operations/keeper.js';
import type { Operations } from './operations/operations.js';
import { StoredOperations } from './operations/stored-operations.js';
import { Cleaner } from './retention/cleaner.js';
import { fileDaysOf } from './retention/file-days.js';
import { RetentionRules } from './retention/rules.js';
import { SecretKeeper } from './secrets/secret-keeper.js';
import { delivererOf, tellAll } from './self/deliver.js';
import { SelfHandle } from './self/self-handle.js';
import { startSelfMonitoring } from './self/self-monitoring.js';
import { LiveSettings } from './settings/live-settings.js';
import { Housekeeping } from './store/housekeeping.js';
import type { ManagerStore } from './store/ports.js';
import { TakeOverWatch } from './take-overs/take-over-watch.js';
import type { TriedOut } from './try-out/running.js';

export interface ManagerParts {
  readonly config: ManagerConfig;
  readonly store: ManagerStore;
  readonly startIngest: StartIngest;
  readonly clock: Clock;
  readonly log: Log;
  /** The controller wants this process gone. */
  readonly onOff: () => void;
  readonly loginsPerMinute?: number;
  /** Between two samples of how full everything is. */
  readonly capacityEveryMs?: number;
  /** Of what the store was opened with; missing: secrets lie in the clear. */
  readonly secrets?: SettingSecrets;
  /** Those that ingest uses, too. */
  readonly mibNames?: MibNames;
  /** What looks, judges and tells; missing: nothing does. */
  readonly operations?: Pick<Operations, 'live' | 'stored' | 'stats' | 'tell' | 'movedAtMs'> & TriedOut;
  /** For the API; missing: this process knows no jobs. */
  readonly jobs?: JobsHandle;
  /** Those that connect to this node; null or missing: it takes none. */
  readonly agents?: Agents | null;
}

export interface RunningManager {
  report(): ManagerReport;
  /** Ingest first, then the listeners with their connections, then the database. Safe to call twice. */
  stop(): Promise<void>;
}

const LOGINS_PER_MINUTE = 20;
const STOP_WATCHING_MS = 600;
const STATUS_DEADLINE_MS = 2_000;

/** The whole process but for signals and exit. Passive until the controller says otherwise. */
export async function startManager(parts: ManagerParts): Promise<RunningManager> {
  const { config, store, clock, log } = parts;
  const authority = new Authority(clock, Number(process.env[EPOCH_OVER] ?? 0));
  const stored = new StoredRows();
  const counted = new Counted();
  const dataNodes = dataNodesOf(config);
  const losses = new LossWatch({ authority, store, nodes: dataNodes, clock, log });
  let listeners: Listeners | null = null;
  const report = () => {
    const agentsTrust = parts.agents?.trust() ?? null;
    const told = agentsTrust === null ? {} : { agentsTrust };
    const keys = secrets === null ? {} : { keys: secrets.report() };
    return { ...lifecycle.report(listeners?.vip?.isOpen === true), oneSided: [...losses.oneSided], ...told, ...keys };
  };
  let storedThroughUs: number | null = null;
  let storedRows = 0;
  const link = new ControlLink(config.controlSocket, authority, report, log);
  const changed = () => link.changed();
  const lifecycle = new Lifecycle({
    authority,
    store,
    startIngest: parts.startIngest,
    onStored: (rows) => {
      storedRows += rows.length;
      for (const { receivedAtUs } of rows) storedThroughUs = Math.max(storedThroughUs ?? 0, receivedAtUs);
      stored.tell(rows);
    },
    onCounted: (tallies) => counted.add(tallies),
    firstLogin: config.secrets.firstLogin,
    log,
    onOff: parts.onOff,
    onChange: changed,
  });
  const secrets = keeperOf(parts, authority, () => lifecycle.isReady());
  const receiverSocket = join(config.stateDir, STATE_LAYOUT.receiverSocket);
  const retention = new StandbyRetention({ authority, store, receiverSocket, log });
  const { partitions, hourlyFromGib, textIndex, structuredIndex } = config.config.messages;
  const housekeeping = new Housekeeping({
    ...{ authority, store, isReady: () => lifecycle.isReady(), clock, log },
    width: { width: partitions, hourlyFromBytes: hourlyFromGib * 1024 ** 3 },
    indexes: { text: textIndex === 'trigram', structured: structuredIndex },
  });
  const names = parts.mibNames ?? new MibNames(store.mibs, log);
  const library = new MibLibrary({ tables: store.mibs, names, authority, isReady: () => lifecycle.isReady(), clock, log });
  const liveSettings = parts.operations?.live ?? new LiveSettings(store.settings, log);
  const times = new SettingsTimes(liveSettings.snapshot);
  const retentionRules = new RetentionRules(fileDaysOf(config.config), () => liveSettings.snapshot, times);
  const cleaner = new Cleaner({
    ...{ authority, tables: store.retention, rules: retentionRules, isReady: () => lifecycle.isReady(), clock, log },
    tell: async (result) => void (await tellAll(parts.operations, [result])),
  });
  const keeper = new Keeper({
    ...{ authority, tables: store.operations, isReady: () => lifecycle.isReady(), clock, log },
    valueDays: () => retentionRules.kept().values.days ?? config.config.retention.valueDays,
  });
  const auditKeeper = new AuditKeeper({
    ...{ store, access: config.config.access, cluster: config.config.cluster.id },
    ...{ authority, isReady: () => lifecycle.isReady(), clock, log },
  });
  // Connections are being made while Nest builds the application.
  link.open();
  lifecycle.start();
  retention.start();
  housekeeping.start();
  library.start();
  liveSettings.start();
  keeper.start();
  cleaner.start();
  auditKeeper.start();
  losses.start();
  const { operations } = parts;
  const askLink = async (question: ControlQuestion, deadlineMs: number) =>
    await askController(config.controlSocket, question, deadlineMs);
  const takeOvers = new TakeOverWatch({
    ...{ node: config.node, ask: askLink, authority, lifecycle, tables: store.takeOvers, clock, log },
    runsJobs: () => operations?.movedAtMs()?.['jobs'] != null,
  });
  takeOvers.start();
  secrets?.start();
  let rooms: Parameters<typeof startCapacity>[0]['rooms'] = async () => [];
  const filling = startCapacity({
    ...{
      config,
      authority,
      tables: store.capacity,
      rooms: async () => await rooms(),
      snapshot: liveSettings.snapshot,
      clock,
      log,
    },
    ...{ stats: () => operations?.stats() ?? null, jobs: parts.jobs, agents: parts.agents ?? null },
    ingest: () => {
      const { ingestBehind: behind } = lifecycle.report(false);
      return behind === undefined || behind === null ? null : { stored: storedRows, behind };
    },
    everyMs: parts.capacityEveryMs,
  });
  const handle = new SelfHandle(async (results) => await tellAll(operations, results));
  const starting = startSelfMonitoring({
    ...{ config, authority, lifecycle, askController: askLink, clock, log },
    activity: async () => await store.activity(),
    databaseBytes: async () => await store.databaseBytes(),
    operations: () => {
      const stats = operations?.stats() ?? null;
      return stats === null ? null : { ...stats, movedAtMs: operations?.movedAtMs() ?? {} };
    },
    snapshot: () => liveSettings.snapshot,
    storedThroughMs: () => (storedThroughUs === null ? null : storedThroughUs / 1_000),
    clockOffsetUs: () => lifecycle.clockOffsetUs ?? retention.clockOffsetUs,
    deliver: delivererOf({ config, authority, operations }),
    capacity: filling.capacity,
  });
  // Nobody waits for it: a disk that hangs must not keep the manager from serving.
  const watching = starting.then(
    (self) => {
      handle.follow(self);
      rooms = self.rooms;
      // What loops tell is an event by now; it is written and sent, too.
      operations?.stored.listen(({ results }) => {
        for (const result of results) if (result.trigger === 'internal') self.ways.note(result);
      });
      return self;
    },
    (error: unknown) => void log.error('self.notStarted', { why: explain(error) }),
  );
  parts.agents?.start(authority);
  const external = await externalOf(config.config.access);
  const app = await createApp({
    store,
    external,
    stored,
    counted,
    tracer: tracerOf(config, store, dataNodes),
    authority,
    lifecycle,
    mibs: { names, library },
    liveSettings,
    times,
    retention: { rules: retentionRules, cleaner },
    operations: {
      stored: parts.operations?.stored ?? new StoredOperations(),
      stats: () => parts.operations?.stats() ?? null,
      look: (monitor, facility) => parts.operations?.look?.(monitor, facility) ?? null,
      test: (result, entry, over) => parts.operations?.test?.(result, entry, over) ?? null,
    },
    askController: askLink,
    self: handle,
    capacity: filling.capacity,
    ...(parts.jobs === undefined ? {} : { jobs: parts.jobs }),
    agents: parts.agents ?? null,
    settings: {
      node: config.node,
      sessionKey: config.secrets.sessionKey,
      probeToken: config.secrets.probeToken,
      metricsToken: config.secrets.metricsToken ?? null,
      dataNodes,
      others: othersOf(config),
      staticDir: config.staticDir,
      loginsPerMinute: parts.loginsPerMinute ?? LOGINS_PER_MINUTE,
      clusterId: config.config.cluster.id,
      access: config.config.access,
      journals: config.config.journal.encryption,
    },
    ...(secrets === null ? {} : { secrets }),
    clock,
    log,
  });
  listeners = openListeners(config, app.getHttpAdapter().getInstance() as unknown as FastifyInstance, authority, log, changed);
  let stopping: Promise<void> | null = null;
  const stop = async () => {
    // Its last words may take a while; what serves does not wait for them.
    const silent = soon(watching.then(async (self) => await self?.stop()));
    retention.stop();
    housekeeping.stop();
    await library.stop();
    liveSettings.stop();
    filling.stop();
    keeper.stop();
    await cleaner.stop();
    await takeOvers.stop();
    await secrets?.stop();
    await auditKeeper.stop();
    losses.stop();
    parts.agents?.stop();
    await lifecycle.stop();
    link.close();
    listeners?.close();
    authority.close();
    await app.close();
    await silent;
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

/** Or what there is of it by then. */
async function soon(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, STOP_WATCHING_MS)))]);
  clearTimeout(timer);
}

/** In another site no receiver runs. */
function dataNodesOf({ config }: ManagerConfig): readonly string[] {
  return config.cluster.members
    .filter(({ kind }) => kind === 'data')
    .map(({ id }) => id)
    .sort();
}

/** Consoles to which somebody goes by hand, or the page by itself: with an address of the Master's own nobody has to. */
function othersOf({ node, vip, port, config }: ManagerConfig): readonly string[] {
  if (vip !== null) return [];
  return config.cluster.members
    .filter(({ id, kind }) => kind === 'data' && id !== node)
    .map(({ address }) => `${address.includes(':') ? `[${address}]` : address}:${port}`);
}

/** null: this process was given no keys. */
function keeperOf(
  { config, store, secrets, clock, log }: ManagerParts,
  authority: Authority,
  isReady: () => boolean,
): SecretKeeper | null {
  const { keys: ring, controlSocket } = config;
  if (secrets === undefined || ring === undefined) return null;
  return new SecretKeeper({
    ...{ node: config.node, ring, codec: secrets, tables: store.secrets, authority, isReady, clock, log },
    status: async () => StatusSchema.parse(await askController(controlSocket, { method: 'status' }, STATUS_DEADLINE_MS)),
    members: config.config.cluster.members.flatMap(({ id, kind }) => (kind === 'witness' ? [] : [id])),
  });
}

function tracerOf(
  { node, stateDir, config, keys }: ManagerConfig,
  { traces }: ManagerStore,
  dataNodes: readonly string[],
): IngestTracer {
  const peer = dataNodes.find((each) => each !== node) ?? '';
  return new IngestTracer({ node, peer, stateDir, keys, sources: sourceProperties(config.receiver), traces });
}
