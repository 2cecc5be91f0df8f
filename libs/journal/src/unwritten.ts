import { decodeFramed, isAwaited } from './record.js';
import type { UnwrittenRecords } from './types.js';

/** @param payloads encoded records that were taken in and are on no disk. @param why nothing more is written. */
export function unwrittenOf(payloads: Iterable<Buffer>, why: Error): UnwrittenRecords {
  const bySource = new Map<string, number>();
  let records = 0;
  let awaited = 0;
  for (const payload of payloads) {
    const record = decodeFramed(payload);
    if (isAwaited(record)) {
      awaited++;
      continue;
    }
    records++;
    bySource.set(record.source.address, (bySource.get(record.source.address) ?? 0) + 1);
  }
  return { records, awaited, bySource, why };
}
