/**
 * Datagrams that come faster than a journal takes them, read as far as it takes them and read whatever comes: where are those that were lost? By turns.
 * `node test/bench/dist/udp-ahead.js`
 */
import { openReceiverJournal } from '@yosugara/journal';
import { listenUdp } from '@yosugara/receivers';
import { flood } from './flood.js';
import { allowReceiveBuffers, temporaryFolder } from './system.js';
import { until } from './usage.js';

const ROUNDS = 3;
/** Less than a socket's buffer holds of them. In the journal's words about 60 MB: it takes no such burst at once, so that it counts what is read ahead of it. */
const BURST = 200_000;
/** What may wait for the disk: a quarter of the default. */
const PENDING_BYTES = 8_388_608;
/** The default of `receiver.receiveBufferBytes`. */
const RECEIVE_BUFFER_BYTES = 134_217_728;
const ADDRESS = '127.0.91.4';
const DEADLINE_MS = 120_000;

async function burst(isAsked: boolean): Promise<string> {
  const { dir, remove } = temporaryFolder('yosugara-bench-');
  const onFatal = (error: Error) => {
    throw error;
  };
  const journal = await openReceiverJournal({ dir, node: 'a', maxBytes: 2 ** 34, maxPendingBytes: PENDING_BYTES, onFatal });
  const listener = await listenUdp({
    ...{ address: ADDRESS, port: 0, listener: 'own', kind: 'syslog', read: 'batch', receiveBufferBytes: RECEIVE_BUFFER_BYTES },
    intake: (record) => journal.append(record),
    room: isAsked ? journal : undefined,
  });
  try {
    const { sent } = await flood({ targets: [{ address: ADDRESS, port: listener.port }], rate: 0, count: BURST });
    const dropped = async () => (await listener.kernelDrops()) ?? 0;
    await until('the end of a burst', DEADLINE_MS, async () => listener.stats().received + (await dropped()) >= sent);
    await journal.flush();
    const refused = listener.stats().refusedBy.journal ?? 0;
    return `${journal.durableSeq} of ${sent} kept, ${refused} refused by the journal, ${await dropped()} dropped by the kernel`;
  } finally {
    await listener.close();
    await journal.close();
    remove();
  }
}

const allowed = allowReceiveBuffers(RECEIVE_BUFFER_BYTES);
try {
  for (let round = 0; round < ROUNDS; round++)
    for (const isAsked of [false, true])
      console.log(`${isAsked ? 'as far as it takes' : 'whatever comes'}: ${await burst(isAsked)}`);
} finally {
  allowed();
}
