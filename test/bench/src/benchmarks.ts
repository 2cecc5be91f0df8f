import { ACKNOWLEDGED } from './acknowledged.js';
import type { Benchmark } from './benchmark.js';
import { MEMORY } from './memory.js';
import { PARSE } from './parse.js';
import { SEARCH } from './search.js';
import { TRAPS } from './traps.js';

/** A new one is a module of its own, and a line here. */
export const BENCHMARKS: readonly Benchmark[] = [PARSE, TRAPS, ACKNOWLEDGED, SEARCH, MEMORY];

/** Wanted, and not there yet. */
export const PLANNED: Readonly<Record<string, string>> = {
  'udp-journal': 'UDP syslog into the fsynced journal, one process, highest lossless rate; rsyslog to a file',
  'ingest-single': 'UDP syslog into a row, single node, highest lossless rate; rsyslog with ompgsql',
  'ingest-replicated': 'the same sent to both nodes, with the synchronous Standby; rsyslog with ompgsql',
  burst: '500 000 datagrams in 5 s to both nodes: lost, and seconds until the rows are complete',
};
