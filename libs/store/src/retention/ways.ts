import type { Retained } from '@yosugara/protocol';
import type { PartitionedTable } from '../partition-spans.js';

/** How old rows of a kind are known, and go. */
export type Way =
  | { readonly by: 'partitions'; readonly table: PartitionedTable; readonly time: string; readonly besides: readonly string[] }
  | {
      readonly by: 'rows';
      /** The one whose rows are counted. */
      readonly table: string;
      readonly key: readonly string[];
      readonly time: string;
      readonly where?: string;
      /** Those that go with it, and those that are as old. */
      readonly besides: readonly string[];
    }
  /** Not by age alone, or by something else. */
  | { readonly by: 'rule'; readonly table: string; readonly time: string | null; readonly besides: readonly string[] };

const EVENT = { by: 'rows', table: 'event', key: ['number'], time: 'at' } as const;

export const WAYS: Readonly<Record<Retained, Way>> = {
  messages: { by: 'partitions', table: 'message', time: 'received_at', besides: ['message_seen_also'] },
  counts: { by: 'rule', table: 'ingest_source_hour', time: 'hour', besides: ['ingest_minute', 'ingest_mark', 'ingest_late'] },
  events: { ...EVENT, besides: ['event_history'] },
  // The same table: what it takes on the disk is told once.
  confirmedEvents: { ...EVENT, where: 'state = 2', besides: [] },
  statuses: { by: 'rule', table: 'status', time: 'at', besides: [] },
  values: { by: 'partitions', table: 'collected', time: 'at', besides: ['series', 'collected_late'] },
  hours: { by: 'partitions', table: 'collected_hour', time: 'at', besides: [] },
  days: { by: 'rows', table: 'collected_day', key: ['series', 'at'], time: 'at', besides: [] },
  months: { by: 'rows', table: 'collected_month', key: ['series', 'at'], time: 'at', besides: [] },
  jobs: { by: 'rule', table: 'job_session', time: 'scheduled_at', besides: ['job_run', 'job_output', 'job_history', 'job_link'] },
  notifications: { by: 'rule', table: 'outbox', time: 'created_at', besides: [] },
  settingHistory: { by: 'rule', table: 'setting_history', time: 'at', besides: [] },
  inventory: {
    ...{ by: 'rows', table: 'inventory_item', key: ['node', 'kind', 'key', 'from_at'], time: 'to_at' },
    besides: ['inventory_node'],
  },
  memory: { by: 'rule', table: 'monitor_memory', time: null, besides: ['notify_memory', 'tick'] },
  audit: { by: 'rule', table: 'audit', time: 'at', besides: [] },
  takeOvers: { by: 'rows', table: 'take_over', key: ['epoch'], time: 'at', besides: ['recover_report', 'clean_up_run'] },
  lag: { by: 'rows', table: 'cluster_lag', key: ['at', 'node'], time: 'at', besides: [] },
};
