import type { Benchmark } from './benchmark.js';
import { compareRows } from './compare-rows.js';

export const INGEST_REPLICATED: Benchmark = {
  name: 'ingest-replicated',
  what: 'the same sent to both nodes, with both journals and their copies, dedupe and the synchronous Standby, all on this machine',
  run: async (options) => [await compareRows('replicated', { of: 'ratio', is: 'at least', value: 1.5 }, options)],
};
