import { crc32 } from 'node:zlib';
import { decodeRecord, encodeRecord, type JournalRecord, RecordFormatError } from '@yosugara/journal';
import { RelpFramer, SyslogFramer } from '@yosugara/receivers';
import type { Random } from './random.js';
import { must, mustEqual, type Target, utf8 } from './target.js';

const MAX_BYTES = 256;

interface Framer {
  push(chunk: Buffer): void;
  next(): { readonly truncated: boolean } | null | 'broken';
}

/** Everything that comes out of a stream, however it was cut into chunks. */
function framesOf(framer: Framer, input: Uint8Array, cuts: readonly number[]): unknown[] {
  const found: unknown[] = [];
  let from = 0;
  for (const end of [...cuts, input.length]) {
    framer.push(Buffer.from(input.subarray(from, end)));
    from = end;
    for (;;) {
      const frame = framer.next();
      if (frame === null) break;
      if (frame === 'broken') return [...found, 'broken'];
      found.push(plain(frame));
      must(found.length <= input.length + 1, 'more frames than bytes');
    }
  }
  if (framer instanceof SyslogFramer) found.push(plain(framer.end()));
  return found;
}

function plain(frame: object | null): unknown {
  if (frame === null) return null;
  for (const value of Object.values(frame))
    if (value instanceof Uint8Array) must(value.length <= MAX_BYTES, `a message of ${value.length} bytes`);
  return Object.fromEntries(
    Object.entries(frame).map(([key, value]) => [
      key,
      value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
    ]),
  );
}

function cutsOf(random: Random, length: number): readonly number[] {
  return Array.from({ length: random.below(5) }, () => random.below(length + 1)).sort((a, b) => a - b);
}

function streamTarget(name: string, make: () => Framer, corpus: readonly string[], words: readonly string[]): Target {
  return {
    name,
    corpus: corpus.map(utf8),
    dictionary: words.map(utf8),
    check: (input, random) =>
      mustEqual(framesOf(make(), input, cutsOf(random, input.length)), framesOf(make(), input, []), 'cut into chunks'),
  };
}

const FRAMING = streamTarget(
  'framing',
  () => new SyslogFramer(MAX_BYTES),
  [
    '<13>Nov 21 10:00:00 h a: one\n<13>two\n\n<13>three',
    `${'x'.repeat(300)}\n<13>behind a long one\n`,
    '9 <13>1 abc5 <14>x300 '.concat('y'.repeat(300), '4 <1>z'),
    '11 <13>12345 6',
  ],
  ['\n', '\r\n', '10 ', '0 ', '999999999 ', '257 ', '256 ', ' ', '<13>', 'x'.repeat(255)],
);

const RELP = streamTarget(
  'relp',
  () => new RelpFramer(MAX_BYTES),
  [
    '1 open 85 relp_version=0\nrelp_software=librelp,1.10.0,http://librelp.adiscon.com\ncommands=syslog\n2 syslog 5 hello\n3 close 0\n',
    `1 syslog 300 ${'x'.repeat(300)}\n2 syslog 2 ok\n`,
    '999999999 syslog 0 \n1 rsp 6 200 OK\n',
  ],
  ['\n', ' ', '0', '0\n', '1 syslog ', '999999999', ' 257 ', ' 256 ', 'close', 'open', 'x'.repeat(256)],
);

const record: JournalRecord = {
  ...{ seq: 7, receivedAtUs: 1_795_255_200_000_000, monotonicMs: 12.5, flags: 0, raw: utf8('<13>hello') },
  ...{ kind: 'syslog' as const, transport: 'udp' as const, source: { address: '10.0.0.1', port: 514 } },
  listener: { kind: 'own', address: '10.0.0.2' },
};

const RECORD: Target = {
  name: 'record',
  corpus: [encodeRecord(record), encodeRecord({ ...record, lateByUs: 5 }), encodeRecord({ ...record, raw: new Uint8Array(0) })],
  dictionary: [Uint8Array.of(0xff, 0xff, 0xff, 0xff), Uint8Array.of(0, 0, 0, 0), Uint8Array.of(0x7f)],
  check(input, random) {
    const bytes = Uint8Array.from(input);
    // With a CRC that is right nothing but the reader itself stands between the bytes and us.
    if (bytes.length >= 4 && !random.oneIn(4))
      new DataView(bytes.buffer).setUint32(bytes.length - 4, crc32(bytes.subarray(0, bytes.length - 4)), true);
    const found = decoded(bytes);
    if (found === null) return;
    must(found.raw.length < bytes.length, 'more raw bytes than there are');
    // A number beyond safe integers is read as its neighbour; no journal gets there.
    const again = Number.isSafeInteger(found.seq) ? written(found) : null;
    if (again !== null) mustEqual(described(decodeRecord(again)), described(found), 'written and read again');
  },
};

/** null: that cannot be. Damaged bytes may say what nobody writes, such as a time beyond safe integers. */
function orRefused<Value>(make: () => Value): Value | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof RecordFormatError) return null;
    throw error;
  }
}

const decoded = (bytes: Uint8Array) => orRefused(() => decodeRecord(bytes));
const written = (found: JournalRecord) => orRefused(() => encodeRecord(found));

function described({ raw, lateByUs = 0, ...found }: JournalRecord): unknown {
  return { ...found, lateByUs, raw: Buffer.from(raw).toString('latin1') };
}

export const STREAM_TARGETS: readonly Target[] = [FRAMING, RELP, RECORD];
