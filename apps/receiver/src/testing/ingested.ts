import { join } from 'node:path';
import { openJournalReader } from '@yosugara/journal';
import { epoch, SILENT_LOG } from '@yosugara/kernel';
import { EMPTY_WINDOW } from '@yosugara/operations';
import { type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';
import { IngestLoop, type IngestStore, type MessageToStore } from '@yosugara/runtime';
import type { RunningReceiver } from '../index.js';
import type { DataNode } from './two-receivers.js';

/** Ingest of one node, from what lies on its disk, into a list: rows are added as they are stored. The caller stops it. */
export function ingestInto(
  rows: MessageToStore[],
  self: DataNode,
  { stateDir }: NodeConfig,
  receiver: RunningReceiver,
): { stop(): Promise<void> } {
  const store: IngestStore = {
    loadProgress: async () => ({ version: 0, positions: new Map(), window: EMPTY_WINDOW }),
    findLone: async () => [],
    storeBatch: async (batch) => {
      rows.push(...batch.rows);
      return { keyHits: 0 };
    },
  };
  const [own, peerCopy] = [STATE_LAYOUT.journalOwn, STATE_LAYOUT.journalPeer].map((name) =>
    openJournalReader(join(stateDir, name)),
  );
  const loop = new IngestLoop({
    ...{ self, peer: self === 'a' ? 'b' : 'a', own: own!, peerCopy: peerCopy!, store, log: SILENT_LOG },
    watermark: () => receiver.watermark(),
    clock: { monotonicMs: () => performance.now(), wallMs: () => Date.now() },
    permit: () => ({ epoch: epoch(1), leaseUntilMs: Number.POSITIVE_INFINITY, ingestAlone: true, bothDatabases: true }),
  });
  loop.start();
  return loop;
}
