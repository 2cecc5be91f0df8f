import type { EventRow } from '@yosugara/protocol';

const AT = '2026-11-21T09:00:00.000Z';

export const anEvent = (number: number, change: Partial<EventRow> = {}): EventRow => ({
  ...{ number, id: `result-${number}/all`, at: AT, storedAt: AT, lastAt: AT, priority: 'critical', state: 'unconfirmed' },
  ...{ facility: 'web1', scope: 'Tokyo>Web>', sender: null, monitor: 'http', plugin: 'http-numeric', trigger: 'value' },
  ...{ notification: 'all', item: '', sub: '', application: '', message: `event ${number}`, why: 'first', before: null },
  ...{ folded: 0, owner: null, comment: null, changedAt: null, changedBy: null },
  ...change,
});
