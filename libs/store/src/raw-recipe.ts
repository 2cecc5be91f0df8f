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
const SIGNS = /[\x01-\x06]/;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{6}|\d{3}))?(Z|[+-]\d\d:\d\d)/;
const TOKEN = /\x05([036])(Z|[+-]\d\d:\d\d)|[\x01-\x04]/g;
const TEXT = '\x06';
const SECOND_US = 1_000_000;

/** @returns null — the bytes are to be kept whole: nothing of them would be saved. */
export function recipeOf(raw: Uint8Array, fields: RecipeFields): Buffer | null {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const length = Buffer.byteLength(fields.text);
  if (length > bytes.length) return null;
  const whole = bytes.toString('latin1');
  const text = length === fields.text.length ? fields.text : Buffer.from(fields.text).toString('latin1');
  const at = endOf(whole, text);
  if (at < 0) return null;
  const head = whole.slice(0, at);
  const tail = whole.slice(at + length);
  if (SIGNS.test(head) || SIGNS.test(tail)) return null;
  const recipe = shortened(head, fields) + TEXT + tail;
  return recipe.length < bytes.length ? Buffer.from(recipe, 'latin1') : null;
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

/** Where the text stands at the end, or -1. Not `lastIndexOf`: it takes the square of a long text that nearly repeats itself. */
function endOf(whole: string, text: string): number {
  for (let at = whole.length - text.length; at >= 0 && at >= whole.length - text.length - MAX_TAIL; at--)
    if (whole.startsWith(text, at)) return at;
  return -1;
}

/** Time and fields, each where it stands first behind the one before: the order of both RFCs. */
function shortened(head: string, fields: RecipeFields): string {
  const time = timeIn(head, fields.sentAtUs);
  let done = time?.done ?? '';
  // Not in the sign of the time itself: a host may be called `3Z`.
  let rest = time?.rest ?? head;
  for (const [sign, value] of [fields.host, fields.app, fields.procId, fields.msgId].entries()) {
    if (value === null || value.length < 2) continue;
    const at = rest.indexOf(value);
    if (at < 0) continue;
    done += rest.slice(0, at) + String.fromCharCode(sign + 1);
    rest = rest.slice(at + value.length);
  }
  return done + rest;
}

function timeIn(head: string, sentAtUs: number | null): { readonly done: string; readonly rest: string } | null {
  if (sentAtUs === null || sentAtUs < 0) return null;
  const found = TIME.exec(head);
  if (found === null) return null;
  const [written, fraction = '', zone = ''] = found;
  if (written !== timeText(sentAtUs, fraction.length, zone)) return null;
  const done = `${head.slice(0, found.index)}\x05${fraction.length}${zone}`;
  return { done, rest: head.slice(found.index + written.length) };
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
