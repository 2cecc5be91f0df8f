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
  const bracket = raw.indexOf(0x3e);
  if (bracket < 2 || bracket > 4) return null;
  const at = raw[bracket + 1] === 0x31 && raw[bracket + 2] === 0x20 ? bracket + 3 : bracket + 1;
  if (raw[at + 4] !== 0x2d || raw[at + 19] !== 0x2e) return null;
  const found = HEAD.exec(String.fromCharCode(...raw.subarray(0, HEAD_BYTES)));
  const time = found === null ? null : isoTime(found[1] ?? '', 0, { receivedAtUs: 0 }, true);
  return time === null ? null : { atUs: time.atUs, host: found?.[2] ?? '' };
}
