import { join, resolve } from 'node:path';
import type { Clock } from '@yosugara/kernel';
import { BEHIND_NONE, behindStep, RECENT_NONE, recentStep, type Seen } from '@yosugara/operations';
import { ReceiversAnswerSchema, STATE_LAYOUT, StatusSchema } from '@yosugara/protocol';
import type { SettingsSnapshot } from '@yosugara/runtime';
import type { DatabaseActivity, LongSession } from '@yosugara/store';
import type { Capacity } from '../capacity/capacity.js';
import { fillingsOf } from '../capacity/capacity-view.js';
import type { AskController } from '../cluster/cluster-view.js';
import type { ManagerConfig } from '../config.js';
import type { Authority } from '../control/authority.js';
import type { Lifecycle } from '../lifecycle.js';
import type { OperationsStats } from '../operations/start-operations.js';
import { type AskRepository, archiverFacts, askRepository, repositoryFacts } from './backups.js';
import { type CertificateSource, lookAtCertificates } from './certificates.js';
import { clusterFacts, receiverFacts } from './cluster-facts.js';
import type { Facts, Source } from './gatherer.js';
import type { InternalWays } from './internal-ways.js';
import { journalSizes } from './journal-sizes.js';
import { type ProcessFacts, swappedOutBytes } from './process-facts.js';
import type { Volumes } from './volumes.js';

const ONCE = [''] as const;
const MINUTE_MS = 60_000;
const MIB = 1_048_576;

/** What the manager tells about itself. */
export interface SelfParts {
  readonly config: ManagerConfig;
  readonly authority: Pick<Authority, 'now'>;
  readonly lifecycle: Pick<Lifecycle, 'report' | 'missing' | 'database' | 'movedAtMs' | 'ingestMovedAtMs'>;
  readonly askController: AskController;
  readonly activity: () => Promise<DatabaseActivity>;
  readonly databaseBytes: () => Promise<number>;
  /** null = nothing looks, judges and tells here. */
  readonly operations: () => (OperationsStats & { readonly movedAtMs: Readonly<Record<string, number | null>> }) | null;
  readonly snapshot: () => Pick<SettingsSnapshot, 'all'>;
  /** When the newest message came that is stored, on the wall clock; null = none by this process. */
  readonly storedThroughMs: () => number | null;
  /** The other node's wall clock minus ours; null = not known. */
  readonly clockOffsetUs: () => number | null;
  /** Missing: nobody keeps a history here. */
  readonly capacity?: Pick<Capacity, 'look' | 'everyMs'>;
  readonly clock: Clock;
  /** What lies in the repository of backups; missing: it is asked. */
  readonly backups?: AskRepository;
}

/** All sources of a manager. @param everyMs of a look. */
export function sourcesOf(
  parts: SelfParts,
  ways: InternalWays,
  volumes: Volumes,
  process: ProcessFacts,
  everyMs: number,
): readonly Source[] {
  const { clock } = parts;
  const counters = new Counters(clock);
  const away = new AwayTimes(clock);
  return [
    { name: 'queues', everyMs: 0, deadlineMs: everyMs, look: queues(parts, counters) },
    { name: 'process', everyMs: 0, deadlineMs: everyMs, look: processOf(process) },
    { name: 'swap', everyMs: 5_000, deadlineMs: everyMs, look: async () => ({ 'swap-out': await swapOf(counters) }) },
    {
      name: 'size',
      everyMs: 10 * MINUTE_MS,
      deadlineMs: 10_000,
      look: async () => ({ 'database-size': one(await parts.databaseBytes()) }),
    },
    { name: 'loops', everyMs: 0, deadlineMs: everyMs, look: () => ({ loop: loopsOf(parts) }) },
    { name: 'database', everyMs: 0, deadlineMs: everyMs, look: () => databaseOf(parts, away) },
    { name: 'clocks', everyMs: 0, deadlineMs: everyMs, look: () => ({ 'clock-distance': clocksOf(parts) }) },
    { name: 'words', everyMs: 0, deadlineMs: everyMs, look: () => ({ 'internal-lost': wordsOf(ways, counters) }) },
    { name: 'controller', everyMs: 0, deadlineMs: 3_000, look: async () => await controllerOf(parts, counters, away) },
    { name: 'sessions', everyMs: 10_000, deadlineMs: 3_000, look: async () => sessionsOf(parts, await parts.activity()) },
    { name: 'backups', everyMs: 10 * MINUTE_MS, deadlineMs: 2 * MINUTE_MS, look: async () => await backupsOf(parts) },
    { name: 'volumes', everyMs: 10_000, deadlineMs: 5_000, look: async () => await volumesOf(volumes) },
    { name: 'journals', everyMs: 10_000, deadlineMs: 5_000, look: async () => ({ 'journal-bytes': await journalsOf(parts) }) },
    ...fillings(parts),
    { name: 'certificates', everyMs: 10 * MINUTE_MS, deadlineMs: 10_000, look: async () => await certificatesOf(parts) },
  ];
}

