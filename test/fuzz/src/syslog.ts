import { type ParsedMessage, type ParseOptions, parseSyslog } from '@yosugara/operations';
import { FORMAT_SAMPLES } from '@yosugara/operations/testing';
import type { Random } from './random.js';
import { checkRecipe } from './recipe.js';
import { message3164, message5424, RECEIVED_AT_US } from './syslog-model.js';
import { must, mustEqual, mustFitIndexes, type Target, utf8 } from './target.js';

const SAMPLES = FORMAT_SAMPLES.map(({ line }) => (typeof line === 'string' ? utf8(line) : line));
const is5424 = (sample: Uint8Array) => Buffer.from(sample).toString('latin1').includes('>1 ');
const WORDS = [
  ...[
    '<13>',
    '<191>',
    '<0>1 ',
    '- ',
    ' - - - - ',
    '[x@1 a="b"]',
    '\\"',
    '\\]',
    '"]',
    '\uFEFF',
    '\0',
    '\r\n',
    'Nov 21 10:00:00 ',
    'Feb 29 ',
    '2026 ',
  ],
  ...[
    '2026-11-21T10:00:00Z',
    '+09:00',
    '.123456789',
    '%ASA-6-302013: ',
    ' : ',
    ': ',
    '[1]: ',
    'RP/0/RSP0/CPU0:',
    'Message forwarded from ',
    'slot1/',
  ],
  ...[
    'notice ',
    'date=2026-11-21 ',
    'time=10:00:00 ',
    'eventtime=1795255200',
    'k="v" ',
    '1,2026/11/21 10:00:00,1,A,',
    'JST: ',
    '9999999999',
    '[ID 1 a] ',
  ],
].map(utf8);
const OPTIONS: readonly (ParseOptions | undefined)[] = [
  ...[undefined, undefined, undefined, undefined, { timeZone: 'Asia/Tokyo' }, { timeZone: 'Europe/Berlin' }],
  ...(['shift_jis', 'euc-jp', 'iso-8859-1', 'windows-1252'] as const).map((charset) => ({ charset })),
];
const RECEIVED = [RECEIVED_AT_US, 0, 1, Date.parse('2027-01-01T00:00:00Z') * 1_000, Date.parse('2028-02-29T23:59:59Z') * 1_000];
const FIELDS = ['host', 'app', 'procId', 'msgId'] as const;
const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function check(input: Uint8Array, random: Random): void {
  const options = random.of(OPTIONS);
  const receivedAtUs = random.of(RECEIVED);
  const before = random.oneIn(16) ? Uint8Array.from(input) : null;
  const message = parseSyslog(input, receivedAtUs, options);
  checkFields(message);
  checkLossless(message, input);
  checkRecipe(message, input);
  if (before !== null) {
    must(Buffer.compare(before, input) === 0, 'the bytes were changed');
    mustEqual(parseSyslog(input, receivedAtUs, options), message, 'read a second time');
    mustEqual(parseSyslog(Buffer.from(input), receivedAtUs, options), message, 'read from a Buffer');
  }
}

function checkFields(message: ParsedMessage): void {
  const { facility, severity, sentAtUs, text, reason, structured } = message;
  must(facility === null || (facility >= 0 && facility <= 23), `facility ${facility}`);
  must(severity === null || (severity >= 0 && severity <= 7), `severity ${severity}`);
  must(sentAtUs === null || (Number.isSafeInteger(sentAtUs) && sentAtUs >= -86_400_000_000), `sentAtUs ${sentAtUs}`);
  for (const key of FIELDS) {
    const value = message[key];
    must(value === null || (value.length > 0 && value.length <= 255 && storable(value)), `${key} ${JSON.stringify(value)}`);
  }
  mustFitIndexes(message);
  must(storable(text) && !/[\r\n]$/.test(text), 'the text cannot be stored, or ends with a line end');
  must(reason === null || /^[a-z0-9_-]+(,[a-z0-9_-]+){0,3}$/.test(reason), `reason ${reason}`);
  if (structured !== null) must(storable(JSON.stringify(structured)), 'structured data cannot be stored');
}

/** What PostgreSQL takes as text. */
function storable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** Nothing of the bytes goes lost but what a field has: the text is the end of them, and all of them where nothing was understood. */
function checkLossless(message: ParsedMessage, input: Uint8Array): void {
  let whole: string;
  try {
    whole = STRICT.decode(input)
      .replaceAll('\0', '')
      .replace(/^\uFEFF/, '');
  } catch {
    return;
  }
  let end = whole.length;
  while (end > 0 && (whole[end - 1] === '\n' || whole[end - 1] === '\r')) end--;
  const trimmed = whole.slice(0, end);
  must(trimmed.endsWith(message.text), `the text is not the end of the message: ${JSON.stringify(message.text)}`);
  const understood = message.severity !== null || message.sentAtUs !== null || message.app !== null;
  must(understood || message.text === trimmed, 'nothing was understood and not all of it is text');
}

function modelled(make: typeof message5424): NonNullable<Target['grammar']> {
  return (random) => {
    const { line, means } = make(random);
    const input = utf8(line);
    return {
      input,
      check: () => {
        const { varbinds: _, ...found } = parseSyslog(input, RECEIVED_AT_US);
        for (const key of Object.keys(means) as (keyof typeof means)[]) mustEqual(found[key], means[key], key);
      },
    };
  };
}

export const SYSLOG_TARGETS: readonly Target[] = [
  { name: 'syslog5424', corpus: SAMPLES.filter(is5424), dictionary: WORDS, check, grammar: modelled(message5424) },
  {
    name: 'syslog3164',
    corpus: SAMPLES.filter((sample) => !is5424(sample)),
    dictionary: WORDS,
    check,
    grammar: modelled(message3164),
  },
];
