import type { Result, Told } from '@yosugara/operations';
import { EMPTY_BATCH, type EventToStore, type OperationsBatch, type StatusToStore } from '@yosugara/runtime';

export const resultLike = (change: Partial<Result> = {}): Result => ({
  ...{
    id: `log/web1///a-1:${change.atMs ?? 1}`,
    trigger: 'monitor',
    plugin: 'syslog',
    monitor: 'log',
    facility: 'web1',
    sender: null,
    item: '',
  },
  ...{
    sub: '',
    priority: 'critical',
    application: 'web',
    message: 'disk full',
    original: '<13>disk full',
    atMs: Date.UTC(2026, 10, 21),
  },
  notifications: ['events'],
  ...change,
});
export const toldOf = (result: Result, change: Partial<Told> = {}): Told => ({
  ...{ id: `${result.id}/events`, notification: 'events', kind: 'event', result, why: 'first', before: null },
  ...change,
});
export const eventLike = (change: Partial<Result> = {}): EventToStore => ({
  told: toldOf(resultLike(change)),
  state: 'unconfirmed',
  scope: 'Tokyo>web1',
});
export const statusLike = (change: Partial<Result> = {}, more: Partial<StatusToStore> = {}): StatusToStore => ({
  ...{ told: toldOf(resultLike(change), { kind: 'status' }), scope: 'Tokyo>web1', expiresAtMs: null, expiresTo: null },
  ...more,
});
export const batchWith = (change: Partial<OperationsBatch>): OperationsBatch => ({ ...EMPTY_BATCH, ...change });
