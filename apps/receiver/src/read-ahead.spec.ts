import { createSocket } from 'node:dgram';
import { join } from 'node:path';
import { openReceiverJournal } from '@yosugara/journal';
import { SILENT_LOG } from '@yosugara/kernel';
import { expect, it, vi } from 'vitest';
import { configuredListeners } from './listeners.js';
import { twoReceivers } from './testing/two-receivers.js';
import { openTraps } from './traps.js';

const { address, ports, closers, configs, dir } = await twoReceivers({ third: 67 });
const soon = { timeout: 60_000, interval: 5 };
/** A trap of version 1 without varbinds, from 10.0.0.1: generic 0, "public". */
const TRAP = Buffer.from('302602010004067075626c6963a41906062b060104010140040a0000010201000201004301013000', 'hex');

it.each([
  ['batch', 'no further ahead than the journal takes'],
  ['single', 'as they come'],
] as const)('with udpRead %s syslog and traps are read %s', async (udpRead, _how) => {
  const { a: config } = configs({ udpRead });
  const fail = (error: Error) => expect.fail(error.message);
  const own = join(dir, udpRead);
  // No datagram finds as much room as a listener leaves for others: it asks for some behind each.
  const journal = await openReceiverJournal({ dir: own, node: 'a', maxBytes: 1e8, maxPendingBytes: 1_000_000, onFatal: fail });
  closers.push(() => journal.close());
  const asked = vi.spyOn(journal, 'whenRoom');
  const safeSeq = () => journal.durableSeq;
  const intake = (record: Parameters<typeof journal.append>[0]) => journal.append(record);
  const traps = await openTraps(config, SILENT_LOG, { intake, lastSeq: () => journal.nextSeq - 1, safeSeq });
  closers.push(() => traps.stop());
  const listeners = configuredListeners(config, SILENT_LOG, { journal, safeSeq, traps: traps.intake });
  for (const { open } of listeners.on(address.a, 'own')) {
    const listener = await open();
    closers.push(() => listener.close());
  }
  const socket = createSocket('udp4');
  closers.push(() => socket.close());
  const counts = udpRead === 'batch' ? [1, 2] : [0, 0];
  socket.send('<13>a line', ports.syslog, address.a);
  await expect.poll(() => journal.stats().appended, soon).toBe(1);
  expect(asked).toHaveBeenCalledTimes(counts[0]!);
  socket.send(TRAP, ports.trap, address.a);
  await expect.poll(() => journal.stats().appended, soon).toBe(2);
  expect(asked).toHaveBeenCalledTimes(counts[1]!);
  // And they are read on.
  for (let at = 3; at < 50; at++) {
    socket.send(at % 2 === 0 ? TRAP : '<13>one more', at % 2 === 0 ? ports.trap : ports.syslog, address.a);
    await expect.poll(() => journal.stats().appended, soon).toBe(at);
  }
  expect(journal.stats()).toMatchObject({ refusedFull: 0, refusedBacklog: 0 });
});
