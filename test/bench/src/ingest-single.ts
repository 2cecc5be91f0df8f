import type { Benchmark } from './benchmark.js';
import { compareRows } from './compare-rows.js';

export const INGEST_SINGLE: Benchmark = {
  name: 'ingest-single',
  what: 'syslog over UDP into a row, a cluster of which one node is left, journal fsynced: highest lossless rate, against rsyslog with ompgsql',
  run: async (options) => [await compareRows('single', { of: 'ratio', is: 'at least', value: 3.5 }, options)],
};
