import { type NotificationBody, NotificationBodySchema } from '@yosugara/protocol';
import type { Result } from '../../monitors/index.js';
import type { NotificationSetting } from '../notify.js';
import type { Told } from '../told.js';

export const RESULT: Result = {
  ...{
    id: 'ping/web1///1000',
    trigger: 'monitor',
    plugin: 'ping',
    monitor: 'ping',
    facility: 'web1',
    sender: null,
    item: '',
    sub: '',
  },
  ...{
    priority: 'critical',
    application: 'network',
    message: 'no answer',
    original: '0 of 3',
    atMs: 1_763_000_000_000,
    notifications: ['n'],
  },
};
export const result = (change: Partial<Result> = {}): Result => ({ ...RESULT, ...change });

/** Every priority is switched on unless it is said otherwise. */
export function notification(body: object = {}, change: Partial<NotificationSetting> = {}): NotificationSetting {
  const all = { critical: {}, unknown: {}, warning: {}, info: {} };
  const parsed: NotificationBody = NotificationBodySchema.parse({ kind: 'status', priorities: all, ...body });
  return { id: 'n', description: 'the ops team', enabled: true, ...change, body: parsed };
}

export function toldOf(change: Partial<Told> = {}): Told {
  const of = change.result ?? RESULT;
  return { id: `${of.id}/n`, notification: 'n', kind: 'mail', result: of, why: 'first', before: null, ...change };
}
