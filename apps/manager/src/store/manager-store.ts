import { InvalidInputError } from '@yosugara/kernel';
import type { Messages } from '@yosugara/protocol';
import { PLAIN_SECRETS, type SecretCodec } from '@yosugara/runtime';
import {
  CommandAnswers,
  type Connections,
  claim,
  completeIndexes,
  databaseActivity,
  databaseSize,
  IngestReport,
  IngestTraces,
  keepAnswer,
  LateBatches,
  type MessageRepository,
  type Partitions,
  type MessageQuery as StoreQuery,
  setOptionalIndexes,
  UserRepository,
  WriteProbeRepository,
} from '@yosugara/store';
import { auditTables } from '../access/audit-tables.js';
import { peopleTables } from '../access/people-tables.js';
import { agentTables } from '../agents/agent-tables.js';
import { capacityTables } from '../capacity/capacity-tables.js';
import { inventoryTables } from '../inventory/inventory-tables.js';
import { FACILITIES, SEVERITIES } from '../messages/query.js';
import { mibTables } from '../mibs/mib-tables.js';
import { operationsTables } from '../operations/operations-tables.js';
import { retentionTables } from '../retention/retention-tables.js';
import { secretTables } from '../secrets/secret-tables.js';
import { settingsTables } from '../settings/settings-tables.js';
import { takeOverTables } from '../take-overs/take-over-tables.js';
import { noteAudit } from './audit.js';
import { asUnavailable, orUnavailable } from './or-unavailable.js';
import { AlreadyThereError, type AnswerTables, type ManagerStore, type MessageQuery } from './ports.js';

/** The manager's verbs, made of the repositories of libs/store. */
export function managerStore(
  connections: Connections,
  messages: Pick<MessageRepository, 'search' | 'histogram' | 'standbyPositions'>,
  partitions: Partitions,
  secrets: SecretCodec = PLAIN_SECRETS,
): ManagerStore {
  const report = new IngestReport(connections.readers);
  const traces = new IngestTraces(connections.readers);
  const late = new LateBatches(connections.readers);
  return {
    probe: async () => await connections.probe(),
    migrate: async () => await connections.migrate(),
    contract: async (level, epoch, guard) => await connections.contract(level, epoch, guard),
    foresee: async () => await connections.foresee(),
    claim: async (epoch, guard) => await connections.write(epoch, async () => undefined, guard),
    hasUsers: async () => await connections.read(async (db) => (await new UserRepository(db).count()) > 0),
    addFirstUser: async (user, epoch, guard) =>
      await connections.write(epoch, async (db) => (await new UserRepository(db).create(user)) !== null, guard),
    audit: async (entry, guard, kept = null) =>
      await connections.write(
        entry.epoch,
        async (db) => {
          if (kept !== null) await keepAnswer(db, kept);
          await noteAudit(db, entry);
        },
        guard,
      ),
    insertProbe: async (key, epoch, guard) =>
      await connections.write(
        epoch,
        async (db) => {
          if (!(await new WriteProbeRepository(db).insert(key, epoch))) throw new AlreadyThereError(`the key ${key}`);
        },
        guard,
      ),
    listProbes: async (prefix) => await connections.read(async (db) => await new WriteProbeRepository(db).keys(prefix)),
    standbyPositions: async () =>
      await messages.standbyPositions().catch((error: unknown) => {
        throw asUnavailable(error);
      }),
    makePartitions: async ({ nowMs, aheadDays, width }, guard) => {
      guard();
      try {
        await partitions.createAhead(aheadDays, nowMs, width);
      } catch (error) {
        partitions.forget();
        throw error;
      }
    },
    completeIndexes: async (optional, epoch, guard) => {
      const fence = async (client: Parameters<typeof claim>[0]) => {
        await claim(client, epoch);
        guard();
      };
      if (optional !== null) await setOptionalIndexes(connections.ingest, optional, fence);
      return await completeIndexes(connections.ingest, fence);
    },
    counts: {
      countedSinceMs: async () => await orUnavailable(report.countedSinceMs()),
      sources: async (query) => await orUnavailable(report.sources(query)),
      total: async (fromMs, toMs) => await orUnavailable(report.total(fromMs, toMs)),
      minutes: async (fromMs, toMs) => await orUnavailable(report.minutes(fromMs, toMs)),
      positions: async () => await orUnavailable(report.positions()),
      oneSided: async (nodes, nowMs, alarm) => await orUnavailable(report.oneSided(nodes, nowMs, alarm)),
    },
    traces: {
      row: async (atUs, ref) => await orUnavailable(traces.row(atUs, ref)),
      rowsOfCopy: async (ref, fromUs, throughUs) => await orUnavailable(traces.rowsOfCopy(ref, fromUs, throughUs)),
      rowsOfContent: async (...how) => await orUnavailable(traces.rowsOfContent(...how)),
      progress: async (ref, atUs) => await orUnavailable(traces.progress(ref, atUs)),
    },
    late: {
      version: async () => await orUnavailable(late.version()),
      after: async (version, limit) => await orUnavailable(late.after(version, limit)),
    },
    activity: async () => await orUnavailable(databaseActivity(connections.readers)),
    databaseBytes: async () => await orUnavailable(databaseSize(connections.readers)),
    answers: answerTables(connections),
    people: peopleTables(connections),
    auditLog: auditTables(connections),
    mibs: mibTables(connections),
    settings: settingsTables(connections, secrets),
    secrets: secretTables(connections, secrets),
    operations: operationsTables(connections),
    agents: agentTables(connections),
    inventory: inventoryTables(connections),
    retention: retentionTables(connections, partitions),
    takeOvers: takeOverTables(connections),
    capacity: capacityTables(connections),
    searchMessages: async (query) => await search(messages, query),
    countMessages: async (query, binUs) =>
      await messages
        .histogram({
          ...storeQueryOf(query),
          ...{ sinceUs: query.since.getTime() * 1_000, untilUs: query.until.getTime() * 1_000, binUs },
        })
        .catch((error: unknown) => {
          throw asUnavailable(error);
        }),
    close: async () => await connections.close(),
  };
}

