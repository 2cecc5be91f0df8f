import { type CustomTrap, customTrapJson, customTraps, parseCustom } from '@yosugara/operations';
import { customTrapsOf } from '@yosugara/receivers';
import type { Random } from './random.js';
import { checkRecipe } from './recipe.js';
import { must, mustEqual, mustFitIndexes, type Target, utf8 } from './target.js';

const LATIN1 = new TextDecoder('latin1');
const MAX_TRAP_BYTES = 4_096;

const CORPUS = [
  '{"key":"disk.usage","message":"97","type":"number","date":"2026-11-21T10:00:00+09:00","facility":"WEB01"}',
  '{"FacilityID":"WEB01","DATA":[{"DATE":"2026/11/21 10:00:00","TYPE":"STRING","KEY":"app","MSG":"テスト"}]}',
  '[{"key":"a","message":"b"},{"key":"c","message":"d","date":1795255200000}]',
].map(utf8);
const WORDS = [
  ...['"key":', '"message":', '"__proto__":{}', 'null', '[]', '{}', '1e400', '"\\u0000"', '"\\ud800"', '"date":-1', ',', '"'],
  ...['[[[[[[[[', ']]]]]]]]', '"DATA":[', '"facility":"\\udc00"', '\\', '\\u', '"type":"number",', '-0', '1e-400'],
].map(utf8);

/** Whatever is accepted is journaled so that it is read as the same, and all of it can be stored. */
function checkTraps(traps: readonly CustomTrap[]): void {
  must(traps.length > 0, 'no traps');
  for (const trap of traps.slice(0, 8)) {
    const journaled = customTrapJson(trap);
    mustEqual(customTraps(JSON.parse(journaled)), { kind: 'traps', traps: [sorted(trap)] }, 'journaled and read again');
    const raw = utf8(journaled);
    const message = parseCustom(raw);
    must(message.reason === null, `what was accepted is not understood: ${journaled}`);
    must(message.text === trap.message.replaceAll('\0', '').toWellFormed(), 'the text is not the message');
    mustFitIndexes(message);
    checkRecipe(message, raw);
    for (const value of [message.text, message.host, message.app])
      must(value === null || (!value.includes('\0') && value.isWellFormed()), 'a value cannot be stored');
    must(message.sentAtUs === null || Number.isSafeInteger(message.sentAtUs), `sentAtUs ${message.sentAtUs}`);
  }
}

/** In the order in which `customTraps` finds them in what `customTrapJson` wrote. */
function sorted({ facility, key, date, type, message }: CustomTrap): CustomTrap {
  return { ...(facility === undefined ? {} : { facility }), key, ...(date === undefined ? {} : { date }), type, message };
}

function checkDocument(input: Uint8Array): void {
  const message = parseCustom(input);
  must(!message.text.includes('\0') && message.text.isWellFormed(), 'the text cannot be stored');
  must(message.sentAtUs === null || Number.isSafeInteger(message.sentAtUs), `sentAtUs ${message.sentAtUs}`);
  checkRecipe(message, input);
  let document: unknown;
  try {
    document = JSON.parse(LATIN1.decode(input));
  } catch {
    return;
  }
  const outcome = customTraps(document);
  if (outcome.kind === 'traps') return checkTraps(outcome.traps);
  must(outcome.found.length <= 80 && outcome.allowed !== '', `what is wrong takes ${outcome.found.length} characters`);
}

const TEXTS = ['', 'full', '97', '-1.5e3', 'テスト', '\0', '\ud800', 'a"b\\c', '\u2028', '__proto__', '0x1', ' 7 ', '\n'];
const DATES = [
  '2026-11-21T09:30:00+09:00',
  '2026/11/21 09:30:00',
  '2024-02-29 23:59:60Z',
  '1970-01-01T00:00:00.5Z',
  0,
  1_795_255_200_000,
];

/** A document that is right and what it means; now and then something deep in the place of a text. */
function document(random: Random) {
  const traps = Array.from({ length: 1 + random.below(3) }, () => trapOf(random));
  const envelope = random.oneIn(3);
  const facility = random.of(TEXTS);
  const names = envelope ? { key: 'KEY', message: 'MSG', date: 'DATE', type: 'TYPE', facility: 'FacilityID' } : OWN;
  const items = traps.map((trap) =>
    Object.fromEntries(Object.entries(trap).map(([name, value]) => [names[name as keyof CustomTrap], value])),
  );
  const whole = envelope ? { FacilityID: facility, DATA: items } : items.length === 1 && random.oneIn(2) ? items[0] : items;
  if (random.oneIn(256)) return deep(random);
  const input = utf8(JSON.stringify(whole));
  const means = traps.map((trap) => sorted(envelope && trap.facility === undefined ? { ...trap, facility } : trap));
  const check = () => {
    const found = customTraps(JSON.parse(new TextDecoder().decode(input)));
    must(found.kind === 'traps', `refused: ${JSON.stringify(found)}`);
    mustEqual(found.traps.map(sorted), means, 'what the document says');
    checkTraps(found.traps);
  };
  return { input, check };
}

const OWN = { key: 'key', message: 'message', date: 'date', type: 'type', facility: 'facility' };

function trapOf(random: Random): CustomTrap {
  const type = random.oneIn(3) ? 'number' : 'string';
  return {
    ...(random.oneIn(2) ? {} : { facility: random.of(TEXTS) }),
    key: `k${random.of(TEXTS)}`,
    ...(random.oneIn(2) ? {} : { date: random.of(DATES) }),
    type,
    message: type === 'number' ? random.of(['97', '-1.5', '+2', '.5', '1e3', '5.']) : random.of(TEXTS),
  };
}

/** JSON.parse reads any depth: nothing behind it may be a recursion. */
function deep(random: Random) {
  const depth = 1 + random.below(8_000);
  const nested = random.oneIn(2) ? '['.repeat(depth) + ']'.repeat(depth) : `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  const input = utf8(random.oneIn(2) ? nested : `{"key":"a","${random.of(['message', 'date', 'DATA', 'type'])}":${nested}}`);
  return { input, check: () => checkDocument(input) };
}

const ASKED = ['application/json', 'text/plain', 'text/plain; charset=utf-8', undefined];
const URLS = [
  '/custom-trap',
  '/custom-trap?key=backup&facility=db1',
  '/custom-trap?key=&date=x&%ff=%',
  '/custom-trap?__proto__=1&type=number',
  '?',
];

/** As the listener has it: query, content type and body. */
function checkRequest(input: Uint8Array, random: Random): void {
  const asked = { url: random.of(URLS), contentType: random.of(ASKED) };
  const found = customTrapsOf(asked, input, MAX_TRAP_BYTES);
  if (!('status' in found)) {
    for (const trap of found) must(Buffer.byteLength(customTrapJson(trap)) <= MAX_TRAP_BYTES, 'larger than a trap may be');
    return checkTraps(found);
  }
  must((found.status === 400 || found.status === 413) && found.allowed !== '', `status ${found.status}`);
  must(found.found.length <= 2_000, `an answer of ${found.found.length} characters`);
}

export const CUSTOM_TARGETS: readonly Target[] = [
  { name: 'custom', corpus: CORPUS, dictionary: WORDS, check: checkDocument, grammar: document },
  { name: 'custom-request', corpus: CORPUS, dictionary: WORDS, check: checkRequest, grammar: document },
];
