import type { Log } from '@yosugara/kernel';
import type { IngestStore } from '@yosugara/runtime';
import { Connections, MessageRepository, Partitions } from '@yosugara/store';
import type { ManagerConfig } from './config.js';
import { managerStore } from './store/manager-store.js';
import type { ManagerStore } from './store/ports.js';

export interface Storage {
  readonly store: ManagerStore;
  /** The rows' writer, on connections of its own. */
  readonly ingest: IngestStore;
}

export function openStorage(postgres: ManagerConfig['postgres'], node: string, log: Log): Storage {
  const connections = new Connections({ node, ...postgres }, log);
  const reading = new MessageRepository(connections.readers, new Partitions(connections.readers));
  const ingest = new MessageRepository(connections.ingest, new Partitions(connections.ingest));
  return { store: managerStore(connections, reading, new Partitions(connections.ingest)), ingest };
}
