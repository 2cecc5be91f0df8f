import type { SampleValue } from '@yosugara/operations';
import type { TlsCheck } from '../dial.js';
import { failure } from '../look.js';

export interface SqlAsk {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly query: string;
  /** null = in the clear. */
  readonly tls: TlsCheck | null;
}

/** What a query gave: of at most two rows, all columns, as text. */
export interface SqlRows {
  readonly rows: readonly (readonly (string | null)[])[];
}

/** From one connection; a query may give very much by mistake. */
export const MAX_ANSWER_BYTES = 1_048_576;
export const tooMuch = (where: string): string =>
  `the query's answer from ${where} has more than ${MAX_ANSWER_BYTES} bytes: one value is wanted`;

/** One row, one column; else which of them is meant would be a guess. */
export function sqlValue({ rows }: SqlRows, kind: 'number' | 'text'): SampleValue {
  const [row] = rows;
  if (row === undefined) return failure('the query gave no row');
  if (rows.length > 1) return failure('the query gave more than one row');
  if (row.length !== 1) return failure(`the query gave ${row.length} columns: one is wanted`);
  const text = row[0];
  if (text === null || text === undefined) return failure('the query gave NULL');
  if (kind === 'text') return { kind: 'text', text };
  const number = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(number)
    ? { kind: 'number', number }
    : failure(`the query gave what is no number: ${JSON.stringify(text.slice(0, 80))}`);
}
