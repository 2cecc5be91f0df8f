import { join } from 'node:path';
import { openPeerCopy, openReceiverJournal, type PeerCopy, type ReceiverJournal, type UnwrittenRecords } from '@yosugara/journal';
import type { Log } from '@yosugara/kernel';
import type { RecordRef } from '@yosugara/operations';
import { type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';
import type { DamagedRange } from '@yosugara/runtime';
import { membersOf } from './config.js';
import { journalEncryption } from './journal-keys.js';
import { Scrub } from './scrub.js';
import { sayDamage, sayUnwritten } from './told.js';
import type { Undo } from './undo.js';

const MB = 1024 * 1024;

/** What is on this node's disk. */
export interface Journals {
  /** Received here, since this start; it has those of earlier starts, too. */
  readonly journal: ReceiverJournal;
  /** Of the peer's. */
  readonly copy: PeerCopy;
}

/** @param onFatal the disk failed under one of them. */
export async function openJournals(config: NodeConfig, log: Log, onFatal: (error: Error) => void, undo: Undo): Promise<Journals> {
  const { self } = membersOf(config);
  const at = (name: string) => join(config.stateDir, name);
  const maxBytes = config.receiver.maxJournalMb * MB;
  const encryption = journalEncryption(config, log, undo);
  const onUnwritten = (lost: UnwrittenRecords) => sayUnwritten(log, lost);
  const own = { dir: at(STATE_LAYOUT.journalOwn), node: self.id, maxBytes, encryption };
  const journal = await openReceiverJournal({ ...own, onUnwritten, onFatal });
  undo.push(() => journal.close());
  const copy = await openPeerCopy({ dir: at(STATE_LAYOUT.journalPeer), maxBytes, encryption, onFatal });
  undo.push(() => copy.close());
  sayDamage(log, journal, copy);
  return { journal, copy };
}

/** Both are read again and again in the background, for damage that nobody has come across. */
export function scrubJournals({ journal, copy }: Journals, log: Log, onDamage: (range: DamagedRange) => void, undo: Undo): void {
  for (const journals of [journal, copy]) {
    const scrub = new Scrub({ journals, log, onDamage });
    scrub.start();
    undo.push(() => scrub.stop());
  }
}

/** Then it was on both disks, and is in both databases. */
export function isLetGo(journal: ReceiverJournal, { journalId, seq }: RecordRef): boolean {
  return !journal.journals().some((range) => range.journalId === journalId && range.firstSeq <= seq);
}
