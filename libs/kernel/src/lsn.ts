import { InvalidInputError } from './errors.js';

/**
 * A position in PostgreSQL's write-ahead log, in bytes.
 *
 * A plain number: exact to 2^53 bytes, that is 8 PiB of WAL written in the life of one cluster; `parseLsn` refuses more.
 */
export type Lsn = number & { readonly __brand: 'Lsn' };
export const lsn = (bytes: number): Lsn => bytes as Lsn;
export const ZERO_LSN: Lsn = lsn(0);

const TEXT = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/;

/** From PostgreSQL's `pg_lsn` text, such as `0/3000060`. @throws InvalidInputError — not of that shape, or above 2^53. */
export function parseLsn(text: string): Lsn {
  const found = TEXT.exec(text);
  const bytes = found === null ? Number.NaN : Number.parseInt(found[1]!, 16) * 2 ** 32 + Number.parseInt(found[2]!, 16);
  if (!Number.isSafeInteger(bytes))
    throw new InvalidInputError('LSN', text, 'two hexadecimal numbers with a slash, such as 0/3000060');
  return lsn(bytes);
}

/** PostgreSQL's spelling, `0/3000060`. */
export function formatLsn(value: Lsn): string {
  return `${Math.floor(value / 2 ** 32)
    .toString(16)
    .toUpperCase()}/${(value % 2 ** 32).toString(16).toUpperCase()}`;
}
