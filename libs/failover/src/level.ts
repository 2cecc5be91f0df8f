import { FIRST_LEVEL } from '@yosugara/protocol';
import { type Applied, accept, refuse } from './applied.js';
import type { ClusterRecord } from './record.js';

/** The last step of an upgrade: from here on no older version comes back (docs/decisions/0033-levels-and-steps.md). */
export interface Raising {
  readonly kind: 'level';
  readonly requestId: string;
  readonly level: number;
}

export const levelOf = (record: ClusterRecord): number => record.level ?? FIRST_LEVEL;

export function raiseLevel(record: ClusterRecord, { level }: Raising): Applied {
  if (level <= levelOf(record)) return refuse(record, `the cluster is at level ${levelOf(record)} already`);
  return accept(record, { level });
}
