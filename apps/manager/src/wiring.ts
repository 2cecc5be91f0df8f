import type { Log } from '@yosugara/kernel';
import { Connections, MessageRepository, Partitions } from '@yosugara/store';
import type { ManagerConfig } from './config.js';
import type { StartIngest } from './lifecycle.js';
import { managerStore } from './store/manager-store.js';
import type { ManagerStore } from './store/ports.js';

export interface Storage {
  readonly store: ManagerStore;
  /** The rows' writer, on connections of its own. */
  readonly messages: MessageRepository;
}

export function openStorage(config: ManagerConfig, log: Log): Storage {
  const connections = new Connections({ node: config.node, ...config.postgres }, log);
  const reading = new MessageRepository(connections.readers, new Partitions(connections.readers));
  const messages = new MessageRepository(connections.ingest, new Partitions(connections.ingest));
  return { store: managerStore(connections, reading), messages };
}

export function startIngestOf(_config: ManagerConfig, _storage: Storage, _log: Log): StartIngest {
  return async () => ({ behind: () => 0, stop: async () => undefined, failure: () => null });
}
