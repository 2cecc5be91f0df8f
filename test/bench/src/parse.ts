import { parseSyslog } from '@yosugara/operations';
import { alternate, type Benchmark, type BenchOptions, type Measure } from './benchmark.js';
import { findPeer, type PeerParser } from './parse-peers.js';

const RECEIVED_AT_US = Date.parse('2026-11-21T12:00:00Z') * 1_000;
/** Different enough that nothing is found in a cache by chance, few enough to lie in memory. */
const MESSAGES = 5_000;
const BYTES = 200;

const FORMATS = [
  {
    name: 'parse/rfc5424-sd',
    goal: 1_500_000,
    line: (i: number) =>
      `<165>1 2026-11-21T10:14:15.${three(i)}Z host${i % 50}.example.com evntslog ${i % 9_000} ID47 [exampleSDID@32473 iut="3" eventSource="Application" eventID="${i}"] An application event log entry ${i} `,
  },
  {
    name: 'parse/rfc5424',
    goal: undefined,
    line: (i: number) =>
      `<165>1 2026-11-21T10:14:15.${three(i)}Z host${i % 50}.example.com evntslog ${i % 9_000} ID47 - An application event log entry ${i} `,
  },
  {
    name: 'parse/rfc3164',
    goal: 2_000_000,
    line: (i: number) =>
      `<34>Nov 21 10:${10 + (i % 50)}:15 mymachine${i % 50} su[${i % 9_000}]: 'su root' failed for lonvick on /dev/pts/${i} `,
  },
] as const;

function three(i: number): string {
  return String(i % 1_000).padStart(3, '0');
}

/** Messages a second of CPU time: of this process with its collector, so that a busy machine slows it less than wall time says. */
function rate(messages: readonly Uint8Array[], seconds: number, parse: (message: Uint8Array) => unknown): number {
  const before = process.cpuUsage();
  const endMs = performance.now() + seconds * 1_000;
  let done = 0;
  let kept: unknown;
  do {
    for (const message of messages) kept = parse(message);
    done += messages.length;
  } while (performance.now() < endMs);
  const { user, system } = process.cpuUsage(before);
  if (kept === undefined) throw new Error('the parser made nothing of the message');
  return done / ((user + system) / 1_000_000);
}

async function measure(
  format: (typeof FORMATS)[number],
  peer: PeerParser,
  { runs, seconds, say }: BenchOptions,
): Promise<Measure> {
  const messages = Array.from({ length: MESSAGES }, (_, i) => Uint8Array.from(Buffer.from(format.line(i).padEnd(BYTES, 'x'))));
  const found = await alternate(
    runs,
    () => rate(messages, seconds, (message) => parseSyslog(message, RECEIVED_AT_US)),
    () => rate(messages, seconds, (message) => peer.parse(message)),
  );
  say(`${format.name}: ${Math.round(found.ours)} against ${Math.round(found.peer ?? 0)} of ${peer.name}`);
  return {
    ...{ name: format.name, unit: 'messages/s', ...found, peerName: peer.name },
    ...(format.goal === undefined ? {} : { goal: { of: 'ours', is: 'at least', value: format.goal } as const }),
    note: `${BYTES} bytes; one core, per second of CPU time`,
  };
}

export const PARSE: Benchmark = {
  name: 'parse',
  what: 'syslog messages from bytes to fields, on one core',
  async run(options) {
    const peer = await findPeer();
    const measures: Measure[] = [];
    for (const format of FORMATS) measures.push(await measure(format, peer, options));
    return measures;
  },
};
