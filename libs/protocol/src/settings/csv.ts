import { InvalidInputError } from '@yosugara/kernel';

export interface CsvRow {
  /** From 1, of its first line. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** RFC 4180; a byte order mark, lines that end in LF, and empty lines are let pass. @throws InvalidInputError — a quote that is not closed, or in the middle. */
export function parseCsv(text: string, file: string): readonly CsvRow[] {
  const rows: CsvRow[] = [];
  let line = 1;
  let at = text.startsWith('\ufeff') ? 1 : 0;
  while (at < text.length) {
    const cells: string[] = [];
    const begins = line;
    for (let more = true; more; ) {
      const isQuoted = text[at] === '"';
      const end = isQuoted ? closingQuote(text, at, file, line) : unquotedEnd(text, at);
      const raw = text.slice(isQuoted ? at + 1 : at, end);
      cells.push(isQuoted ? raw.replaceAll('""', '"') : raw);
      for (const sign of raw) if (sign === '\n') line += 1;
      at = isQuoted ? end + 1 : end;
      if (at < text.length && !',\r\n'.includes(text[at]!))
        throw new InvalidInputError(`${file}:${line}`, text[at]!, 'a comma after a quote');
      more = text[at] === ',';
      if (more) at += 1;
    }
    if (text[at] === '\r') at += 1;
    if (text[at] === '\n') at += 1;
    line += 1;
    if (cells.length > 1 || cells[0] !== '') rows.push({ line: begins, cells });
  }
  return rows;
}

function unquotedEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && !',\r\n'.includes(text[at]!)) at += 1;
  return at;
}

function closingQuote(text: string, from: number, file: string, line: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] !== '"') continue;
    if (text[at + 1] !== '"') return at;
    at += 1;
  }
  throw new InvalidInputError(`${file}:${line}`, 'a quote that is not closed', 'one that is');
}

/** A cell that a spreadsheet would take for a formula is quoted as text for it (OWASP, "CSV Injection"). */
export function csvCell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
