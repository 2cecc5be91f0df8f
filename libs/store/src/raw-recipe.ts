/*
 * A message says nearly all of itself twice: in its raw bytes, and in the fields that were read from them. A recipe is the raw bytes with
 * what stands in other columns left out. Read as ISO 8859-1, in which each byte is one character:
 *
 *   \x01 \x02 \x03 \x04   host, app, proc_id, msg_id
 *   \x05 D Z              sent_at as RFC 3339 has it, with D (0, 3 or 6) digits of a second; Z: `Z` or `+09:00`
 *   \x06                  text, in UTF-8; once in every recipe
 *
 * Everything else is itself. Bytes that hold one of these signs outside of the text are kept whole (`raw_form` null).
 */
export interface RecipeFields {
  readonly host: string | null;
  readonly app: string | null;
  readonly procId: string | null;
  readonly msgId: string | null;
  readonly sentAtUs: number | null;
  readonly text: string;
}

/** Of the column `raw_form`; null = raw is the bytes themselves. */
export const RAW_RECIPE = 1;

/** What may stand behind the text: line ends, a NUL, the end of a JSON document. */
const MAX_TAIL = 4;
/** Of these, each character of a value is compared; a value in more is looked for by what is made for that. */
const FEW_BYTES = 512;
/** RFC 3339, with 0 for any digit. */
const SECOND_SHAPE = '0000-00-00T00:00:00';
const SECOND_CHARACTERS = SECOND_SHAPE.length;
const SIX_DIGITS = '000000';
const ZONE_SHAPE = ' 00:00';
const FRACTIONS = [6, 3] as const;
const NO_FRACTION = [0] as const;
const TOKEN = /\x05([036])(Z|[+-]\d\d:\d\d)|[\x01-\x04]/g;
const TEXT_SIGN = 6;
const TEXT = '\x06';
const SECOND_US = 1_000_000;

/** @returns null — the bytes are to be kept whole: nothing of them would be saved. */
export function recipeOf(raw: Uint8Array, fields: RecipeFields): Buffer | null {
  const text = Buffer.from(fields.text);
  const target = Buffer.allocUnsafe(text.length + raw.length + 1);
  text.copy(target);
  const end = writeRecipe(target, { from: 0, end: text.length }, raw, fields);
  return end < 0 ? null : target.subarray(text.length, end);
}

/**
 * The same, behind `at`: it is never longer than the bytes and one more. On bytes and not on text: a string of each part would be most of what a row costs.
 * @param text where `fields.text` was written before, in UTF-8. @returns where it ends; -1 — the bytes are to be kept whole.
 */
export function writeRecipe(
  target: Buffer,
  text: { readonly from: number; readonly end: number },
  raw: Uint8Array,
  fields: RecipeFields,
  at = text.end,
): number {
  const length = text.end - text.from;
  const headEnd = endOf(raw, target, text.from, length);
  if (headEnd < 0 || hasSign(raw, 0, headEnd) || hasSign(raw, headEnd + length, raw.length)) return -1;
  let place = at;
  let from = 0;
  const time = timeIn(raw, headEnd, fields.sentAtUs);
  if (time !== null) {
    place = copied(raw, 0, time.at, target, place);
    target[place++] = 5;
    target[place++] = 0x30 + time.digits;
    place = copied(raw, time.zoneAt, time.end, target, place);
    // Fields not in the sign of the time itself: a host may be called `3Z`.
    from = time.end;
  }
  // Each where it stands first behind the one before: the order of both RFCs.
  for (let sign = 1; sign <= 4; sign++) {
    const value = sign === 1 ? fields.host : sign === 2 ? fields.app : sign === 3 ? fields.procId : fields.msgId;
    if (value === null || value.length < 2) continue;
    const found = indexOf(raw, from, headEnd, value);
    if (found < 0) continue;
    place = copied(raw, from, found, target, place);
    target[place++] = sign;
    from = found + value.length;
  }
  place = copied(raw, from, headEnd, target, place);
  target[place++] = TEXT_SIGN;
  place = copied(raw, headEnd + length, raw.length, target, place);
  return place - at < raw.length ? place : -1;
}

/** The bytes that the recipe was made of. `fields` as they were then. */
export function rawOf(recipe: Uint8Array, fields: RecipeFields): Buffer {
  const whole = Buffer.from(recipe.buffer, recipe.byteOffset, recipe.byteLength).toString('latin1');
  const at = whole.indexOf(TEXT);
  const values = [fields.host, fields.app, fields.procId, fields.msgId];
  const head = whole
    .slice(0, at)
    .replace(TOKEN, (token, digits?: string, zone?: string) =>
      digits === undefined || zone === undefined
        ? (values[token.charCodeAt(0) - 1] ?? '')
        : timeText(fields.sentAtUs ?? 0, Number(digits), zone),
    );
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(fields.text), Buffer.from(whole.slice(at + 1), 'latin1')]);
}

/** Where the text stands at the end, or -1. Only there: to look for it everywhere takes the square of a long text that nearly repeats itself. */
function endOf(raw: Uint8Array, written: Buffer, from: number, length: number): number {
  for (let at = raw.length - length; at >= 0 && at >= raw.length - length - MAX_TAIL; at--) {
    if (length > 0 && raw[at] !== written[from]) continue;
    if (written.compare(raw, at, at + length, from, from + length) === 0) return at;
  }
  return -1;
}

