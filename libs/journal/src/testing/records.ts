import { afterEach } from 'vitest';
import { type JournalRecord, type NewRecord, type ReceiverJournal, type ReceiverJournalOptions } from '../index.js';
import { openReceiverJournal } from './mode.js';

export function message(text: string, change: Partial<NewRecord> = {}): NewRecord {
  return {
    receivedAtUs: 1_790_000_000_000_000,
    monotonicMs: 12.5,
    kind: 'syslog',
    transport: 'udp',
    source: { address: '192.0.2.7', port: 40514 },
    listener: { kind: 'own', address: '127.0.1.1' },
    flags: 0,
    raw: Buffer.from(text),
    ...change,
  };
}

export const texts = (records: readonly JournalRecord[]) => records.map(({ raw }) => Buffer.from(raw).toString());
export const numbered = (from: number, through: number) =>
  Array.from({ length: through - from + 1 }, (_, at) => `message ${from + at}`);

/** Opens journals and whatever else has a `close`, and closes them after the test. */
export function openings() {
  const opened: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const part of opened.splice(0)) await part.close();
  });
  const keep = <T extends { close(): Promise<void> }>(part: T): T => {
    opened.push(part);
    return part;
  };
  const journal = async (
    dir: string,
    change: Partial<ReceiverJournalOptions> = {},
    fs?: Parameters<typeof openReceiverJournal>[1],
  ) => keep(await openReceiverJournal({ dir, node: 'a', maxBytes: 1e9, onFatal: () => undefined, ...change }, fs));
  const filled = async (dir: string, count: number, change: Partial<ReceiverJournalOptions> = {}): Promise<ReceiverJournal> => {
    const made = await journal(dir, change);
    for (const line of numbered(1, count)) {
      if (!made.append(message(line))) throw new Error(`${line} was refused`);
      // A group of its own for each, so that small segments fill.
      if (change.segmentBytes !== undefined) await made.flush();
    }
    await made.flush();
    return made;
  };
  return { keep, journal, filled };
}
