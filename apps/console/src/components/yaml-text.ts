/** Words that YAML of one version or another takes for something else than text. */
const NO_TEXT = /^(?:true|false|null|yes|no|on|off|y|n)$/i;
const PLAIN = /^[\p{L}_][\p{L}\p{N}_./ ()+=-]*$/u;
/** Of a list of so many characters each element has a line of its own. */
const LONG_LIST = 80;

const isPlain = (text: string) => PLAIN.test(text) && !NO_TEXT.test(text) && !text.endsWith(' ');

function scalar(value: unknown): string {
  if (typeof value === 'string') return isPlain(value) ? value : JSON.stringify(value);
  return JSON.stringify(value) ?? 'null';
}

/** Several lines stay several lines, unless something in them would not come back as it was. */
function block(text: string, indent: string): string | null {
  // At the very left a line could be the end of the document.
  if (indent === '' || !text.includes('\n') || /^\s|[^\S\n]+(?:\n|$)|[^\P{Cc}\n\t]|\n\n$/u.test(text)) return null;
  const ends = text.endsWith('\n');
  const lines = (ends ? text.slice(0, -1) : text).split('\n');
  return `${ends ? '|' : '|-'}\n${lines.map((line) => (line === '' ? '' : `${indent}${line}`)).join('\n')}`;
}

const isScalar = (value: unknown) => typeof value !== 'object' || value === null;

/** What stands behind `key:` or `-`: on the same line, or on lines of its own. */
function behind(value: unknown, indent: string): string {
  if (typeof value === 'string') return ` ${block(value, indent) ?? scalar(value)}`;
  if (isScalar(value)) return ` ${scalar(value)}`;
  if (Array.isArray(value)) {
    if (value.length === 0) return ' []';
    const inLine = value.every(isScalar) ? `[${value.map(scalar).join(', ')}]` : null;
    if (inLine !== null && inLine.length <= LONG_LIST) return ` ${inLine}`;
    return `\n${value.map((each) => `${indent}- ${behind(each, `${indent}  `).replace(/^\s+/, '')}`).join('\n')}`;
  }
  const entries = Object.entries(value as object).filter(([, each]) => each !== undefined);
  if (entries.length === 0) return ' {}';
  return `\n${entries.map(([key, each]) => `${indent}${scalar(key)}:${behind(each, `${indent}  `)}`).join('\n')}`;
}

/** A document as people write it. What reads YAML 1.2 gets the very value back. @param value of JSON; undefined members are left out */
export const yamlOf = (value: unknown): string => `${behind(value, '').replace(/^\s+/, '')}\n`;
