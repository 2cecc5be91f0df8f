import type { Log } from '@yosugara/kernel';
import type { IngestStore, OperationsStore, OutboxStore } from '@yosugara/runtime';
import { Connections, MessageRepository, OperationsRepository, OutboxRepository, Partitions } from '@yosugara/store';
import type { ManagerConfig } from './config.js';
import { managerStore } from './store/manager-store.js';
import type { ManagerStore } from './store/ports.js';

export interface Storage {
  readonly store: ManagerStore;
  /** The rows' writer, on connections of its own. */
  readonly ingest: IngestStore;
  readonly operations: OperationsStore;
  readonly outbox: OutboxStore;
}

export function openStorage(postgres: ManagerConfig['postgres'], node: string, log: Log): Storage {
  const connections = new Connections({ node, ...postgres }, log);
  const reading = new MessageRepository(connections.readers, new Partitions(connections.readers));
  const operationsOf = () => new OperationsRepository(connections.ingest, new Partitions(connections.ingest, 'collected'));
  // Each with what it remembers of its own transactions: a failure of one says nothing of the other's.
  const ingest = new MessageRepository(connections.ingest, new Partitions(connections.ingest), { operations: operationsOf() });
  const store = managerStore(connections, reading, new Partitions(connections.ingest));
  return { store, ingest, operations: operationsOf(), outbox: new OutboxRepository(connections.ingest) };
}
