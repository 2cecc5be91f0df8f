import type { PeerCopy, ReceiverJournal } from '@yosugara/journal';
import type { Log } from '@yosugara/kernel';
import type { ReceiverReport } from '@yosugara/protocol';
import type { Listener, SourceGate } from '@yosugara/receivers';
import type { Losses } from './losses.js';

/** In a report; the others are in the receiver's own numbers. */
const REPORTED_SOURCES = 20;

export function reportedSources(gate: SourceGate): Pick<ReceiverReport, 'sources' | 'sourcesLeftOut'> {
  const { sources, leftOut } = gate.notable(REPORTED_SOURCES);
  const line = ({ sinceMs, ...source }: (typeof sources)[number]) => ({ ...source, since: new Date(sinceMs).toISOString() });
  return { sources: sources.map(line), sourcesLeftOut: leftOut };
}

/** What is told of journal, losses and listeners. */
export function reportedIntake(
  journal: ReceiverJournal,
  losses: Losses,
  listeners: readonly Listener[],
): Pick<
  ReceiverReport,
  'received' | 'dropped' | 'kernelDrops' | 'journalFull' | 'refusedFull' | 'refusedBacklog' | 'lately' | 'listeners'
> {
  const { appended: received, refusedFull, refusedBacklog } = journal.stats();
  const { dropped, kernelDrops, journalFull, lately } = losses;
  return {
    ...{ received, refusedFull, refusedBacklog, dropped, kernelDrops, journalFull, lately },
    listeners: listeners.map((listener) => {
      const { sinceMs, ...stats } = listener.stats();
      return { ...stats, since: new Date(sinceMs).toISOString(), kernelDrops: losses.dropsOf(listener) };
    }),
  };
}

/** The kernel doubles what is asked, for its own bookkeeping (socket(7)), and caps it at `net.core.rmem_max`. */
export function saySmallBuffers(log: Log, listeners: readonly Listener[], askedBytes: number): void {
  const grantedBytes = Math.min(
    ...listeners
      .map((listener) => listener.stats())
      .flatMap((stats) => (stats.protocol === 'udp' ? [stats.receiveBufferBytes] : [])),
  );
  if (grantedBytes < askedBytes)
    log.warn('receiver.small_buffer', { askedBytes, grantedBytes, advice: `sysctl -w net.core.rmem_max=${askedBytes}` });
}

export function sayDamage(log: Log, journal: ReceiverJournal, copy: PeerCopy): void {
  for (const info of [...journal.journals(), ...copy.journals()])
    if (info.corrupt !== null)
      log.error('journal.corrupt', { journalId: info.journalId, lost: info.corrupt.lost, why: info.corrupt.message });
}
