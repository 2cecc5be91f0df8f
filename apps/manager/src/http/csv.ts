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

interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next: string | null;
}
const PAGE = 1_000;
/** Rows of one table. */
export const MAX_TABLE_ROWS = 100_000;

/** Rows of page after page as a table. The first page is there when this resolves: what is wrong with the question is said before. */
export async function pagedLines<Column extends string, Row extends Readonly<Record<Column, CsvValue>>>(
  columns: readonly Column[],
  pageOf: (after: string | null, limit: number) => Promise<Page<Row>>,
  most: number,
): Promise<AsyncIterable<string>> {
  const first = await pageOf(null, Math.min(PAGE, most));
  return (async function* () {
    yield csvLine(columns);
    let left = most;
    for (let page = first; ; ) {
      yield page.rows.map((row) => csvLine(columns.map((column) => row[column]))).join('');
      left -= page.rows.length;
      if (page.next === null || left <= 0) return;
      page = await pageOf(page.next, Math.min(PAGE, left));
    }
  })();
}

/** Line by line, as fast as whoever asked reads. @param name of the file that a browser makes of it. */
export function csvAnswer(name: string, lines: Iterable<string> | AsyncIterable<string>): StreamableFile {
  return new StreamableFile(Readable.from(lines, { objectMode: false }), {
    type: 'text/csv; charset=utf-8; header=present',
    disposition: `attachment; filename="${name}.csv"`,
  });
}
