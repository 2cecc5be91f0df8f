/** A time found at the beginning of a text. `length` = characters used. */
export interface FoundTime {
  readonly atUs: number;
  readonly length: number;
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** RFC 3164 4.1.2, and what Cisco makes of it: a year before the time or behind it, a fraction, the name of a zone. */
const BSD = /^([A-Z][a-z]{2}) ( ?\d{1,2}) (?:(\d{4}) )?(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?: (\d{4})(?=[ :]))?/;

/** RFC 3339, as RFC 5424 uses it; without a zone it is taken as UTC. null = none here, or no such date. */
export function isoTime(text: string): FoundTime | null {
  const found = ISO.exec(text);
  if (found === null) return null;
  const [whole, year, month, day, hour, minute, second, fraction, zone] = found;
  const at = utcUs(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second), fraction);
  return at === null ? null : { atUs: at - zoneUs(zone), length: whole.length };
}

/**
 * RFC 3164's time, which says neither year nor zone.
 *
 * The rule: the zone is UTC; the year is the one that brings the time nearest to the time of receipt, of the year of receipt, the one
 * before and the one after, leaving out years that don't have the day (29 February). So a message of 31 December that arrives on
 * 1 January belongs to the old year, and a clock that is a little ahead at midnight belongs to the new one.
 */
export function bsdTime(text: string, receivedAtUs: number): FoundTime | null {
  const found = BSD.exec(text);
  if (found === null) return null;
  const [whole, monthName, day, yearBefore, hour, minute, second, fraction, yearBehind] = found;
  const month = MONTHS.indexOf(monthName!);
  if (month < 0) return null;
  const said = yearBefore ?? yearBehind;
  const received = new Date(receivedAtUs / 1_000).getUTCFullYear();
  const years = said === undefined ? [received - 1, received, received + 1] : [Number(said)];
  const candidates = years
    .map((year) => utcUs(year, month, Number(day), Number(hour), Number(minute), Number(second), fraction))
    .filter((at) => at !== null)
    .sort((a, b) => Math.abs(a - receivedAtUs) - Math.abs(b - receivedAtUs));
  return candidates[0] === undefined ? null : { atUs: candidates[0], length: whole.length };
}

/** null when there is no such date. A leap second (60) becomes the second after. */
function utcUs(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  fraction: string | undefined,
): number | null {
  if (hour > 23 || minute > 59 || second > 60) return null;
  const date = new Date(Date.UTC(year, month, day, hour, minute, second));
  const start = new Date(Date.UTC(year, month, day));
  if (start.getUTCMonth() !== month || start.getUTCDate() !== day || year < 1970) return null;
  return date.getTime() * 1_000 + (fraction === undefined ? 0 : Number(fraction.padEnd(6, '0').slice(0, 6)));
}

function zoneUs(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const digits = zone.replace(':', '');
  const minutes = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5));
  return (digits.startsWith('-') ? -minutes : minutes) * 60_000_000;
}
