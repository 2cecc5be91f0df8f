import type { Restored } from '@yosugara/consensus';
import { JournalCorruptError, openRaftDisk, setRaftDiskAside } from '@yosugara/journal';
import type { Log } from '@yosugara/kernel';
import type { RaftDisk } from '@yosugara/runtime';
import type { TaughtMark } from './taught-mark.js';

export interface ConsensusDisk {
  readonly disk: RaftDisk;
  readonly restored: Restored;
  /** Why the log that this member had is not the one it starts with; null: it is. */
  readonly damaged: string | null;
}

/**
 * Opens the consensus log. A damaged one is put aside and a blank one begun under a new incarnation: this member then follows and is
 * counted for nothing, until it is brought back as a new one.
 */
export async function openConsensus(dir: string, taught: TaughtMark, log: Log): Promise<ConsensusDisk> {
  const disk = await openRaftDisk(dir, log);
  try {
    const restored = await disk.load();
    return { disk, restored, damaged: taught.whyLost(restored) };
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
    };
  }
}