function hasSign(raw: Uint8Array, from: number, end: number): boolean {
  for (let at = from; at < end; at++) if (raw[at]! <= TEXT_SIGN && raw[at]! > 0) return true;
  return false;
}

/** Nearly all that is copied here is shorter than what a call of the system's copying costs. */
function copied(raw: Uint8Array, from: number, end: number, target: Buffer, at: number): number {
  for (let place = from; place < end; place++) target[at + place - from] = raw[place]!;
  return at + end - from;
}

/** Of a value of which each character is one byte; -1 = it is not there. */
function indexOf(raw: Uint8Array, from: number, end: number, value: string): number {
  if (end - from > FEW_BYTES) {
    const at = Buffer.from(raw.buffer, raw.byteOffset + from, end - from)
      .toString('latin1')
      .indexOf(value);
    return at < 0 ? -1 : from + at;
  }
  const first = value.charCodeAt(0);
  for (let at = from; at <= end - value.length; at++) if (raw[at] === first && isAt(raw, at, value)) return at;
  return -1;
}

/** Whether just these characters stand there. */
function isAt(raw: Uint8Array, from: number, value: string): boolean {
  for (let at = 0; at < value.length; at++) if (raw[from + at] !== value.charCodeAt(at)) return false;
  return true;
}

interface FoundTime {
  readonly at: number;
  readonly digits: number;
  readonly zoneAt: number;
  readonly end: number;
}

/** The first time in the head, when it is the field's. */
function timeIn(raw: Uint8Array, headEnd: number, sentAtUs: number | null): FoundTime | null {
  if (sentAtUs === null || sentAtUs < 0) return null;
  for (let at = 0; at + SECOND_CHARACTERS < headEnd; at++) {
    if (raw[at + 10] !== 0x54 || !isLike(raw, at, SECOND_SHAPE)) continue;
    const found = zoneBehind(raw, at, headEnd);
    if (found !== null) return isTime(raw, found, sentAtUs) ? found : null;
  }
  return null;
}

/** A fraction of 6, 3 or no digits, and a zone. */
function zoneBehind(raw: Uint8Array, at: number, headEnd: number): FoundTime | null {
  const behind = at + SECOND_CHARACTERS;
  for (const digits of raw[behind] === 0x2e ? FRACTIONS : NO_FRACTION) {
    const zoneAt = behind + (digits === 0 ? 0 : digits + 1);
    if (zoneAt >= headEnd || !isLike(raw, behind + 1, SIX_DIGITS, digits)) continue;
    const end = zoneAt + (raw[zoneAt] === 0x5a ? 1 : ZONE_SHAPE.length);
    const isZone = raw[zoneAt] === 0x5a || ((raw[zoneAt] === 0x2b || raw[zoneAt] === 0x2d) && isLike(raw, zoneAt, ZONE_SHAPE));
    if (isZone && end <= headEnd) return { at, digits, zoneAt, end };
  }
  return null;
}

/** Whether the digits and the other characters of a shape stand there; a space in it is any character. */
function isLike(raw: Uint8Array, from: number, shape: string, length = shape.length): boolean {
  for (let at = 0; at < length; at++) {
    const wanted = shape.charCodeAt(at);
    const code = raw[from + at]!;
    if (wanted === 0x30 ? !(code >= 0x30 && code <= 0x39) : wanted !== 0x20 && code !== wanted) return false;
  }
  return true;
}

function isTime(raw: Uint8Array, { at, digits, zoneAt, end }: FoundTime, us: number): boolean {
  const two = (place: number) => (raw[place]! - 0x30) * 10 + raw[place + 1]! - 0x30;
  const aheadMinutes = end === zoneAt + 1 ? 0 : two(zoneAt + 1) * 60 + two(zoneAt + 4);
  const second = Math.floor(us / SECOND_US);
  const text = secondText(second + aheadMinutes * (raw[zoneAt] === 0x2d ? -60 : 60));
  // Not `isLike`: a time is no shape, and each 0 of it would be any digit.
  if (text.length !== SECOND_CHARACTERS || !isAt(raw, at, text)) return false;
  let fraction = 0;
  for (let place = zoneAt - digits; place < zoneAt; place++) fraction = fraction * 10 + raw[place]! - 0x30;
  return digits === 0 || fraction === Math.floor((us - second * SECOND_US) / 10 ** (6 - digits));
}

/** RFC 3339 with that many digits, in that zone. */
function timeText(us: number, digits: number, zone: string): string {
  const offset = zone === 'Z' ? 0 : (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4))) * (zone[0] === '-' ? -60 : 60);
  const second = Math.floor(us / SECOND_US);
  const fraction =
    digits === 0
      ? ''
      : `.${String(us - second * SECOND_US)
          .padStart(6, '0')
          .slice(0, digits)}`;
  return secondText(second + offset) + fraction + zone;
}

/** The last one: a thousand messages say the same second. */
let known = { second: 0, text: '1970-01-01T00:00:00' };

function secondText(second: number): string {
  if (known.second !== second) known = { second, text: new Date(second * 1_000).toISOString().slice(0, -5) };
  return known.text;
}
