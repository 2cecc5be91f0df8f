import { ACKNOWLEDGED } from './acknowledged.js';
import type { Benchmark } from './benchmark.js';
import { BURST } from './burst.js';
import { INGEST_REPLICATED } from './ingest-replicated.js';
import { INGEST_SINGLE } from './ingest-single.js';
import { MEMORY } from './memory.js';
import { PARSE } from './parse.js';
import { PROBES } from './probes.js';
import { RULES_BENCH } from './rules.js';
import { SEARCH } from './search.js';
import { TRAPS } from './traps.js';
import { UDP_JOURNAL } from './udp-journal.js';

/** A new one is a module of its own, and a line here. */
export const BENCHMARKS: readonly Benchmark[] = [
  PARSE,
  RULES_BENCH,
  UDP_JOURNAL,
  INGEST_SINGLE,
  INGEST_REPLICATED,
  BURST,
  TRAPS,
  ACKNOWLEDGED,
  SEARCH,
  MEMORY,
  PROBES,
];

/** Wanted, and not there yet. */
export const PLANNED: Readonly<Record<string, string>> = {};
