import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { ReceiverReport } from '@yosugara/protocol';
import { LAG_BOUNDS_MS } from '@yosugara/runtime';
import { Needs } from '../access/needs.js';
import { AllowsMetricsToken, AllowsProbeToken } from '../auth/identity.js';
import type { Authority } from '../control/authority.js';
import { Counted } from '../ingest/counted.js';
import { ReceiverView } from '../ingest/receiver-view.js';
import { JobsHandle } from '../jobs/jobs-handle.js';
import type { Lifecycle } from '../lifecycle.js';
import type { Operations } from '../operations/operations.js';
import type { SelfHandle } from '../self/self-handle.js';
import { type ApiSettings, AUTHORITY, LIFECYCLE, OPERATIONS, SELF, SETTINGS } from '../tokens.js';
import { ApiRefusals } from './api-docs.js';
import { METRICS_TYPE, Metrics } from './metrics.js';
import { addJobs } from './metrics-jobs.js';

const seconds = (since: string | null | undefined) => (since == null ? null : Date.parse(since) / 1_000);

/**
 * For Prometheus: receiver and ingest. Each node tells of itself: scrape both. Role, epoch, lag and alarms are the controller's to tell, at
 * `/metrics` of its status port (docs/visible-loss.md).
 */
@ApiTags('metrics')
@ApiRefusals()
@ApiBearerAuth()
@Controller('metrics')
export class MetricsController {
  constructor(
    @Inject(AUTHORITY) private readonly authority: Authority,
    @Inject(LIFECYCLE) private readonly lifecycle: Lifecycle,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
    @Inject(OPERATIONS) private readonly operations: Pick<Operations, 'stats'>,
    @Inject(SELF) private readonly self: Pick<SelfHandle, 'addMetrics'>,
    private readonly receivers: ReceiverView,
    private readonly counted: Counted,
    @Inject(JobsHandle) private readonly jobs: Pick<JobsHandle, 'stats'>,
  ) {}

  @Get()
  @Needs('cluster', 'read')
  @AllowsProbeToken()
  @AllowsMetricsToken()
  @Header('content-type', METRICS_TYPE)
  @ApiOkResponse({ content: { 'text/plain': { schema: { type: 'string' } } } })
  async metrics(): Promise<string> {
    const metrics = new Metrics();
    const { node } = this.settings;
    const receivers = await this.receivers.receivers();
    this.#addManager(metrics);
    const report = receivers.find((each) => each.node === node)?.report ?? null;
    metrics.gauge('yosugara_receiver_up', 'The receiver of this node is heard.', report !== null);
    if (report !== null) addReceiver(metrics, report);
    this.#addIngest(metrics);
    this.#addOperations(metrics);
    addJobs(metrics, this.jobs.stats());
    this.self.addMetrics(metrics);
    return metrics.text();
  }

