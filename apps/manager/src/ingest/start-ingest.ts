import { join } from 'node:path';
import { openJournalReader } from '@yosugara/journal';
import { type Clock, epoch as epochOf, explain, type Log } from '@yosugara/kernel';
import { STATE_LAYOUT } from '@yosugara/protocol';
import { IngestLoop, type IngestPermit, type IngestStore, sourceProperties } from '@yosugara/runtime';
import type { ManagerConfig } from '../config.js';
import type { Permission } from '../control/authority.js';
import type { StartIngest } from '../lifecycle.js';
import type { MibNames } from '../mibs/mib-names.js';
import type { Operations } from '../operations/operations.js';
import { ReceiverLink } from './receiver-link.js';

/** One ingest of one epoch: a link to the receiver, readers of both journals, and the loop; all of it ends with it. */
/**
 * @param mibs names for traps, waited for a moment before the first row is made; default none.
 * @param operations what monitors make of the rows; default nothing.
 */
export function startIngestOf(
  config: ManagerConfig,
  store: IngestStore,
  clock: Clock,
  log: Log,
  mibs?: Pick<MibNames, 'now' | 'ready'>,
  operations?: Pick<Operations, 'lines' | 'onOperated'>,
): StartIngest {
  const peer = config.config.cluster.members.find((member) => member.kind === 'data' && member.id !== config.node);
  const place = (name: string) => join(config.stateDir, name);
  return async ({ epoch, permitted, onStored, onCounted = () => undefined, missing }) => {
    await mibs?.ready();
    const own = openJournalReader(place(STATE_LAYOUT.journalOwn), config.keys);
    const peerCopy = openJournalReader(place(STATE_LAYOUT.journalPeer), config.keys);
    let failure: unknown = null;
    const link = new ReceiverLink(place(STATE_LAYOUT.receiverSocket), log, () => loop.poke());
    const loop = new IngestLoop({
      ...{ self: config.node, peer: peer?.id ?? '', own, peerCopy, store, clock, log },
      sources: sourceProperties(config.config.receiver),
      ...(mibs === undefined ? {} : { mibs: () => mibs.now() }),
      ...(operations === undefined ? {} : { operations: operations.lines, onOperated: operations.onOperated }),
      watermark: () => link.watermark(),
      away: link.away,
      permit: () => permitOf(permitted, epoch),
      onStored,
      onCounted,
      onDamage: (range) => link.tellDamaged(range),
      ...(missing === undefined ? {} : { onLost: missing.onLost, onRefused: missing.onRefused }),
      onIngested: (positions) => link.tellIngested(positions),
      onStale: (error) => {
        log.error('ingest.stale', { why: explain(error) });
        failure = error;
      },
    });
    missing?.follow(() => loop.owed);
    link.open();
    loop.start();
    let stopping: Promise<void> | null = null;
    const stop = async () => {
      await loop.stop();
      link.close();
      await Promise.allSettled([own.close(), peerCopy.close()]);
    };
    return {
      behind: () => loop.behind,
      failure: () => failure,
      movedAtMs: () => loop.movedAtMs,
      clockOffsetUs: () => link.watermark()?.clockOffsetUs ?? null,
      stop: async () => await (stopping ??= stop()),
    };
  };
}

/** null = not now. */
function permitOf(permitted: () => Permission, epoch: number): IngestPermit | null {
  try {
    const { leaseUntilMs, ingestAlone, syncSet } = permitted();
    return { epoch: epochOf(epoch), leaseUntilMs, ingestAlone, bothDatabases: syncSet.length >= 2 };
  } catch {
    return null;
  }
}
