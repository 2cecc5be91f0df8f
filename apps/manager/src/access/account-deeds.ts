import type { AuditEntry } from '../store/ports.js';
import type { People } from './people-tables.js';

/** How whatever is done with accounts is written down. */
export interface AccountDeeds {
  change<T>(epoch: number, work: (people: People) => Promise<T>): Promise<T>;
  entry(of: { readonly login: string; readonly id: number | null }, action: string, detail: AuditEntry['detail']): AuditEntry;
}
