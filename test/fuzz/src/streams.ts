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

/** Cut anywhere, the same comes out, and it is what the format's own rules read of the whole. */
function checked(make: () => Framer, reference: (text: string) => unknown[]): Target['check'] {
  return (input, random) => {
    const whole = framesOf(make(), input, []);
    mustEqual(whole, reference(Buffer.from(input).toString('latin1')), 'by the rules');
    mustEqual(framesOf(make(), input, cutsOf(random, input.length)), whole, 'cut into chunks');
  };
}

const frame = (raw: string) => ({ raw: raw.slice(0, MAX_BYTES), truncated: raw.length > MAX_BYTES });

/** RFC 6587 3.4.2: what stands between line feeds. Nothing is lost but what is beyond the limit. */
function linesOf(text: string): unknown[] {
  const parts = text.split('\n');
  const last = parts.pop()!;
  const tooLong = last.length > MAX_BYTES ? [frame(last)] : [];
  return [...parts.filter((part) => part !== '').map(frame), ...tooLong, last === '' || tooLong.length > 0 ? null : frame(last)];
}

/** RFC 6587 3.4.1: MSG-LEN SP MSG, again and again. */
function countedOf(text: string): unknown[] {
  const found: unknown[] = [];
  for (let at = 0; ; ) {
    const head = /^([1-9]\d{0,8}) /.exec(text.slice(at, at + 10));
    if (head === null) return [...found, /^\d{0,9}$/.test(text.slice(at, at + 10)) ? null : 'broken'];
    const raw = text.slice(at + head[0].length, at + head[0].length + Number(head[1]));
    if (raw.length < Math.min(Number(head[1]), MAX_BYTES)) return [...found, raw === '' ? null : { raw, truncated: true }];
    found.push({ raw: raw.slice(0, MAX_BYTES), truncated: Number(head[1]) > MAX_BYTES });
    if (raw.length < Number(head[1])) return [...found, null];
    at += head[0].length + Number(head[1]);
  }
}

/** A connection of whole messages, and what must come of it. */
function stream(random: Random) {
  const messages = Array.from({ length: 1 + random.below(6) }, () =>
    '<13>'.padEnd(4 + random.below(300), random.of(['x', ' ', '7', '\r', '\0', '\xe9'])),
  );
  const isCounted = random.oneIn(2);
  const text = isCounted
    ? messages.map((each) => `${each.length} ${each}`).join('')
    : messages.map((each) => `${each}\n`).join('');
  const input = Buffer.from(text, 'latin1');
  const cuts = cutsOf(random, input.length);
  const check = () =>
    mustEqual(framesOf(new SyslogFramer(MAX_BYTES), input, cuts), [...messages.map(frame), null], 'every message');
  return { input, check };
}

const FRAMING: Target = {
  name: 'framing',
  corpus: [
    '<13>Nov 21 10:00:00 h a: one\n<13>two\n\n<13>three',
    `${'x'.repeat(300)}\n<13>behind a long one\n`,
    '9 <13>1 abc5 <14>x300 '.concat('y'.repeat(300), '4 <1>z'),
    '11 <13>12345 6',
  ].map(utf8),
  dictionary: ['\n', '\r\n', '10 ', '0 ', '999999999 ', '257 ', '256 ', ' ', '<13>', 'x'.repeat(255)].map(utf8),
  check: checked(
    () => new SyslogFramer(MAX_BYTES),
    (text) => (/^[1-9]/.test(text) ? countedOf(text) : linesOf(text)),
  ),
  grammar: stream,
};

const RELP_HEAD = /^(\d{1,9}) ([A-Za-z]{1,32}) (\d{1,9})([ \n])/;
const RELP_BEGIN = /^(?:\d{0,9}|\d{1,9} [A-Za-z]{0,32}|\d{1,9} [A-Za-z]{1,32} \d{0,9})$/;

function relpOf(text: string): unknown[] {
  const found: unknown[] = [];
  for (let at = 0; ; ) {
    const rest = text.slice(at, at + 64);
    const head = RELP_HEAD.exec(rest);
    if (head === null) return RELP_BEGIN.test(rest) ? found : [...found, 'broken'];
    const length = Number(head[3]);
    if (head[4] === '\n' && length > 0) return [...found, 'broken'];
    const begin = at + head[0].length - (head[4] === '\n' ? 1 : 0);
    const end = text[begin + length];
    if (end === undefined) return found;
    if (end !== '\n') return [...found, 'broken'];
    const data = text.slice(begin, begin + Math.min(length, MAX_BYTES));
    found.push({ txnr: Number(head[1]), command: head[2], data, truncated: length > MAX_BYTES });
    at = begin + length + 1;
  }
}

function session(random: Random) {
  const frames = Array.from({ length: 1 + random.below(6) }, (_, at) => {
    const whole = random.oneIn(5) ? '' : random.of(['x', '\n', '0', '\xe9']).repeat(random.below(300));
    const sent = { txnr: at + 1, command: random.of(['syslog', 'open', 'close', 'rsp']), whole };
    return {
      ...sent,
      means: { txnr: sent.txnr, command: sent.command, data: whole.slice(0, MAX_BYTES), truncated: whole.length > MAX_BYTES },
    };
  });
  const text = frames
    .map(
      ({ txnr, command, whole }) => `${txnr} ${command} ${whole.length}${whole === '' && random.oneIn(2) ? '' : ` ${whole}`}\n`,
    )
    .join('');
  const input = Buffer.from(text, 'latin1');
  const cuts = cutsOf(random, input.length);
  const check = () =>
    mustEqual(
      framesOf(new RelpFramer(MAX_BYTES), input, cuts),
      frames.map(({ means }) => means),
      'every frame',
    );
  return { input, check };
}

const RELP: Target = {
  name: 'relp',
  corpus: [
    '1 open 85 relp_version=0\nrelp_software=librelp,1.10.0,http://librelp.adiscon.com\ncommands=syslog\n2 syslog 5 hello\n3 close 0\n',
    `1 syslog 300 ${'x'.repeat(300)}\n2 syslog 2 ok\n`,
    '999999999 syslog 0 \n1 rsp 6 200 OK\n',
  ].map(utf8),
  dictionary: ['\n', ' ', '0', '0\n', '1 syslog ', '999999999', ' 257 ', ' 256 ', 'close', 'open', 'x'.repeat(256)].map(utf8),
  check: checked(() => new RelpFramer(MAX_BYTES), relpOf),
  grammar: session,
};

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
