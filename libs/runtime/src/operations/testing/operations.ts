import { type Collected, type NotificationSetting, resultId, type Sample } from '@yosugara/operations';
import type { NotificationOf } from '@yosugara/protocol';
import { CommitUnknownError } from '../../ingest/index.js';
import { StaleProgressError } from '../../ingest/ports.js';
import type { MonitorMemory, OperationsBatch, OperationsMemory, OperationsStore, TickDone } from '../ports.js';
import type { LineRules, MonitorTask, ProbeRules } from '../rules.js';

/** The database, in memory; `next` says what happens to the next batches. */
export class MemoryStore implements OperationsStore {
  version = 0;
  readonly events = new Map<string, number>();
  readonly monitors = new Map<string, MonitorMemory>();
  readonly ticks = new Map<string, TickDone>();
  /** Ticks in the order in which they were done. */
  readonly done: TickDone[] = [];
  readonly collected: Collected[] = [];
  batches = 0;
  loads = 0;
  next: ('store' | 'refuse' | 'store and lose the answer' | 'hang')[] = [];

  async loadMemory(): Promise<OperationsMemory> {
    this.loads++;
    return { version: this.version, monitors: [...this.monitors.values()], notifications: [], ticks: [...this.ticks.values()] };
  }

  async storeOperations(batch: OperationsBatch, _epoch: number, version: number): Promise<void> {
    this.batches++;
    const what = this.next.shift() ?? 'store';
    if (what === 'hang') return await new Promise<never>(() => undefined);
    if (what === 'refuse') throw new Error('refused');
    if (version !== this.version) throw new StaleProgressError(version);
    this.version++;
    for (const { told } of batch.events) this.events.set(told.id, (this.events.get(told.id) ?? 0) + 1);
    for (const memory of batch.monitorMemory) this.monitors.set(`${memory.monitor} ${memory.facility} ${memory.item}`, memory);
    for (const tick of batch.ticks) this.ticks.set(`${tick.monitor} ${tick.facility}`, tick);
    this.done.push(...batch.ticks);
    this.collected.push(...batch.collected);
    if (what === 'store and lose the answer') throw new CommitUnknownError('lost');
  }
}

const BODY = {
  ...{
    kind: 'event',
    calendar: null,
    initialCount: 1,
    renotify: { when: 'always' },
    firstDelay: false,
    verbose: false,
    acrossSubs: false,
  },
  priorities: { critical: { state: 'unconfirmed' } },
} as unknown as NotificationOf<'event'>;
export const EVENTS: NotificationSetting = { id: 'events', description: '', enabled: true, body: BODY };

/** Every sample is a critical result, told as an event, and counted in the monitor's memory. */
export const countingRules = (change: Partial<LineRules & ProbeRules> = {}): LineRules & ProbeRules => ({
  version: 1,
  tasks: () => [],
  samplesOf: (row) => [
    {
      ...{ origin: `${row.journalId}:${row.seq}`, monitor: 'lines', facility: 'n1', sender: null, item: '' },
      ...{ atMs: row.receivedAtUs / 1_000, value: { kind: 'text', text: row.text } },
    },
  ],
  judge: (sample: Sample, state) => ({
    state: { count: ((state as { count: number } | null)?.count ?? 0) + 1 },
    results: [
      {
        id: resultId(sample.monitor, sample.facility, sample.item, '', sample.origin),
        ...{
          trigger: 'monitor',
          plugin: 'ping',
          monitor: sample.monitor,
          facility: sample.facility,
          sender: null,
          item: sample.item,
        },
        ...{
          sub: sample.origin,
          priority: 'critical',
          application: '',
          original: '',
          atMs: sample.atMs,
          notifications: ['events'],
        },
        message: sample.value.kind === 'failure' ? sample.value.why : 'seen',
      },
    ],
    collected: [],
  }),
  notification: (id) => (id === 'events' ? EVENTS : null),
  calendarOpen: () => true,
  suppressedBy: () => null,
  event: (told) => ({ told, state: 'unconfirmed', scope: '' }),
  status: (told) => ({ told, scope: '', expiresAtMs: null, expiresTo: null }),
  outbox: () => null,
  ...change,
});

export const taskOf = (facility: string, change: Partial<MonitorTask> = {}): MonitorTask => ({
  ...{ monitor: 'ping', type: 'ping', check: {}, facility, node: {}, intervalMs: 1_000, deadlineMs: 500, calendar: null },
  ...change,
});
