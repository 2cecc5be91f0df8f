import { metricOf, SELF_LEVELS, WATCHES } from '@yosugara/operations';
import type { Metrics } from '../http/metrics.js';
import type { SelfMonitoring } from './self-monitoring.js';

/** What the manager sees of itself: for each watch its value in its own unit, and how bad it is told to be. */
export function addSelfMetrics(metrics: Metrics, { watch, ways }: Pick<SelfMonitoring, 'watch' | 'ways'>): void {
  const { last } = watch;
  metrics.counter('yosugara_self_looks_total', 'Looks of the manager at itself.', watch.looks);
  metrics.gauge('yosugara_self_look_time_seconds', 'When it looked last.', last === null ? null : last.wallMs / 1_000);
  metrics.gauge('yosugara_self_look_duration_seconds', 'How long that took.', last === null ? null : last.tookMs / 1_000);
  metrics.gauge('yosugara_self_left_out', 'Bad things that there was no room for.', last?.leftOut);
  for (const each of WATCHES)
    for (const { item, value } of last?.seen.get(each.id) ?? [])
      metrics.gauge(metricOf(each), `Watched: ${each.what}.`, value, item === '' ? {} : { item });
  for (const { watch: of, item, level } of last?.levels ?? []) {
    const labels = item === '' ? { watch: of } : { watch: of, item };
    metrics.gauge(
      'yosugara_self_level',
      'As it is told: 0 well, 1 notice, 2 warning, 3 critical.',
      SELF_LEVELS.indexOf(level),
      labels,
    );
  }
  for (const priority of ['info', 'warning', 'unknown', 'critical'] as const)
    metrics.counter('yosugara_internal_results_total', 'Results of ourselves that were told.', ways.told.get(priority) ?? 0, {
      priority,
    });
  metrics.gauge('yosugara_internal_pending', 'Results of ourselves that are no events yet.', ways.pending.waiting);
  const { oldestAtMs } = ways.pending;
  metrics.gauge(
    'yosugara_internal_pending_oldest_time_seconds',
    'When the oldest of these was.',
    oldestAtMs === null ? null : oldestAtMs / 1_000,
  );
  metrics.counter('yosugara_internal_forgotten_total', 'Of these, those that there was no room for.', ways.pending.lost);
  for (const [to, { done, failed, lost, waiting }] of ways.ways) {
    metrics.counter(
      'yosugara_internal_written_total',
      'Lines about ourselves that got to the file or a target of syslog.',
      done,
      { to },
    );
    metrics.counter('yosugara_internal_failed_total', 'Tries to get them there that failed.', failed, { to });
    metrics.counter('yosugara_internal_dropped_total', 'Lines that never got there.', lost, { to });
    metrics.gauge('yosugara_internal_waiting', 'Lines that wait to get there.', waiting, { to });
  }
}
