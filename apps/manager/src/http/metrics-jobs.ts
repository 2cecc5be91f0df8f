import { type JobStats, LAG_BOUNDS_MS } from '@yosugara/runtime';
import type { Metrics } from './metrics.js';

const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1_000);

/** Only where jobs run: on the Master. */
export function addJobs(metrics: Metrics, stats: JobStats | null): void {
  if (stats === null) return;
  metrics.gauge('yosugara_jobs_sessions', 'Sessions that are not over.', stats.sessions);
  metrics.gauge('yosugara_jobs_waiting', 'Jobs of these whose turn has not come.', stats.waiting);
  metrics.gauge('yosugara_jobs_running', 'Jobs of these of which something goes on.', stats.running);
  metrics.gauge('yosugara_jobs_runs', 'Commands, file checks and the like on nodes that are not over.', stats.runs);
  metrics.gauge('yosugara_jobs_inputs', 'What came in and waits to be stored.', stats.inputs);
  metrics.counter('yosugara_jobs_sessions_started_total', 'Sessions that were begun or made beforehand.', stats.started);
  metrics.counter('yosugara_jobs_runs_started_total', 'Commands of which was heard that they began.', stats.runsStarted);
  metrics.counter('yosugara_jobs_runs_ended_total', 'Commands of which was heard that they ended.', stats.ended);
  metrics.counter(
    'yosugara_jobs_runs_refused_total',
    'Starts of an older epoch that agents say they refused: of a Master that did not know yet that it was none.',
    stats.refused,
  );
  metrics.counter('yosugara_jobs_told_total', 'Results that jobs told of themselves: dropped runs, stuck queues.', stats.dropped);
  metrics.counter(
    'yosugara_jobs_spins_total',
    'Sessions that were due again and again without effect, and were made to wait: a mistake of the program each time.',
    stats.spins,
  );
  const lag = LAG_BOUNDS_MS.map((ms) => ms / 1_000);
  const { counts, sumMs } = stats.startLag;
  const lagHelp = 'From the claim of a command until it was heard that it began.';
  metrics.histogram('yosugara_jobs_start_lag_seconds', lagHelp, lag, counts, sumMs / 1_000);
  metrics.gauge('yosugara_jobs_unanswered', 'Instructions that agents did not say anything to yet.', stats.unanswered);
  metrics.gauge(
    'yosugara_jobs_unanswered_oldest_time_seconds',
    'When the oldest of these was claimed.',
    seconds(stats.oldestUnansweredAtMs),
  );
  metrics.gauge(
    'yosugara_jobs_slice_p99_seconds',
    'The longest that jobs held the manager up in a turn, 99 of 100 of the newest thousand turns.',
    seconds(stats.turnP99Ms),
  );
  metrics.gauge(
    'yosugara_jobs_slice_longest_seconds',
    'The longest that jobs held the manager up since this node serves.',
    seconds(stats.sliceLongestMs),
  );
  metrics.gauge(
    'yosugara_jobs_load_seconds',
    'What reading all sessions took when this node began to serve.',
    seconds(stats.loadedMs),
  );
  metrics.gauge(
    'yosugara_jobs_resume_seconds',
    'Until all of them had heard of the new Master, and places in queues were given.',
    seconds(stats.resumedMs),
  );
}