/** Whoever serves tells it for all. */
function fillings({ capacity, authority }: SelfParts): readonly Source[] {
  if (capacity === undefined) return [];
  const look = async (): Promise<Facts> =>
    authority.now().mode === 'active' ? { capacity: fillingsOf(await capacity.look()) } : {};
  return [{ name: 'capacity', everyMs: FILLINGS * capacity.everyMs, deadlineMs: 30_000, look }];
}
/** Samples between two looks at what fills up. */
const FILLINGS = 10;

const one = (value: number | null, note = ''): readonly Seen[] => (value === null ? [] : [{ item: ONCE[0], value, note }]);

/** What counters grew by in the last minutes, by name. */
class Counters {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #recent = new Map<string, typeof RECENT_NONE>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  recent(name: string, value: number): number {
    const { state, increase } = recentStep(this.#recent.get(name) ?? RECENT_NONE, this.#clock.monotonicMs(), value);
    this.#recent.set(name, state);
    return increase;
  }
}

/** How long something has not been there, by name; begins with the first look. */
class AwayTimes {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #sinceMs = new Map<string, number>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  seconds(name: string, isThere: boolean): number {
    const nowMs = this.#clock.monotonicMs();
    if (isThere) this.#sinceMs.set(name, nowMs);
    const sinceMs = this.#sinceMs.get(name) ?? nowMs;
    this.#sinceMs.set(name, sinceMs);
    return (nowMs - sinceMs) / 1_000;
  }
}

function queues({ lifecycle, operations, storedThroughMs, clock }: SelfParts, counters: Counters): () => Facts {
  let behindState = BEHIND_NONE;
  return () => {
    const nowMs = clock.wallMs();
    const { ingestBehind = null } = lifecycle.report(false);
    const { state, ageMs } = behindStep(behindState, nowMs, ingestBehind ?? 0, storedThroughMs());
    behindState = state;
    const missing = lifecycle.missing();
    const stats = operations();
    const outbox = stats?.outbox ?? null;
    const oldestMs = outbox === null ? null : outbox.oldestAtMs === null ? 0 : nowMs - outbox.oldestAtMs;
    const lagMs = stats?.monitors.lagP99Ms ?? null;
    const jobs = stats?.jobs ?? null;
    const askedMs = jobs === null ? null : nowMs - (jobs.oldestUnansweredAtMs ?? nowMs);
    return {
      'ingest-lag': one(ingestBehind === null ? null : ageMs / 1_000, `${ingestBehind ?? 0} wait`),
      'ingest-behind': one(ingestBehind),
      'ingest-owed': one(missing?.owed ?? null),
      'ingest-lost': missing === null ? [] : one(counters.recent('lost', missing.lost.records)),
      'outbox-age': one(oldestMs === null ? null : Math.max(0, oldestMs) / 1_000, `${outbox?.waiting ?? 0} wait`),
      'outbox-depth': one(outbox?.waiting ?? null),
      'monitor-lag': one(lagMs === null ? null : lagMs / 1_000),
      'job-answer': one(askedMs === null ? null : Math.max(0, askedMs) / 1_000, `${jobs?.unanswered ?? 0} wait`),
      'monitor-skipped': stats === null ? [] : one(counters.recent('skipped', stats.monitors.skipped)),
    };
  };
}

