import type { ParsedMessage } from '@yosugara/operations';
import type { Random } from './random.js';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const WORDS = [
  'a',
  'web1',
  'x-y.z',
  'n0',
  'Host.Example.com',
  '10.0.0.1',
  '2001:db8::1',
  'kernel',
  'sshd',
  'CRON',
  'テスト',
  'é',
  '\u{1F600}',
];
const TEXTS = [
  '',
  'hello',
  "'su root' failed",
  'a=b c="d"',
  'テスト',
  '[x@1 y="z"]',
  'two\nlines',
  '  indented',
  ': colon',
  '<13>again',
  'é\u{1F600}',
];
export const RECEIVED_AT_US = Date.parse('2026-11-21T12:00:00Z') * 1_000;

type Model = Omit<ParsedMessage, 'varbinds'>;

/** A message of RFC 5424 and what it means, drawn together. */
export function message5424(random: Random): { readonly line: string; readonly means: Model } {
  const priority = random.below(192);
  const sentAtUs = random.oneIn(5) ? null : (86_400 + random.below(2 ** 31)) * 1_000_000 + random.below(1_000_000);
  const [host, app, procId, msgId] = [0, 1, 2, 3].map(() => (random.oneIn(4) ? null : random.of(WORDS)));
  const data = random.oneIn(3) ? null : dataOf(random);
  const text = random.of(TEXTS).replace(/\n$/, '');
  const bom = random.oneIn(4) ? '\uFEFF' : '';
  const fields = [timeOf(random, sentAtUs), host ?? '-', app ?? '-', procId ?? '-', msgId ?? '-', data?.written ?? '-'];
  const line = `<${priority}>1 ${fields.join(' ')}${text === '' && bom === '' && random.oneIn(2) ? '' : ` ${bom}${text}`}`;
  const heads = { facility: priority >> 3, severity: priority & 7, host: host!, app: app!, procId: procId!, msgId: msgId! };
  return { line, means: { ...heads, sentAtUs, structured: data?.means ?? null, text, reason: null } };
}

function timeOf(random: Random, us: number | null): string {
  if (us === null) return '-';
  const minutes = random.oneIn(2) ? 0 : random.below(27 * 60) - 12 * 60;
  const local = new Date(Math.floor(us / 1_000) + minutes * 60_000).toISOString().slice(0, 19);
  const fraction = us % 1_000_000 === 0 ? '' : `.${String(us % 1_000_000).padStart(6, '0')}${random.oneIn(3) ? '789' : ''}`;
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const zone = minutes === 0 ? 'Z' : `${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
  return local + fraction + zone;
}

const IDS = ['x@1', 'exampleSDID@32473', 'timeQuality', '__proto__', 'constructor', 'é@2'];
const NAMES = ['a', 'ip', 'iut', '__proto__', 'toString', 'long'.repeat(20), '1', '0'];
const VALUES = ['', '3', 'a"b', 'c]d', 'e\\f', '\\', 'テスト', '[x]', ' '];

function dataOf(random: Random): { readonly written: string; readonly means: ParsedMessage['structured'] } {
  const means: Record<string, Record<string, string | string[]>> = Object.create(null);
  let written = '';
  for (let elements = 1 + random.below(3); elements > 0; elements--) {
    const id = random.of(IDS);
    const element = (means[id] ??= Object.create(null) as Record<string, string | string[]>);
    written += `[${id}`;
    for (let parameters = random.below(4); parameters > 0; parameters--) {
      const [name, value] = [random.of(NAMES), random.of(VALUES)];
      written += ` ${name}="${value.replace(/["\\\]]/g, '\\$&')}"`;
      const before = element[name];
      element[name] = before === undefined ? value : [...(typeof before === 'string' ? [before] : before), value];
    }
    written += ']';
  }
  return { written, means };
}

/** A message of RFC 3164 within a hundred days of its receipt, and what it means. */
export function message3164(random: Random): { readonly line: string; readonly means: Model } {
  const priority = random.below(192);
  const second = Math.floor(RECEIVED_AT_US / 1_000_000) + random.below(200 * 86_400) - 100 * 86_400;
  const at = new Date(second * 1_000);
  const clock = at.toISOString().slice(11, 19);
  const host = random.of(['web1', 'x-y.z', '10.0.0.1', '2001:db8::1', 'N0']);
  const app = random.of(['sshd', 'su', 'CRON', 'kernel', 'a/b', '%SYS-5-CONFIG_I']);
  const procId = random.oneIn(2) ? String(1 + random.below(99_999)) : null;
  const text = random.of(['hello', "'su root' failed", 'テスト', 'two\nlines', 'a: b', 'x=1 y=2 z=3', '<13>1 - - - - - -']);
  const time = `${MONTHS[at.getUTCMonth()]} ${String(at.getUTCDate()).padStart(2, ' ')} ${clock}`;
  const line = `<${priority}>${time} ${host} ${app}${procId === null ? '' : `[${procId}]`}: ${text}`;
  const heads = { facility: priority >> 3, severity: priority & 7, host, app, procId, msgId: null };
  return { line, means: { ...heads, sentAtUs: second * 1_000_000, structured: null, text, reason: null } };
}
