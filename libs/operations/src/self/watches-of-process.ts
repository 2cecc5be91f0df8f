import { bytes, count, duration, percent } from './sentences.js';
import type { Watch } from './watch.js';
import { known, MIB, watch } from './watch-row.js';

/** Of this node's database. */
export const DATABASE: readonly Watch[] = [
  watch({
    ...{ id: 'database', what: "how long this node's database could not be used", unit: 'seconds' },
    limits: { warning: 10, critical: 60 },
    say: (value, _, note) => `the database of this node could not be used for ${duration(value)}${known(note)}`,
    over: () => 'the database of this node can be used again',
    todo: '`yosugara status` says what PostgreSQL does, logs/postgres.log why. What is received meanwhile is in the journals',
  }),
  watch({
    ...{ id: 'slow-query', what: 'how long the longest statement has run', unit: 'seconds' },
    limits: { warning: 30, critical: 300 },
    say: (value, _, note) => `a statement in the database has run for ${duration(value)}${known(note)}`,
    over: () => 'no statement in the database runs for long',
    todo: '`select * from pg_stat_activity where pid = …`; `select pg_cancel_backend(…)` ends it',
  }),
  watch({
    ...{ id: 'long-transaction', what: 'how long the longest transaction is open', unit: 'seconds' },
    limits: { warning: 600, critical: 3_600 },
    say: (value, _, note) =>
      `a transaction in the database is open for ${duration(value)}: nothing that was deleted since can be cleaned up${known(note)}`,
    over: () => 'no transaction in the database is open for long',
    todo: 'as `slow-query`; who waits within a transaction is ended by `select pg_terminate_backend(…)`',
  }),
  watch({
    ...{ id: 'connections', what: "how many of the database's connections are in use", unit: 'ratio' },
    ...{ limits: { warning: 0.8, critical: 0.95 }, by: 0.05, afterMs: 30_000 },
    say: (value) => `${percent(value)} of the database's connections are in use`,
    over: () => 'the database has connections to spare again',
    todo: 'who holds them: `select usename, application_name, count(*) from pg_stat_activity group by 1, 2`',
  }),
  watch({
    ...{ id: 'database-size', what: 'how large the database is', unit: 'bytes' },
    ...{ limits: {}, by: 64 * MIB },
    say: (value) => `the database has ${bytes(value)}`,
    over: () => 'the database is smaller again',
    todo: 'shorter retention (`messages.retentionDays`), or more disk',
  }),
];

/** Of the manager's process and its host. */
export const PROCESS: readonly Watch[] = [
  watch({
    ...{ id: 'loop', what: 'how long a loop of the manager has not moved', unit: 'seconds' },
    limits: { warning: 30, critical: 120 },
    say: (value, item) => `the loop ${item} of the manager has not moved for ${duration(value)}`,
    over: (item) => `the loop ${item} of the manager moves again`,
    todo: 'look at `database` and `disk-answer` first. When they are well, it is a mistake of ours: restart the manager and send us its log',
  }),
  watch({
    ...{ id: 'event-loop', what: 'how long the manager could do nothing else, at most', unit: 'seconds' },
    ...{ limits: { warning: 1, critical: 5 }, by: 0.5, afterMs: 10_000 },
    say: (value) => `the manager was held up for ${duration(value)} at a time`,
    over: () => 'the manager is no longer held up',
    todo: 'is the host short of processor time or memory (`vmstat 1`)?',
  }),
  watch({
    ...{ id: 'monitor-lag', what: 'from due to begun, 99 of 100 looks of monitors', unit: 'seconds' },
    ...{ limits: { warning: 5, critical: 60 }, by: 1, afterMs: 60_000 },
    say: (value) => `monitors look ${duration(value)} later than they should`,
    over: () => 'monitors look in time again',
    todo: 'more is watched than this node can do in time: longer intervals, shorter deadlines of what does not answer, more processor time',
  }),
  watch({
    ...{
      id: 'monitor-skipped',
      what: 'looks of monitors, in the last 5 minutes, that were due and that nobody made',
      unit: 'count',
    },
    limits: { warning: 10 },
    say: (value) =>
      `${count(value)} looks of monitors were due in the last 5 minutes and nobody made them: those before them took too long`,
    over: () => 'all monitors look when they are due',
    todo: 'as `monitor-lag`',
  }),
  watch({
    ...{ id: 'job-answer', what: 'how long the oldest instruction that its agent said nothing to has waited', unit: 'seconds' },
    ...{ limits: { warning: 120, critical: 3_600 }, by: 10, afterMs: 30_000 },
    say: (value, _, note) => `an agent has not taken a command of a job for ${duration(value)}${known(note)}`,
    over: () => 'agents take their commands again',
    todo: 'which ones are away: `yosugara agents list`; whom a job waits for: `yosugara jobs list --open` and `yosugara jobs show`',
  }),
  watch({
    ...{ id: 'heap', what: 'how much of the memory that JavaScript may have is used', unit: 'ratio' },
    ...{ limits: { warning: 0.8, critical: 0.93 }, by: 0.05, afterMs: 30_000 },
    say: (value, _, note) => `the manager uses ${percent(value)} of the memory that it may${known(note)}`,
    over: () => 'the manager has memory to spare again',
    todo: 'the bound follows the memory of the host: give it more; when it grows without an end, it is a mistake of ours',
  }),
  watch({
    ...{ id: 'memory', what: 'how much of the memory of the host, or of its control group, the manager has', unit: 'ratio' },
    ...{ limits: { warning: 0.6, critical: 0.85 }, by: 0.05, afterMs: 30_000 },
    say: (value, _, note) => `the manager has ${percent(value)} of all memory${known(note)}`,
    over: () => 'the manager has a usual share of the memory again',
    todo: 'as `heap`; when others need it, the kernel ends somebody',
  }),
  watch({
    ...{ id: 'swap-out', what: 'what the host wrote to its swap in the last 5 minutes', unit: 'bytes' },
    limits: { warning: 256 * MIB, critical: 4_096 * MIB },
    say: (value) => `the host wrote ${bytes(value)} to its swap in the last 5 minutes: it is short of memory`,
    over: () => 'the host has memory to spare again',
    todo: 'who has it (`ps --sort=-rss`)? Programs that were swapped out answer late, and then the lease is lost',
  }),
  watch({
    ...{
      id: 'internal-lost',
      what: 'results of ourselves, in the last 5 minutes, that there was no room for or that could not be written or sent',
      unit: 'count',
    },
    limits: { warning: 1 },
    say: (value, item, note) =>
      `${count(value)} words of ours about ourselves did not get to ${item} in the last 5 minutes${known(note)}`,
    over: (item) => `our words about ourselves get to ${item} again`,
    todo: "is the file's volume full, or the syslog target away?",
  }),
];
