import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FACILITIES, type ParsedMessage, SEVERITIES } from './record.js';
import { parseSyslog } from './syslog.js';
import { type Expected, FORMAT_SAMPLES, type FormatSample, SAMPLES_RECEIVED_AT } from './testing/format-samples.js';

const PAGE = new URL('../../../../docs/formats.md', import.meta.url);
const BEGIN = '<!-- samples: made by libs/operations/src/events/formats.spec.ts -->\n';
const END = '<!-- /samples -->\n';

const bytesOf = ({ line }: FormatSample) => (typeof line === 'string' ? new TextEncoder().encode(line) : line);
const parse = (sample: FormatSample) => parseSyslog(bytesOf(sample), Date.parse(SAMPLES_RECEIVED_AT) * 1_000, sample.source);

function microseconds(iso: string): number {
  const fraction = /\.(\d+)Z$/.exec(iso)?.[1] ?? '';
  return Date.parse(`${iso.slice(0, 19)}Z`) * 1_000 + Number(fraction.padEnd(6, '0'));
}

function whole({ sentAt, ...said }: Expected): ParsedMessage {
  const nothing = { facility: null, severity: null, host: null, app: null, procId: null, msgId: null, structured: null };
  return { ...nothing, varbinds: null, reason: null, ...said, sentAtUs: sentAt === undefined ? null : microseconds(sentAt) };
}

describe('a line of', () => {
  it.each(FORMAT_SAMPLES.map((sample) => [sample.format, sample] as const))('%s', (_, sample) =>
    expect(JSON.parse(JSON.stringify(parse(sample)))).toEqual(whole(sample.becomes)),
  );
  it('every format has a name of its own', () =>
    expect(new Set(FORMAT_SAMPLES.map((sample) => sample.format)).size).toBe(FORMAT_SAMPLES.length));
});

/** Control characters and bytes that are no UTF-8 as JavaScript writes them, and what Markdown's tables cannot have. */
function cell(text: string): string {
  if (text === '') return '(empty)';
  const shown = text.replace(/[\0-\x1f\x7f\uFEFF]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const ticks = shown.includes('`') ? '``' : '`';
  return `${ticks}${shown.replaceAll('|', '\\|')}${ticks}`;
}

function lineOf({ line, source }: FormatSample): string {
  const text =
    typeof line === 'string'
      ? line
      : [...line].map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`)).join('');
  const known = [source?.charset, source?.timeZone].filter((one) => one !== undefined).join(', ');
  return cell(text) + (known === '' ? '' : ` (${known})`);
}

function becomes(message: ParsedMessage): string {
  const priority =
    message.severity === null
      ? []
      : [`${message.facility === null ? '–' : FACILITIES[message.facility]}.${SEVERITIES[message.severity]}`];
  const at = message.sentAtUs === null ? [] : [`sent ${isoOf(message.sentAtUs)}`];
  const fields = (['host', 'app', 'procId', 'msgId'] as const).flatMap((key) =>
    message[key] === null ? [] : [`${key} ${cell(message[key])}`],
  );
  const data = message.structured === null ? [] : [`data ${cell(JSON.stringify(message.structured))}`];
  const reason = message.reason === null ? [] : [`reason ${cell(message.reason)}`];
  return [...priority, ...at, ...fields, ...data, `text ${cell(message.text)}`, ...reason].join('<br>');
}

function isoOf(us: number): string {
  const fraction = String(us % 1_000_000)
    .padStart(6, '0')
    .replace(/0+$/, '');
  return `${new Date(Math.floor(us / 1_000)).toISOString().slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}Z`;
}

it('docs/formats.md shows what the parser makes of them (YOSUGARA_WRITE_DOCS=1 writes it)', () => {
  const rows = FORMAT_SAMPLES.map((sample) => `| ${sample.format} | ${lineOf(sample)} | ${becomes(parse(sample))} |\n`);
  const table = `${BEGIN}\n| format | line | becomes |\n|---|---|---|\n${rows.join('')}\n${END}`;
  const page = readFileSync(PAGE, 'utf8');
  const [before, after] = [page.slice(0, page.indexOf(BEGIN)), page.slice(page.indexOf(END) + END.length)];
  const made = before + table + after;
  if (process.env['YOSUGARA_WRITE_DOCS'] === '1') writeFileSync(PAGE, made);
  expect(made).toBe(readFileSync(PAGE, 'utf8'));
});
