import { ACKNOWLEDGED } from './acknowledged.js';
import type { Benchmark } from './benchmark.js';
import { PARSE } from './parse.js';

/** A new one is a module of its own, and a line here. */
export const BENCHMARKS: readonly Benchmark[] = [PARSE, ACKNOWLEDGED];

/** Wanted, and not there yet. */
export const PLANNED: Readonly<Record<string, string>> = {
  'udp-journal': 'UDP syslog into the fsynced journal, one process, highest lossless rate; rsyslog to a file',
  'ingest-single': 'UDP syslog into a row, single node, highest lossless rate; rsyslog with ompgsql',
  'ingest-replicated': 'the same sent to both nodes, with the synchronous Standby; rsyslog with ompgsql',
  traps: 'SNMP v2c and v3 traps into the journal; snmptrapd to a file',
  burst: '500 000 datagrams in 5 s to both nodes: lost, and seconds until the rows are complete',
  search: 'first page of the last hour among 100 million rows; ingest there against empty',
};