const answerTables = (connections: Connections): AnswerTables => ({
  find: async (key) => await connections.read(async (db) => await new CommandAnswers(db).find(key)),
  settle: async (kept, epoch, guard) =>
    await connections.write(epoch, async (db) => await new CommandAnswers(db).settle(kept), guard),
  release: async ({ key }, epoch, guard) =>
    await connections.write(epoch, async (db) => await new CommandAnswers(db).release(key), guard),
  retain: async (before, most, epoch, guard) =>
    await connections.write(epoch, async (db) => await new CommandAnswers(db).retain(before, most), guard),
});

/** In the words and numbers of the database. */
function storeQueryOf(query: MessageQuery): StoreQuery {
  const { text, source, host, app, kind, transport, records, limit } = query;
  const us = (at: Date | undefined) => (at === undefined ? undefined : at.getTime() * 1_000);
  const wanted = {
    ...{ text, source, host, app, kind, transport, records, limit },
    ...{
      procId: query.proc,
      structured: query.sd,
      varbinds: query.varbind,
      traps: query.traps,
      seenOnlyBy: query.onlyAt,
      parseReason: query.reason,
    },
    facility: query.facility === undefined ? undefined : (FACILITIES as readonly string[]).indexOf(query.facility),
    severityMax: query.severity === undefined ? undefined : (SEVERITIES as readonly string[]).indexOf(query.severity),
    sinceUs: us(query.since),
    untilUs: us(query.until),
    before: query.after,
  };
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)) as StoreQuery;
}

async function search(messages: Pick<MessageRepository, 'search'>, query: MessageQuery): Promise<Messages> {
  const page = await messages.search(storeQueryOf(query)).catch((error: unknown) => {
    // Our own word for it is another one.
    throw error instanceof InvalidInputError && error.message.startsWith('before:')
      ? new InvalidInputError('after', query.after ?? '', 'the `next` of an earlier page')
      : asUnavailable(error);
  });
  return { rows: [...page.rows], next: page.next };
}
