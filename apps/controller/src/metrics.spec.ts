import type { Status } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { metricsText } from './metrics.js';

const node = (name: string, over: object = {}) => ({
  name,
  reachable: true,
  syncSet: true,
  needsRecover: false,
  lagBytes: 0,
  ...over,
});
const status = (over: object = {}) =>
  ({
    master: 'a',
    nodes: [node('a'), node('b', { syncSet: false, needsRecover: true, lagBytes: null })],
    ifMasterDied: { failsOver: false, to: null, seconds: null, dataLoss: null, reason: 'only a holds every commit' },
    alarms: [
      { level: 'red', code: 'NO_FAILOVER', text: 'x' },
      { level: 'red', code: 'NO_REDUNDANCY', text: 'y' },
      { level: 'yellow', code: 'RECEIVER_DOWN', text: 'z' },
    ],
    history: [{ epoch: 4, owner: 'a', from: 'b', at: '2026-01-02T03:04:05.000Z', cause: '', proof: null, timeline: 3 }],
    ...over,
  }) as unknown as Status;
const text = (over: object = {}) => metricsText({ status: status(over), role: 'MASTER_SOLO', epoch: 4, term: 9, serving: true });

describe('the metrics', () => {
  it('say beforehand that nobody would take over, and which alarms are on', () => {
    expect(text()).toContain('\nyosugara_would_fail_over 0\n');
    expect(text()).not.toContain('yosugara_failover_worst_seconds');
    expect(text()).toContain('yosugara_alarms{level="red"} 2\nyosugara_alarms{level="yellow"} 1\n');
    expect(text()).toContain('yosugara_alarm{code="NO_FAILOVER",level="red"} 1\n');
  });

  it('say the worst time of a take-over where there would be one', () => {
    const ifMasterDied = { failsOver: true, to: 'b', seconds: 8.1, dataLoss: 0, reason: '' };
    expect(text({ ifMasterDied })).toContain('yosugara_would_fail_over 1\n');
    expect(text({ ifMasterDied })).toContain('yosugara_failover_worst_seconds 8.1\n');
  });

  it('leave out what is not known, and name each node', () => {
    expect(text()).toContain('yosugara_replication_lag_bytes{node="a"} 0\n');
    expect(text()).not.toContain('yosugara_replication_lag_bytes{node="b"}');
    expect(text()).toContain('yosugara_in_sync_set{node="b"} 0\n');
    expect(text()).toContain('yosugara_last_take_over_timestamp_seconds{owner="a"} 1767323045\n');
  });

  it('are lines of the exposition format, each family once with help and type', () => {
    const lines = text().trimEnd().split('\n');
    for (const line of lines)
      expect(line).toMatch(
        /^(# (HELP|TYPE) yosugara_[a-z_]+ .+|yosugara_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[0-9.]+)$/,
      );
    const types = lines.filter((line) => line.startsWith('# TYPE'));
    expect(new Set(types).size).toBe(types.length);
  });

  it('escape what a label must not hold', () => {
    const nodes = [node('a"\\b')];
    expect(text({ nodes })).toContain('yosugara_reachable{node="a\\"\\\\b"} 1');
  });
});
