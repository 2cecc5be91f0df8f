import type { ClusterRecord } from './record.js';

export interface Applied {
  readonly record: ClusterRecord;
  /** null: it took effect. Otherwise why it did not: the record had moved on. */
  readonly refused: string | null;
}

export const refuse = (record: ClusterRecord, why: string): Applied => ({ record, refused: why });
export const accept = (record: ClusterRecord, change: Partial<ClusterRecord>): Applied => ({
  record: { ...record, ...change, version: record.version + 1 },
  refused: null,
});