  #addManager(metrics: Metrics): void {
    const { mode, epoch } = this.authority.now();
    const report = this.lifecycle.report(false);
    for (const each of ['off', 'passive', 'gated', 'active'] as const)
      metrics.gauge('yosugara_manager_mode', 'What the manager of this node may do now.', each === mode, { mode: each });
    metrics.gauge('yosugara_manager_epoch', 'Ownership number that the manager was last told.', epoch);
    metrics.gauge('yosugara_manager_ready', 'The manager is as it is permitted to be.', report.ready);
    metrics.gauge(
      'yosugara_ingest_behind_records',
      'Records that may be consumed and are not stored yet; only where ingest runs.',
      report.ingestBehind,
    );
    const missing = this.lifecycle.missing();
    metrics.gauge(
      'yosugara_ingest_owed_records',
      'Records that the other node may have and could not be asked for; only where ingest runs.',
      missing?.owed,
    );
    metrics.gauge(
      'yosugara_ingest_lost_records',
      'Records received that neither node has any more, noted since this process started; only where ingest runs.',
      missing?.lost.records,
    );
    metrics.counter(
      'yosugara_ingest_refused_rows_total',
      'Rows that the database refused, stored without what was read from their bytes; only where ingest runs.',
      missing?.refused,
    );
  }

  /** Only where the loops run: on the Master. */
  #addOperations(metrics: Metrics): void {
    const stats = this.operations.stats();
    if (stats === null) return;
    const { tasks, running, waiting, ticks, late, skipped, lost, lagP99Ms } = stats.monitors;
    metrics.gauge('yosugara_monitor_tasks', 'Monitors by node that are looked at again and again.', tasks);
    metrics.gauge('yosugara_monitor_running', 'Looks that are under way.', running);
    metrics.gauge('yosugara_monitor_waiting', 'Looks that are due and wait for a place.', waiting);
    const lag = 'From due to begun, 99 of the newest 100.';
    metrics.gauge('yosugara_monitor_lag_p99_seconds', lag, lagP99Ms === null ? null : lagP99Ms / 1_000);
    const seconds = LAG_BOUNDS_MS.map((ms) => ms / 1_000);
    for (const [name, help, { counts, sumMs }] of [
      ['yosugara_monitor_begun_lag_seconds', 'From due to begun.', stats.monitors.begunLag],
      [
        'yosugara_monitor_stored_lag_seconds',
        'From due to stored: the look, its judgement and the commit.',
        stats.monitors.storedLag,
      ],
    ] as const)
      metrics.histogram(name, help, seconds, counts, sumMs / 1_000);
    metrics.counter('yosugara_monitor_ticks_total', 'Looks that were made and stored.', ticks);
    metrics.counter('yosugara_monitor_late_total', 'Of these, begun more than a second late.', late);
    metrics.counter('yosugara_monitor_skipped_total', 'Looks that were due and that nobody made.', skipped);
    metrics.counter('yosugara_internal_results_lost_total', 'Results of ourselves that nobody is told of.', lost);
    if (stats.outbox === null) return;
    metrics.gauge('yosugara_outbox_waiting', 'What waits to leave the cluster.', stats.outbox.waiting);
    metrics.gauge('yosugara_outbox_escalations', 'Escalations that are under way.', stats.outbox.escalations);
    const { oldestAtMs } = stats.outbox;
    metrics.gauge(
      'yosugara_outbox_oldest_time_seconds',
      'Since when the oldest one waits that is due.',
      oldestAtMs === null ? null : oldestAtMs / 1_000,
    );
  }

  #addIngest(metrics: Metrics): void {
    metrics.gauge(
      'yosugara_ingest_counting_start_time_seconds',
      'When the counters of ingest below began: this process started.',
      this.counted.sinceMs / 1_000,
    );
    for (const { source, node, received, matched, unpaired } of this.counted.list()) {
      const labels = { source, node };
      const add = (name: `yosugara_ingest_${string}_total`, help: string, value: number) =>
        metrics.counter(name, help, value, labels);
      add('yosugara_ingest_received_total', 'Records consumed that this node received.', received);
      add('yosugara_ingest_matched_total', 'Of these, records whose copy came to the other node.', matched);
      add(
        'yosugara_ingest_unpaired_total',
        'Of these, records that are never compared: floating address, single delivery.',
        unpaired,
      );
    }
  }
}

function addReceiver(metrics: Metrics, report: ReceiverReport): void {
  metrics.gauge(
    'yosugara_receiver_start_time_seconds',
    'When the receiver started, and with it its counters.',
    seconds(report.since),
  );
  metrics.counter('yosugara_receiver_received_total', 'Records journaled.', report.received);
  metrics.gauge('yosugara_receiver_journal_bytes', 'Size of the own journal and the copy of the other one.', report.journalBytes);
  metrics.gauge('yosugara_receiver_behind_peer_records', 'Records that are on this disk only.', report.behindPeer);
  metrics.gauge('yosugara_receiver_peer_link_up', 'The other receiver takes the copy.', report.peerLink === 'up');
  const notTaken = 'Records that the journal did not take: at its bound, or the disk too slow.';
  metrics.counter('yosugara_receiver_journal_refused_total', notTaken, report.refusedFull, { reason: 'full' });
  metrics.counter('yosugara_receiver_journal_refused_total', notTaken, report.refusedBacklog, { reason: 'backlog' });
  for (const [reason, times] of Object.entries(report.refused ?? {}))
    metrics.counter('yosugara_receiver_refused_total', 'Refused, of all sources, by reason.', times, { reason });
  for (const listener of report.listeners ?? []) {
    const { protocol, address, port, listener: whose } = listener;
    const labels = { protocol, address, port, listener: whose };
    const received = 'Messages that came to a listener since it was opened.';
    metrics.counter('yosugara_receiver_listener_received_total', received, listener.received, labels);
    const drops = 'Datagrams that the kernel dropped since the buffer of a listener was full.';
    metrics.counter('yosugara_receiver_kernel_drops_total', drops, listener.kernelDrops, labels);
    metrics.gauge('yosugara_receiver_connections', 'Connections that are open.', listener.connections, labels);
  }
  for (const { address: source, received, slowed, cut, refused } of report.sources ?? []) {
    const taken = 'Messages taken of a source; of those of which most was refused and those that sent most.';
    metrics.counter('yosugara_receiver_source_received_total', taken, received, { source });
    metrics.counter('yosugara_receiver_source_slowed_total', 'How often a stream of it was not read for a while.', slowed, {
      source,
    });
    metrics.counter('yosugara_receiver_source_cut_total', 'Messages of it that were not taken whole.', cut, { source });
    for (const [reason, times] of Object.entries(refused))
      metrics.counter('yosugara_receiver_source_refused_total', 'Refused of it, by reason.', times, { source, reason });
  }
}
