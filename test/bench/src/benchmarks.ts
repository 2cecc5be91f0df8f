import { ACKNOWLEDGED } from './acknowledged.js';
import { AGENT_IDLE } from './agent-idle.js';
import { AGENTS_BENCH } from './agents.js';
import { BACKUP } from './backup.js';
import type { Benchmark } from './benchmark.js';
import { BURST } from './burst.js';
import { COLLECTED } from './collected.js';
import { CONSOLE_BENCH } from './console.js';
import { EVENTS_MILLION } from './events-million.js';
import { INGEST_REPLICATED } from './ingest-replicated.js';
import { INGEST_SINGLE } from './ingest-single.js';
import { JOBS } from './jobs.js';
import { JOURNAL_ENCRYPTION } from './journal-encryption.js';
import { LINE_TO_EVENT } from './line-to-event.js';
import { LINE_TO_MAIL } from './line-to-mail.js';
import { MEMORY } from './memory.js';
import { MONITORS } from './monitors.js';
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
  JOURNAL_ENCRYPTION,
  INGEST_SINGLE,
  INGEST_REPLICATED,
  BURST,
  TRAPS,
  ACKNOWLEDGED,
  SEARCH,
  MEMORY,
  PROBES,
  MONITORS,
  LINE_TO_EVENT,
  LINE_TO_MAIL,
  COLLECTED,
  EVENTS_MILLION,
  CONSOLE_BENCH,
  AGENTS_BENCH,
  AGENT_IDLE,
  JOBS,
  BACKUP,
];

/** Wanted, and not there yet. */
export const PLANNED: Readonly<Record<string, string>> = {};
