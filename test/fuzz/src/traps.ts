import { createHmac } from 'node:crypto';
import { isIPv4 } from 'node:net';
import {
  decodeTrap,
  informAnswer,
  localizedKey,
  parseTrap,
  passphraseToKey,
  snmpVersion,
  trapContent,
  UsmReceiver,
  type UsmUser,
} from '@yosugara/operations';
import { NODE_USM_CRYPTO } from '@yosugara/receivers';
import type { Random } from './random.js';
import { checkRecipe } from './recipe.js';
import { must, mustEqual, mustFitIndexes, type Target, utf8 } from './target.js';

/** Basic encoding rules, just enough to say what a trap says. */
function tlv(tag: number, ...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const body = Buffer.concat(parts.map((part) => Uint8Array.from(part)));
  const length =
    body.length < 0x80 ? [body.length] : body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Uint8Array.of(tag, ...length), body]);
}

const integer = (...bytes: number[]) => tlv(0x02, bytes);
const octets = (text: string) => tlv(0x04, utf8(text));
const SYS_UP_TIME = tlv(0x06, [0x2b, 6, 1, 2, 1, 1, 3, 0]);
const TRAP_OID = tlv(0x06, [0x2b, 6, 1, 6, 3, 1, 1, 4, 1, 0]);
const LINK_DOWN = tlv(0x06, [0x2b, 6, 1, 6, 3, 1, 1, 5, 3]);
const TRAP_ADDRESS = tlv(0x06, [0x2b, 6, 1, 6, 3, 18, 1, 3, 0]);
const IF_INDEX = tlv(0x06, [0x2b, 6, 1, 2, 1, 2, 2, 1, 1, 0x81, 0x01]);
const varbind = (oid: Uint8Array, value: Uint8Array) => tlv(0x30, oid, value);
const VALUES = [
  ...[
    integer(5),
    integer(0x80, 0, 0, 0),
    octets('GigabitEthernet0/1'),
    octets('テスト'),
    tlv(0x04, [0, 1, 0xff]),
    tlv(0x05),
    LINK_DOWN,
  ],
  ...[
    tlv(0x40, [10, 0, 0, 1]),
    tlv(0x41, [0, 0xff, 0xff, 0xff, 0xff]),
    tlv(0x42, [7]),
    tlv(0x43, [1]),
    tlv(0x44, [0x9f, 0x78, 4, 0, 0, 0, 0]),
  ],
  ...[tlv(0x46, [0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), tlv(0x80), tlv(0x81), tlv(0x82)],
];
const varbinds = (...values: readonly Uint8Array[]) =>
  tlv(
    0x30,
    varbind(SYS_UP_TIME, tlv(0x43, [1, 2])),
    varbind(TRAP_OID, LINK_DOWN),
    ...values.map((value) => varbind(IF_INDEX, value)),
  );
const pdu = (tag: number, ...values: readonly Uint8Array[]) =>
  tlv(tag, integer(1, 2, 3), integer(0), integer(0), varbinds(...values));
const v2c = (tag: number, ...values: readonly Uint8Array[]) => tlv(0x30, integer(1), octets('public'), pdu(tag, ...values));
const v2cOf = (tag: number, ...bindings: readonly Uint8Array[]) =>
  tlv(0x30, integer(1), octets('public'), tlv(tag, integer(1, 2, 3), integer(0), integer(0), tlv(0x30, ...bindings)));
const V1 = tlv(
  0x30,
  integer(0),
  octets('public'),
  tlv(
    0xa4,
    LINK_DOWN,
    tlv(0x40, [10, 0, 0, 1]),
    integer(6),
    integer(17),
    tlv(0x43, [9]),
    tlv(0x30, varbind(IF_INDEX, integer(1))),
  ),
);
const ENGINE = Uint8Array.of(0x80, 0, 0x1f, 0x88, 0x80, 1, 2, 3, 4);

function v3(flags: number, user: string, auth: Uint8Array, scoped: Uint8Array, engine: Uint8Array = ENGINE): Uint8Array {
  const head = tlv(0x30, integer(1), integer(0, 0xff, 0xe3), tlv(0x04, [flags]), integer(3));
  const security = tlv(
    0x30,
    tlv(0x04, engine),
    integer(1),
    integer(1),
    octets(user),
    tlv(0x04, auth),
    tlv(0x04, auth.subarray(0, 8)),
  );
  return tlv(0x30, integer(3), head, tlv(0x04, security), scoped);
}
const SCOPED = tlv(0x30, tlv(0x04, ENGINE), octets(''), pdu(0xa7, VALUES[0]!));
const V3 = [
  v3(
    4,
    '',
    new Uint8Array(0),
    tlv(0x30, tlv(0x04), tlv(0x04), tlv(0xa0, integer(1), integer(0), integer(0), tlv(0x30))),
    new Uint8Array(0),
  ),
  v3(0, 'open', new Uint8Array(0), SCOPED),
  v3(5, 'signed', new Uint8Array(24), SCOPED),
  v3(7, 'secret', new Uint8Array(24), tlv(0x04, new Uint8Array(64))),
];
/** As long as an OID may be, and what stands where the address of an agent is looked for. */
const LONGEST_OID = tlv(0x06, [0x2b, ...Array.from({ length: 125 }, () => [0x8f, 0xff, 0xff, 0xff, 0x7f]).flat()]);
const AGENTS = [
  ...VALUES,
  tlv(0x04, new Uint8Array(10_000).fill(0x61)),
  tlv(0x40, new Uint8Array(10_000).fill(200)),
  tlv(0x40),
].map((value) => v2cOf(0xa7, varbind(SYS_UP_TIME, tlv(0x43, [1])), varbind(TRAP_OID, LONGEST_OID), varbind(TRAP_ADDRESS, value)));
const CORPUS = [
  ...[V1, v2c(0xa7, ...VALUES), v2c(0xa6, VALUES[0]!), v2c(0xa7), ...VALUES.map((value) => v2c(0xa7, value)), ...V3],
  ...AGENTS,
];
const WORDS = [
  ...[
    ...VALUES,
    TRAP_ADDRESS,
    LINK_DOWN,
    SYS_UP_TIME,
    TRAP_OID,
    Uint8Array.of(0x30, 0x80),
    Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff),
  ],
  ...[
    Uint8Array.of(0x06, 0),
    Uint8Array.of(0x06, 0x80),
    Uint8Array.of(0x82, 0x01, 0x00),
    Uint8Array.of(0x1f, 0x85),
    new Uint8Array(16).fill(0xff),
  ],
];

