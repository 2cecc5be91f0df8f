import { isoTime } from './timestamp.js';

/** PRI, perhaps RFC 5424's version, and RFC 3339 with a fraction and a zone; then the host. */
const HEAD = /^<\d{1,3}>(?:1 )?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}(?:Z|[+-]\d\d:\d\d)) ([!-~]{1,255})/;
/** All of it, with a host of usual length. */
const HEAD_BYTES = 128;

export interface ExactStamp {
  /** When the sender says that it happened, µs since 1970. */
  readonly atUs: number;
  /** Whose clock it is: behind a relay there are several. */
  readonly host: string;
}

/**
 * A stamp that says enough to know a message again by its bytes: with a fraction of a second and a zone. Two messages of one
 * sender that were said at different times differ then. null = it says less.
 */
export function exactStamp(raw: Uint8Array): ExactStamp | null {
  // Most that has none is told from its bytes: `<13>1 2…`, `<134>2…`.
  if (stampAt(raw) < 0) return null;
  const found = HEAD.exec(String.fromCharCode(...raw.subarray(0, HEAD_BYTES)));
  const time = found === null ? null : isoTime(found[1] ?? '', 0, { receivedAtUs: 0 }, true);
  return time === null ? null : { atUs: time.atUs, host: found?.[2] ?? '' };
}

const DAY_S = 86_400;

/**
 * How long before `atUs` a line says it was said, in whole seconds of a day: for those that cannot afford to read every stamp, and look
 * only for old ones. null = it has no exact stamp; what is not well formed gives any number.
 */
export function stampAgeS(raw: Uint8Array, atUs: number): number | null {
  const at = stampAt(raw);
  if (at < 0) return null;
  const two = (place: number) => (raw[at + place]! - 0x30) * 10 + raw[at + place + 1]! - 0x30;
  let zone = at + 20;
  while (raw[zone]! >= 0x30 && raw[zone]! <= 0x39) zone++;
  const sign = raw[zone] === 0x2d ? -1 : raw[zone] === 0x2b ? 1 : 0;
  const aheadS = sign === 0 ? 0 : sign * (two(zone - at + 1) * 3_600 + two(zone - at + 4) * 60);
  const saidS = two(11) * 3_600 + two(14) * 60 + two(17) - aheadS;
  const age = (Math.floor(atUs / 1_000_000) - saidS) % DAY_S;
  return age < 0 ? age + DAY_S : age;
}

/** Where the stamp begins; -1 = there is none with a fraction. Told from a few bytes. */
function stampAt(raw: Uint8Array): number {
  const bracket = raw[2] === 0x3e ? 2 : raw[3] === 0x3e ? 3 : raw[4] === 0x3e ? 4 : -1;
  if (bracket < 0) return -1;
  const at = raw[bracket + 1] === 0x31 && raw[bracket + 2] === 0x20 ? bracket + 3 : bracket + 1;
  return raw[at + 4] === 0x2d && raw[at + 19] === 0x2e ? at : -1;
}
