/** Numbers, sizes and times for people. Wall clocks only; nothing here decides anything. */
const LOCALE = { en: 'en-GB', ja: 'ja-JP' } as const;
type Language = keyof typeof LOCALE;

const pad = (value: number, width = 2): string => String(value).padStart(width, '0');

let zone: Intl.DateTimeFormat | null = null;
let ofAccount = '';
let ofPage: string | null = null;

/** In which zone people read times from now on. @param name of IANA; '' = the browser's, and so is what this browser does not know. */
export function setTimeZone(name: string): void {
  ofAccount = name;
  choose();
}

/** On one page, whatever the account says. @param name null = that of the account again. */
export function setPageTimeZone(name: string | null): void {
  ofPage = name;
  choose();
}

/** By name; '' = the browser's. */
export const timeZoneName = (): string => zone?.resolvedOptions().timeZone ?? '';

function choose(): void {
  const name = ofPage ?? ofAccount;
  if (name === (zone?.resolvedOptions().timeZone ?? '')) return;
  try {
    zone = name === '' ? null : new Intl.DateTimeFormat('en-GB', { ...PARTS, timeZone: name });
  } catch {
    zone = null;
  }
}

/** What clocks there show more than those of UTC, ms. */
export function zoneOffsetMs(atMs: number): number {
  const { date, time } = wall(new Date(atMs));
  return Date.parse(`${date}T${time}Z`) - Math.floor(atMs / 1_000) * 1_000;
}

/** The moment at which clocks there show this, `2026-11-21T09:08`; null = it is no time. */
export function instantOf(local: string): number | null {
  const asUtcMs = Date.parse(`${local}Z`);
  if (Number.isNaN(asUtcMs)) return null;
  // Twice: the first guess may lie beyond a change of the clocks.
  const guessMs = asUtcMs - zoneOffsetMs(asUtcMs);
  return asUtcMs - zoneOffsetMs(guessMs);
}

const PARTS = {
  ...{
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  },
} as const satisfies Intl.DateTimeFormatOptions;

/** `2026-11-21` and `09:08:07` in the zone that was chosen. */
function wall(at: Date): { readonly date: string; readonly time: string } {
  if (zone === null)
    return {
      date: `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`,
      time: `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`,
    };
  const of = Object.fromEntries(zone.formatToParts(at).map(({ type, value }) => [type, value]));
  return { date: `${of['year']}-${of['month']}-${of['day']}`, time: `${of['hour']}:${of['minute']}:${of['second']}` };
}

/** Date and time to the second, `2026-11-21 09:08:07`; the same in both languages, sortable by eye. */
export function localTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const { date, time } = wall(at);
  return `${date} ${time}`;
}

/** Local time with milliseconds, with the date only when it is not today's. */
export function rowTime(iso: string, nowMs: number): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const { date, time } = wall(at);
  const exact = `${time}.${pad(at.getMilliseconds(), 3)}`;
  return date === wall(new Date(nowMs)).date ? exact : `${date.slice(5)} ${exact}`;
}

export const clockTime = (at: Date): string => wall(at).time;

/** As received, for the hover: UTC with all the digits the server gave. */
export const utcTime = (iso: string): string => {
  const zulu = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d(?:\.\d+)?)(?:Z|\+00:00)$/.exec(iso);
  if (zulu !== null) return `${zulu[1]} ${zulu[2]} UTC`;
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : at.toISOString().replace('T', ' ').replace('Z', ' UTC');
};

export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export const integer = (value: number, language: Language): string => new Intl.NumberFormat(LOCALE[language]).format(value);

export function rate(perSecond: number): string {
  return perSecond === 0 ? '0' : perSecond < 10 ? perSecond.toFixed(1) : String(Math.round(perSecond));
}

/** `12 s`, `3 min`, `5 h`, `2 d`. */
export function age(ms: number, language: Language): string {
  const units = language === 'ja' ? ['秒', '分', '時間', '日'] : ['s', 'min', 'h', 'd'];
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} ${units[0]}`;
  if (s < 3_600) return `${Math.floor(s / 60)} ${units[1]}`;
  if (s < 86_400) return `${Math.floor(s / 3_600)} ${units[2]}`;
  return `${Math.floor(s / 86_400)} ${units[3]}`;
}

/** How long something took: `0.3 s`, `64 s`, `12 min 5 s`. */
export function duration(ms: number, language: Language): string {
  const [s, min] = language === 'ja' ? ['秒', '分'] : ['s', 'min'];
  const whole = Math.round(ms / 1_000);
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} ${s}`;
  return whole < 120 ? `${whole} ${s}` : `${Math.floor(whole / 60)} ${min} ${whole % 60} ${s}`;
}

/**
 * Text of a stranger, made harmless to the eye: control characters become their pictures (U+2400…), and characters that turn
 * the reading direction or have no width become visible escapes, so that a line cannot pose as another one (Unicode TR 36).
 * Line breaks and tabs stay when `multiline`.
 */
export function visible(text: string, multiline = false): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (char) => {
    if (multiline && (char === '\n' || char === '\t')) return char;
    const code = char.charCodeAt(0);
    if (code <= 0x1f) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? '\u2421' : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
