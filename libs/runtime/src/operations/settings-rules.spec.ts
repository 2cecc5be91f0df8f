import type { PatternPort } from '@yosugara/operations';
import { describe, expect, it } from 'vitest';
import type { MessageToStore } from '../ingest/ports.js';
import { readSettings, SettingsSnapshot } from '../settings/snapshot.js';
import { SettingsTimes } from '../settings/times.js';
import { Memories } from './memories.js';
import { operate } from './operate.js';
import { SettingsRules } from './settings-rules.js';

const NOON_MS = Date.UTC(2026, 10, 21, 12);
/** Everything matches. */
const patterns: PatternPort = {
  compile: (specs) => ({
    match: () => specs.map((_, at) => at),
    problems: [],
    at: () => ({ test: () => true, groups: () => ({}) }),
  }),
};
const setting = (kind: 'node' | 'scope' | 'monitor' | 'maintenance', id: string, body: object) => ({
  ...{ kind, id, revision: 1, description: '', enabled: true, ownerRole: 'ALL_USERS', body },
});
const line = (atMs: number): MessageToStore => ({
  ...{ journalId: 'j', seq: 1, node: 'a', receivedAtUs: atMs * 1_000, kind: 'syslog', source: '10.0.0.1', flags: 0 },
  ...{ raw: new Uint8Array(), content: null, seenBy: ['a'], facility: 4, severity: 4, host: 'web1', app: 'sshd' },
  ...{ procId: null, msgId: null, sentAtUs: null, structured: null, varbinds: null, reason: null, text: 'failed' },
});

function rulesWith(suppresses: 'monitoring' | 'notifications'): SettingsRules {
  const snapshot = new SettingsSnapshot();
  const when = { kind: 'once', from: '2026-11-21T12:00', to: '2026-11-21T13:00' };
  const all = [
    setting('scope', 'rack7', { name: 'Rack 7' }),
    setting('node', 'web1', { name: 'web1', addresses: ['10.0.0.1'], scopes: ['rack7'] }),
    setting('monitor', 'log', { type: 'syslog', facility: 'rack7', rules: [{ pattern: '.*', priority: 'info' }] }),
    setting('monitor', 'count', {
      type: 'log-count',
      facility: 'web1',
      check: { of: 'log' },
      numeric: { info: [0, 1], warning: [1, 2] },
    }),
    setting('maintenance', 'patches', { facilities: ['rack7'], timeZone: 'UTC', when, suppresses, reason: 'updates' }),
  ];
  snapshot.apply(readSettings(all), [], { version: 1, epoch: 1 });
  expect(snapshot.unreadable).toEqual([]);
  return new SettingsRules({ snapshot, times: new SettingsTimes(snapshot), patterns, probed: new Set(['log-count']) });
}

describe('a maintenance window', () => {
  it.each([
    ['monitoring', NOON_MS - 1, false],
    ['monitoring', NOON_MS, true],
    ['monitoring', NOON_MS + 3_600_000, false],
    ['notifications', NOON_MS, false],
  ] as const)('that suppresses %s keeps monitors from looking below its scope, at %d: %s', (suppresses, atMs, is) => {
    const rules = rulesWith(suppresses);
    expect([rules.isOutOfWatch('web1', atMs), rules.isOutOfWatch('elsewhere', atMs)]).toEqual([is, false]);
    // Lines are seen, and neither judged nor counted there.
    const samples = rules.samplesOf(line(atMs));
    expect(samples.map(({ monitor, facility }) => [monitor, facility])).toEqual([['log', 'web1']]);
    expect(samples.map((sample) => rules.judge(sample, null) === null)).toEqual([is]);
    const counted = samples.flatMap((sample) => rules.countedIn(sample, line(atMs)));
    expect(counted.map(({ monitor, facility, of }) => [monitor, facility, of])).toEqual([['count', 'web1', 'log']]);
    const { monitorMemory } = operate(rules, { samples }, new Memories({ monitors: [], notifications: [] }), atMs);
    expect(monitorMemory.map(({ facility }) => facility)).toEqual(is ? [] : ['web1/lines']);
  });
});

it('a log-count is looked at as any other', () =>
  expect([...rulesWith('monitoring').tasks()].map(({ monitor, type, facility }) => [monitor, type, facility])).toEqual([
    ['count', 'log-count', 'web1'],
  ]));
