/** A variable's value; undefined = there is none of that name. */
export type Values = (name: string) => string | undefined;

/** Where a text goes decides what must not be in a value. `line`: one line of a header. `html`: Slack's and other markup's &, <, >. */
export type Escape = 'none' | 'line' | 'json' | 'url' | 'html';

/** `#[NAME]`, `#[NAME:PART]`; with `:original` at its end it is put in as it is. */
const VARIABLE = /#\[([A-Za-z_][A-Za-z0-9_.-]*(?::[^\]\r\n]{1,256})?)\]/g;
const ORIGINAL = ':original';
const NUL = /\0/g;
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

const ESCAPES: Readonly<Record<Escape, (value: string) => string>> = {
  none: (value) => value,
  // CR and LF would begin a header of their own (RFC 5322 2.2).
  line: (value) => value.replace(CONTROLS, ' '),
  json: (value) => JSON.stringify(value).slice(1, -1),
  url: (value) => encodeURIComponent(value.replace(/\p{Surrogate}/gu, '\ufffd')),
  html: (value) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
};

/** Puts values in. What has none stays as it is written. Values are not looked through again. */
export function render(template: string, values: Values, within: Escape = 'none'): string {
  return template.replace(VARIABLE, (written, name: string) => {
    const { value, original } = valueFor(name, values);
    if (value === undefined) return written;
    return original ? value : ESCAPES[within](value);
  });
}

/**
 * The same for a command of a POSIX shell: a value stands between ' wherever it is put in, also within a text that is quoted (then the quotes are
 * closed before it and opened after it). So does the name of a variable without value: `#` would begin a comment.
 * Not proof against a second shell: one that is given the command's words (ssh, sh -c) reads them again.
 */
export function renderShell(template: string, values: Values): string {
  let out = '';
  let quote: '"' | "'" | null = null;
  for (let at = 0; at < template.length; at++) {
    const char = template[at]!;
    VARIABLE.lastIndex = at;
    const found = char === '#' ? VARIABLE.exec(template) : null;
    if (found !== null && found.index === at) {
      const { value, original } = valueFor(found[1]!, values);
      out += original && value !== undefined ? value : quoted(value ?? found[0], quote);
      at += found[0].length - 1;
      continue;
    }
    if (char === '\\' && quote !== "'") out += char + (template[++at] ?? '');
    else {
      out += char;
      if (char === quote) quote = null;
      else if (quote === null && (char === '"' || char === "'")) quote = char;
    }
  }
  VARIABLE.lastIndex = 0;
  return out;
}

/** POSIX 2.2.2: nothing has a meaning between ', and ' itself cannot be there. */
function quoted(value: string, within: '"' | "'" | null): string {
  const safe = `'${value.replaceAll("'", "'\\''")}'`;
  return within === null ? safe : `${within}${safe}${within}`;
}

function valueFor(name: string, values: Values): { readonly value: string | undefined; readonly original: boolean } {
  const original = name.endsWith(ORIGINAL);
  // No program takes a NUL, and no database: it would be the message that told nobody.
  const value = values(original ? name.slice(0, -ORIGINAL.length) : name)?.replace(NUL, '\ufffd');
  return { value, original };
}

/** Names in a template, each once, without `:original`. */
export function variablesIn(template: string): readonly string[] {
  const names = [...template.matchAll(VARIABLE)].map(([, name]) => name!);
  return [...new Set(names.map((name) => (name.endsWith(ORIGINAL) ? name.slice(0, -ORIGINAL.length) : name)))];
}