function processOf(process: ProcessFacts): () => Facts {
  return () => {
    const { heldUp, heap, memory } = process.look();
    return { 'event-loop': [heldUp], heap: [heap], memory: [memory] };
  };
}

async function swapOf(counters: Counters): Promise<readonly Seen[]> {
  const bytes = await swappedOutBytes();
  return bytes === null ? [] : one(counters.recent('swap', bytes));
}

function loopsOf({ lifecycle, operations, clock }: SelfParts): readonly Seen[] {
  const moved = { lifecycle: lifecycle.movedAtMs, ingest: lifecycle.ingestMovedAtMs, ...operations()?.movedAtMs };
  const nowMs = clock.monotonicMs();
  return Object.entries(moved).flatMap(([item, atMs]) =>
    atMs === null ? [] : [{ item, value: Math.max(0, nowMs - atMs) / 1_000 }],
  );
}

function clocksOf({ config: { node, config }, clockOffsetUs }: SelfParts): readonly Seen[] {
  const offsetUs = clockOffsetUs();
  const other = config.cluster.members.find(({ id, kind }) => kind === 'data' && id !== node)?.id ?? '';
  return offsetUs === null ? [] : [{ item: other, value: Math.abs(offsetUs) / 1_000_000 }];
}

function databaseOf({ lifecycle, authority }: SelfParts, away: AwayTimes): Facts {
  const { mode } = authority.now();
  const { database } = lifecycle;
  const isThere = mode === 'active' || mode === 'gated' ? database === 'primary' : database !== 'down';
  const seconds = away.seconds('database', isThere);
  return { database: one(seconds, isThere ? '' : `it is ${database}, and this manager is ${mode}`) };
}

function wordsOf(ways: InternalWays, counters: Counters): readonly Seen[] {
  const lost = ways.ways.map(([item, { failed, lost: gone, why }]) => ({
    item,
    value: counters.recent(`way ${item}`, failed + gone),
    note: why ?? '',
  }));
  return [...lost, { item: 'the events', value: counters.recent('pending', ways.pending.lost) }];
}

async function controllerOf(
  { config, authority, askController }: SelfParts,
  counters: Counters,
  away: AwayTimes,
): Promise<Facts> {
  const [status, receivers] = await Promise.all([
    askController({ method: 'status' }, 2_000).then(
      (answer) => StatusSchema.safeParse(answer).data ?? null,
      () => null,
    ),
    askController({ method: 'receivers' }, 2_000).then(
      (answer) => ReceiversAnswerSchema.safeParse(answer).data?.receivers ?? null,
      () => null,
    ),
  ]);
  const answered = { controller: one(away.seconds('controller', status !== null)) };
  const { mode, master } = authority.now();
  // Whoever serves tells it for all; while nobody does, everybody.
  if (mode !== 'active' && mode !== 'gated' && master !== null) return answered;
  return {
    ...answered,
    ...(status === null ? {} : clusterOf(config.node, status)),
    ...(receivers === null ? {} : receiversOf(receivers, counters, away)),
  };
}

function clusterOf(self: string, status: Parameters<typeof clusterFacts>[1]): Facts {
  const { alarms, lags, siteLoss, fences, fenceAges } = clusterFacts(self, status);
  return { 'dr-loss': siteLoss, alarm: alarms, 'replication-lag': lags, 'fence-device': fences, 'fence-age': fenceAges };
}

