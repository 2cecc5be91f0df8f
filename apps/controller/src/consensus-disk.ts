import type { Restored, Snapshot } from '@yosugara/consensus';
import type { ClusterRecord } from '@yosugara/failover';
import { carryOutBranch, JournalCorruptError, openRaftDisk, refuseBranch, setRaftDiskAside } from '@yosugara/journal';
import { explain, InvariantError, type Log, type NodeId } from '@yosugara/kernel';
import { type BranchOrder, beginBranch, type RaftDisk } from '@yosugara/runtime';
import type { TaughtMark } from './taught-mark.js';

export interface ConsensusDisk {
  readonly disk: RaftDisk;
  readonly restored: Restored;
  /** Why the log that this member had is not the one it starts with; null: it is. */
  readonly damaged: string | null;
  /** This start has begun another log of the cluster's. */
  readonly branched: boolean;
}

/**
 * Opens the consensus log. A damaged one is put aside and a blank one begun under a new incarnation: this member then follows and is
 * counted for nothing, until it is brought back as a new one. What an earlier life was told to begin instead is begun first.
 */
export async function openConsensus(dir: string, self: NodeId, taught: TaughtMark, log: Log): Promise<ConsensusDisk> {
  const order = await branch(dir, self, log);
  const disk = await openRaftDisk(dir, log);
  try {
    const restored = await disk.load();
    const lost = taught.whyLost(restored);
    const damaged = lost !== null && order?.kind === 'join' ? 'its consensus log ended with an older generation' : lost;
    return { disk, restored, damaged, branched: order !== null };
  } catch (cause) {
    await disk.close();
    if (!(cause instanceof JournalCorruptError)) throw cause;
    const aside = await setRaftDiskAside(dir);
    log.error('raft.damaged', { why: cause.message, aside });
    const blank = await openRaftDisk(dir, log);
    return {
      disk: blank,
      restored: await blank.load(),
      damaged: `the consensus log of this member was damaged and is kept in ${aside}`,
      branched: order !== null,
    };
  }
}

/** Data that took the place of the cluster's may be known by another identifier, and have timelines of their own (apps/cli's generation.ts). */
type DataOrder = Extract<BranchOrder, { readonly kind: 'lead' }> & { readonly systemId?: string };

function beginWith(self: NodeId, { away, systemId }: DataOrder, held: Restored, incarnation: string): Snapshot {
  const snapshot = beginBranch(self, away, held, incarnation);
  const record = snapshot.state as ClusterRecord;
  if (systemId === undefined || record.systemId === systemId) return snapshot;
  return { ...snapshot, state: { ...record, systemId, lineage: [] } };
}

/** A log that cannot be read cannot be gone on from: then nothing is begun, and whoever asks for it sees that nothing happened. */
async function branch(dir: string, self: NodeId, log: Log): Promise<BranchOrder | null> {
  try {
    return await carryOutBranch<BranchOrder>(
      dir,
      (order) => (order.kind === 'join' ? null : (held, incarnation) => beginWith(self, order, held, incarnation)),
      log,
    );
  } catch (cause) {
    if (!(cause instanceof JournalCorruptError || cause instanceof InvariantError)) throw cause;
    log.error('raft.branchRefused', { why: explain(cause), plan: await refuseBranch(dir) });
    return null;
  }
}
