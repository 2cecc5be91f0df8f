import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import { csvCell } from '@yosugara/protocol';
import { z } from 'zod';

/** Of a query: in which form the answer is to come. */
export const format = z
  .enum(['json', 'csv'])
  .describe('csv: a table (RFC 4180); the same is asked for with Accept: text/csv')
  .optional();

export const wantsCsv = (format: 'json' | 'csv' | undefined, accept: string | undefined): boolean =>
  format === undefined ? /(?:^|[\s,])text\/csv\b/i.test(accept ?? '') : format === 'csv';

export type CsvValue = string | number | null;

/** Numbers stay numbers; what a spreadsheet would take for a formula is text. */
export const csvLine = (cells: readonly CsvValue[]): string =>
  `${cells.map((cell) => (cell === null ? '' : typeof cell === 'number' ? String(cell) : csvCell(cell))).join(',')}\r\n`;

/** Line by line, as fast as whoever asked reads. @param name of the file that a browser makes of it. */
export function csvAnswer(name: string, lines: Iterable<string> | AsyncIterable<string>): StreamableFile {
  return new StreamableFile(Readable.from(lines, { objectMode: false }), {
    type: 'text/csv; charset=utf-8; header=present',
    disposition: `attachment; filename="${name}.csv"`,
  });
}
