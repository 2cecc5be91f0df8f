import type { Benchmark } from './benchmark.js';
import { PARSE } from './parse.js';

/** A new one is a module of its own, and a line here. */
export const BENCHMARKS: readonly Benchmark[] = [PARSE];

/** Wanted, and not there yet. */
export const PLANNED: Readonly<Record<string, string>> = {
  'udp-journal': 'UDP syslog into the fsynced journal, one process, highest lossless rate; rsyslog to a file',
  'ingest-single': 'UDP syslog into a row, single node, highest lossless rate; rsyslog with ompgsql',
  'ingest-replicated': 'the same sent to both nodes, with the synchronous Standby; rsyslog with ompgsql',
  burst: '500 000 datagrams in 5 s to both nodes: lost, and seconds until the rows are complete',
  traps: 'SNMP v2c and v3 traps into the journal; snmptrapd to a file',
  acknowledged: 'round trip of INFORM and RELP, safe on both disks',
  search: 'first page of the last hour among 100 million rows; ingest there against empty',
};
