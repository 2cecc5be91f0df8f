import type { Told } from '@yosugara/operations';

export const TOLD: Told = {
  ...{ id: 'ping/web1///1000/ops', notification: 'ops', kind: 'mail', why: 'first', before: null },
  result: {
    ...{ id: 'ping/web1///1000', trigger: 'monitor', plugin: 'ping', monitor: 'ping', facility: 'web1', sender: null },
    ...{ item: '', sub: '', priority: 'critical', application: 'network', message: 'no answer', original: '0 of 3' },
    ...{ atMs: 1_763_000_000_000, notifications: ['ops'] },
  },
};

export const within = (deadlineMs: number, signal: AbortSignal = new AbortController().signal) => ({ deadlineMs, signal });