function receiversOf(receivers: Parameters<typeof receiverFacts>[0], counters: Counters, away: AwayTimes): Facts {
  const { behind, drops, away: missing } = receiverFacts(receivers);
  return {
    'receiver-down': receivers.map(({ node, report }) => ({
      item: node,
      value: away.seconds(`receiver ${node}`, report !== null),
    })),
    'receiver-listener': missing,
    'receiver-behind': behind,
    'receiver-drops': drops,
    'journal-refused': receivers.flatMap(({ node, report }) => {
      if (report === null) return [];
      const { refusedFull = 0, refusedBacklog = 0 } = report;
      const note = `since its start ${refusedFull} at its bound, ${refusedBacklog} since the disk did not keep up`;
      return [{ item: node, value: counters.recent(`refused ${node}`, refusedFull + refusedBacklog), note }];
    }),
  };
}

async function backupsOf({ config: { config }, authority, clock, backups = askRepository }: SelfParts): Promise<Facts> {
  return isMaster(authority) ? await repositoryFacts(config, backups, clock.wallMs()) : {};
}

const isMaster = (authority: SelfParts['authority']): boolean => ['active', 'gated'].includes(authority.now().mode);

function sessionsOf({ config: { config }, authority }: SelfParts, activity: DatabaseActivity): Facts {
  const { connections, maxConnections, longestStatement, longestTransaction } = activity;
  return {
    ...(isMaster(authority) ? archiverFacts(config, activity) : {}),
    'slow-query': one(longestStatement?.seconds ?? 0, noteOf(longestStatement)),
    'long-transaction': one(longestTransaction?.seconds ?? 0, noteOf(longestTransaction)),
    connections: one(maxConnections === 0 ? null : connections / maxConnections),
  };
}

const noteOf = (session: LongSession | null): string =>
  session === null
    ? ''
    : `process ${session.pid} of ${session.role}, ${session.application || 'without a name'}, ${session.state}${session.waits === null ? '' : `, waits for ${session.waits}`}`;

async function volumesOf(volumes: Volumes): Promise<Facts> {
  const { used, inodes, silent } = await volumes.look(4_000);
  return { 'disk-used': used, 'disk-inodes': inodes, 'disk-answer': silent };
}

async function journalsOf({ config: { stateDir, config } }: SelfParts): Promise<readonly Seen[]> {
  const folders = [
    { name: 'journal of this node', path: join(stateDir, STATE_LAYOUT.journalOwn) },
    { name: "copy of the other node's journal", path: join(stateDir, STATE_LAYOUT.journalPeer) },
  ];
  return await journalSizes(folders, config.receiver.maxJournalMb * MIB);
}

async function certificatesOf({ config, snapshot, clock }: SelfParts): Promise<Facts> {
  const { ends, unread } = await lookAtCertificates(certificateSources(config, snapshot()), clock.wallMs());
  return { 'certificate-end': ends, 'certificate-read': unread };
}

/** Every certificate that `yosugara.yaml` or a setting names. */
export function certificateSources(
  { stateDir, config }: ManagerConfig,
  snapshot: Pick<SettingsSnapshot, 'all'>,
): readonly CertificateSource[] {
  const { secrets } = STATE_LAYOUT;
  const { certFile, caFile } = config.receiver.tls;
  const ours = config.selfMonitoring.syslog.flatMap((target) =>
    target.caFile === undefined ? [] : [resolve(stateDir, target.caFile)],
  );
  const shown = config.console.tls.certFile;
  const people = shown === undefined ? [] : [resolve(stateDir, shown)];
  const files = [certFile, caFile, ...people, ...ours].flatMap((file) => (file === undefined ? [] : [{ name: file, file }]));
  const own = [secrets.tlsCert, secrets.clusterCa].map((name) => ({ name, file: join(stateDir, name), optional: true }));
  const texts: CertificateSource[] = [];
  const text = (name: string, pem: string | null | undefined) => void (pem != null && texts.push({ name, pem }));
  for (const [id, { body }] of snapshot.all('mail-server')) text(`mail-server/${id}`, body.ca);
  for (const [id, { body }] of snapshot.all('rest-access')) text(`rest-access/${id}`, body.ca);
  for (const [id, { body }] of snapshot.all('notification')) if (body.kind === 'syslog') text(`notification/${id}`, body.tls.ca);
  return [...own, ...new Map(files.map((each) => [each.name, each])).values(), ...texts];
}