function checkTrap(input: Uint8Array, random: Random): void {
  const outcome = decodeTrap(input);
  const message = parseTrap(input);
  must(!message.text.includes('\0') && message.text.isWellFormed(), 'the text cannot be stored');
  mustFitIndexes(message);
  checkRecipe(message, input);
  must(message.host === null || isIPv4(message.host), `the host ${message.host} is no address`);
  must(snmpVersion(input) !== null || outcome.kind === 'malformed', 'a trap without a version');
  if (outcome.kind === 'malformed') {
    must(/^[a-z0-9_]+$/.test(outcome.reason) && message.reason !== null, `reason ${outcome.reason}`);
    return;
  }
  const { trap } = outcome;
  for (const { oid, type, value } of trap.varbinds) {
    must(/^\d+(\.\d+)*$/.test(oid), `oid ${oid}`);
    must(type !== '' && !value.includes('\0') && value.isWellFormed(), `a value of type ${type} cannot be stored`);
  }
  must(message.varbinds?.length === trap.varbinds.length + 2, 'varbinds are missing');
  must(trapContent(trap).length > 0, 'no content');
  const answer = informAnswer(input, trap);
  must(answer === null || answer.length === input.length, 'an answer of another length');
  if (random.oneIn(16)) mustEqual(decodeTrap(Buffer.from(input)), outcome, 'read from a Buffer');
}

const KEY = passphraseToKey(NODE_USM_CRYPTO, 'sha256', utf8('long enough a secret'));
const SENDER_KEY = localizedKey(NODE_USM_CRYPTO, 'sha256', KEY, ENGINE);
const USERS: readonly UsmUser[] = [
  { name: 'open', auth: null, priv: null },
  { name: 'signed', auth: { protocol: 'sha256', key: KEY }, priv: null },
  { name: 'secret', auth: { protocol: 'sha256', key: KEY }, priv: { protocol: 'aes128', key: KEY } },
];
const OUR_ENGINE = Uint8Array.of(0x80, 0, 0x1f, 0x88, 0x80, 9, 9, 9, 9);
const LIMITS = { engines: 64, replays: 256, newKeysPerSecond: 1_000, reportsPerSecond: 1_000 };
const receiver = new UsmReceiver({
  ...{ crypto: NODE_USM_CRYPTO, engineId: OUR_ENGINE, boots: 1, startedMs: 0, users: USERS, firstSalt: 1n, limits: LIMITS },
});
let nowMs = 0;

/** As the sender's engine would send these bytes: what is behind authentication and decryption gets to see them, too. */
function wrapped(scoped: Uint8Array, random: Random): Uint8Array {
  if (random.oneIn(3)) return v3(0, 'open', new Uint8Array(0), scoped);
  const blank = new Uint8Array(24);
  const privacy = random.oneIn(3);
  const message = privacy ? v3(3, 'secret', blank, tlv(0x04, scoped)) : v3(1, 'signed', blank, scoped);
  const digest = createHmac('sha256', SENDER_KEY).update(message).digest().subarray(0, 24);
  const at = Buffer.from(message).indexOf(blank);
  message.set(digest, at);
  return message;
}

function checkUsm(input: Uint8Array, random: Random): void {
  const raw = random.oneIn(2) ? input : wrapped(input, random);
  const before = Uint8Array.from(raw);
  const outcome = receiver.take(raw, (nowMs += 1));
  must(Buffer.compare(before, raw) === 0, 'the bytes were changed');
  if (outcome.kind === 'refused') {
    must(/^[a-z0-9_]+$/.test(outcome.reason), `reason ${outcome.reason}`);
    return;
  }
  checkTrap(outcome.plain, random);
  if (outcome.kind === 'notification' && outcome.inform !== null)
    must(outcome.inform.answer(nowMs).length > 0, 'an empty answer');
}

export const TRAP_TARGETS: readonly Target[] = [
  { name: 'trap', corpus: CORPUS, dictionary: WORDS, check: checkTrap },
  {
    name: 'usm',
    corpus: [...V3, SCOPED, ...VALUES.map((value) => tlv(0x30, tlv(0x04, ENGINE), octets(''), pdu(0xa7, value)))],
    dictionary: WORDS,
    check: checkUsm,
  },
];
