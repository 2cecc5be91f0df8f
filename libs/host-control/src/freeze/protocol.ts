import type { SqlTarget } from '../postgres/sql.js';
import type { FreezeCode } from './errors.js';
import type { Held } from './hold.js';

/** One line to the holder's standard input. Passwords are in the file that it names. */
export interface HoldOrder {
  readonly target: SqlTarget;
  readonly forMs: number;
  readonly checkpoint: boolean;
}

/** One line back. */
export type HolderSays =
  | { readonly kind: 'held'; readonly held: Held }
  | { readonly kind: 'failed'; readonly code: FreezeCode; readonly says: string };
