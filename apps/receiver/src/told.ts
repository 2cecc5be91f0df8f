import type { PeerCopy, ReceiverJournal, UnwrittenRecords } from '@yosugara/journal';
import { explain, type Log } from '@yosugara/kernel';
import { OTHER_SOURCES, type ReceiverReport } from '@yosugara/protocol';
import type { Listener, ListenerAway, SourceGate } from '@yosugara/receivers';
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

/** Those that are to be open and are not. */
export function reportedAway(away: readonly ListenerAway[]): NonNullable<ReceiverReport['listenersAway']> {
  return away.map(({ forMs, ...named }) => ({ ...named, forSeconds: Math.round(forMs / 100) / 10 }));
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

/** The last that this process says of them: a restart with a full disk must not lose in silence what was taken before. */
export function sayUnwritten(log: Log, { records, awaited, bySource, why }: UnwrittenRecords): void {
  if (records + awaited === 0) return;
  const most = [...bySource].sort((one, two) => two[1] - one[1]);
  const others = most.slice(REPORTED_SOURCES).reduce((sum, [, times]) => sum + times, 0);
  const counts = Object.fromEntries(most.slice(0, REPORTED_SOURCES).map(([source, times]) => [`unwritten ${source}`, times]));
  if (others > 0) counts[`unwritten ${OTHER_SOURCES}`] = others;
  log.error('receiver.unwritten', { records, awaited, counts, why: explain(why) });
}
