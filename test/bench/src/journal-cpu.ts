import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JournalEncryption, type NewRecord, openReceiverJournal } from '@yosugara/journal';
import { alternate, type Measure } from './benchmark.js';

const MESSAGES = 100_000;
/** What comes between two turns of the event loop under load. */
const AT_ONCE = 200;
const MESSAGE_BYTES = 200;
const READ_BYTES = 1_000_000;

const KEY = randomBytes(32);
const ENCRYPTION: JournalEncryption = {
  keys: { keyOf: (id) => (id === '00000001' ? KEY : null), lookedIn: [] },
  newest: () => '00000001',
};
const RECORD: NewRecord = {
  ...{ receivedAtUs: 1_790_000_000_000_000, monotonicMs: 1, kind: 'syslog', transport: 'udp', flags: 0 },
  ...{ source: { address: '192.0.2.7', port: 514 }, listener: { kind: 'own', address: '192.0.2.1' } },
  raw: randomBytes(MESSAGE_BYTES),
};

interface Cost {
  /** Processor time of this process a message, µs. */
  readonly write: number;
  readonly read: number;
}

/** Written to the disk and read back, all of it by this process. */
async function costOf(encryption: JournalEncryption | undefined): Promise<Cost> {
  const dir = mkdtempSync(join(tmpdir(), 'yosugara-journal-cpu-'));
  const fatal = (error: Error) => {
    throw error;
  };
  const journal = await openReceiverJournal({ dir, node: 'a', maxBytes: 1e12, encryption, onFatal: fatal });
  try {
    const write = await cpuUs(async () => {
      for (let at = 1; at <= MESSAGES; at++) {
        if (!journal.append(RECORD)) throw new Error('the journal refused a record');
        if (at % AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await journal.flush();
    });
    const read = await cpuUs(async () => {
      for (let next = 1; next <= MESSAGES; ) next += (await journal.read(journal.journalId, next, READ_BYTES)).length;
    });
    return { write, read };
  } finally {
    await journal.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function cpuUs(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / MESSAGES;
}

/** Processor time a message, encrypted and in the clear by turns: as good on a machine that has other things to do. */
export async function journalCpu(runs: number): Promise<readonly Measure[]> {
  const costs: { sealed: Cost[]; clear: Cost[] } = { sealed: [], clear: [] };
  const measured = async (into: Cost[], encryption?: JournalEncryption) => {
    const cost = await costOf(encryption);
    into.push(cost);
    return cost.write;
  };
  const write = await alternate(
    runs,
    async () => await measured(costs.sealed, ENCRYPTION),
    async () => await measured(costs.clear),
  );
  // The first pair only warmed up.
  const reads = { sealed: costs.sealed.slice(1), clear: costs.clear.slice(1) };
  let at = 0;
  let other = 0;
  const read = await alternate(
    runs,
    () => reads.sealed[Math.max(0, at++ - 1)]!.read,
    () => reads.clear[Math.max(0, other++ - 1)]!.read,
  );
  const about = `${MESSAGES} messages of ${MESSAGE_BYTES} bytes, ${AT_ONCE} between two turns of the event loop, written and fsynced by this process; processor time, system calls and threads included`;
  const shared = { unit: 'µs a message', peerName: 'the same in the clear' };
  return [
    { ...shared, name: 'journal-encryption/write', ...write, note: about },
    { ...shared, name: 'journal-encryption/read', ...read, note: `${about}; then read back and decoded` },
  ];
}
