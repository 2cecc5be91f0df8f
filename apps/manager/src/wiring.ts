import type { Log } from '@yosugara/kernel';
import type { IngestStore, JobStore, OperationsStore, OutboxStore, SecretCodec } from '@yosugara/runtime';
import {
  Connections,
  JobReportRepository,
  JobRepository,
  MessageRepository,
  OperationsRepository,
  OutboxRepository,
  Partitions,
} from '@yosugara/store';
import type { ManagerConfig } from './config.js';
import type { JobTables } from './jobs/jobs-handle.js';
import { managerStore } from './store/manager-store.js';
import type { ManagerStore } from './store/ports.js';

export interface Storage {
  readonly store: ManagerStore;
  /** The rows' writer, on connections of its own. */
  readonly ingest: IngestStore;
  readonly operations: OperationsStore;
  readonly outbox: OutboxStore;
  /** What is read of jobs. */
  readonly jobs: JobTables;
  /** Of whoever runs them. */
  readonly jobStore: JobStore;
}

export function openStorage(postgres: ManagerConfig['postgres'], node: string, log: Log, secrets?: SecretCodec): Storage {
  const connections = new Connections({ node, ...postgres, clusterCa: () => postgres.clusterCa }, log);
  const { readers } = connections;
  const reading = new MessageRepository(readers, new Partitions(readers));
  const operationsOf = () => new OperationsRepository(connections.ingest, new Partitions(connections.ingest, 'collected'));
  // Each with what it remembers of its own transactions: a failure of one says nothing of the other's.
  const ingest = new MessageRepository(connections.ingest, new Partitions(connections.ingest), { operations: operationsOf() });
  const store = managerStore(connections, reading, new Partitions(connections.ingest), secrets);
  const units = new JobRepository(readers, operationsOf());
  const jobs = Object.assign(new JobReportRepository(readers), {
    unitOf: async (unit: string, revision: number) => await units.unitOf(unit, revision),
  });
  const jobStore = new JobRepository(connections.jobs, operationsOf());
  return { store, ingest, operations: operationsOf(), outbox: new OutboxRepository(connections.ingest), jobs, jobStore };
}
