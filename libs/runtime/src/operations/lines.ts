import type { Clock } from '@yosugara/kernel';
import type { Result, Sample } from '@yosugara/operations';
import type { MessageToStore } from '../ingest/ports.js';
import { Memories } from './memories.js';
import { isEmpty, operate, troubleOf } from './operate.js';
import type { OperationsBatch, OperationsStore } from './ports.js';
import type { LineRules } from './rules.js';

/** What monitors make of what is received; it goes into the transaction that stores the rows. */
export interface LineOperations {
  /** For an owner that begins, or begins again after any failure: what is remembered is read from the database. */
  begin(): Promise<LineOperator>;
}

export interface LineOperator {
  /** Of the rows of one batch, in their order; each row once. null = nothing follows from them. */
  operate(rows: readonly MessageToStore[]): OperationsBatch | null;
}

export interface LineOptions {
  readonly store: Pick<OperationsStore, 'loadMemory'>;
  /** What is committed of the settings when this is called is in the rules when it resolves. */
  readonly ready: () => Promise<void>;
  /** As they are now. */
  readonly rules: () => LineRules;
  readonly clock: Pick<Clock, 'wallMs'>;
}

export function lineOperations({ store, ready, rules, clock }: LineOptions): LineOperations {
  return {
    begin: async () => {
      // Without them a line would pass by monitors that are not there yet.
      await ready();
      const memories = new Memories(await store.loadMemory());
      return {
        operate: (rows) => {
          const now = rules();
          const nowMs = clock.wallMs();
          const results: Result[] = [];
          const messages = new Map<Sample, MessageToStore>();
          const samples = rows.flatMap((row) => {
            try {
              const seen = now.samplesOf(row);
              for (const sample of seen) messages.set(sample, row);
              return seen;
            } catch (error) {
              results.push(troubleOf('INTERNAL', `read a line of ${row.source}`, error, nowMs));
              return [];
            }
          });
          if (samples.length === 0 && results.length === 0) return null;
          const batch = operate(now, { samples, results, messages }, memories, nowMs);
          return isEmpty(batch) ? null : batch;
        },
      };
    },
  };
}
