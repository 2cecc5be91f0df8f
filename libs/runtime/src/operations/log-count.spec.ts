import { epoch, SILENT_LOG } from '@yosugara/kernel';
import type { PatternPort } from '@yosugara/operations';
import { afterEach, expect, it } from 'vitest';
import type { MessageToStore } from '../ingest/ports.js';
import { until } from '../ingest/testing/memory.js';
import { readSettings, SettingsSnapshot } from '../settings/snapshot.js';
import { SettingsTimes } from '../settings/times.js';
import { derivedProbe } from './derived-probe.js';
import { type LineOperator, lineOperations } from './lines.js';
import { MonitorLoop } from './monitor-loop.js';
import { SettingsRules } from './settings-rules.js';
import { MemoryStore } from './testing/operations.js';

const loops: MonitorLoop[] = [];
afterEach(async () => {
  for (const loop of loops.splice(0)) await loop.stop();
});

/** A minute is over in 0.6 s. */
const HASTE = 100;
const beganMs = performance.now();
const wallMs = () => Date.UTC(2026, 10, 21, 12) + Math.round((performance.now() - beganMs) * HASTE);
const clock = { monotonicMs: () => performance.now(), wallMs };
/** Everything matches. */
const patterns: PatternPort = {
  compile: (specs) => ({
    match: () => specs.map((_, at) => at),
    problems: [],
    at: () => ({ test: () => true, groups: () => ({}) }),
  }),
};

const snapshot = new SettingsSnapshot();
const setting = (kind: 'node' | 'monitor', id: string, body: object) => ({
  ...{ kind, id, revision: 1, description: '', enabled: true, ownerRole: 'ALL_USERS', body },
});
snapshot.apply(
  readSettings([
    setting('node', 'web1', { name: 'web1', addresses: ['10.0.0.1'] }),
    setting('monitor', 'log', { type: 'syslog', facility: 'web1', rules: [{ pattern: '.*', priority: 'info' }] }),
    setting('monitor', 'count', {
      ...{ type: 'log-count', facility: 'web1', intervalS: 10, collect: true },
      check: { of: 'log', words: ['failed'], groupBy: 'app' },
      numeric: { info: [0, 50], warning: [50, 90] },
    }),
  ]),
  [],
  { version: 1, epoch: 1 },
);

const row = (seq: number): MessageToStore => ({
  ...{ journalId: 'j', seq, node: 'a', receivedAtUs: wallMs() * 1_000, kind: 'syslog', source: '10.0.0.1', flags: 0 },
  ...{ raw: new Uint8Array(), content: null, seenBy: ['a'], facility: 4, severity: 4, host: 'web1', app: `app${seq % 3}` },
  ...{ procId: null, msgId: null, sentAtUs: null, structured: null, varbinds: null, reason: null },
  text: seq % 10 === 0 ? 'accepted' : 'failed',
});

/** The manager of one node: what it stores of lines and of looks goes into the same database. */
function serve(store: MemoryStore, era: number) {
  const rules = new SettingsRules({
    ...{ snapshot, times: new SettingsTimes(snapshot), patterns, probed: new Set(['log-count']) },
  });
  const probe = derivedProbe({
    newest: () => null,
    series: async () => [],
    lines: async ({ monitor, facility, of }) => store.monitors.get(`${monitor} ${facility}/lines ${of}`)?.state ?? null,
  });
  const loop = new MonitorLoop({
    ...{ store, ready: async () => undefined, rules: () => rules, probes: [probe], clock, log: SILENT_LOG },
    permit: () => ({ epoch: epoch(era), leaseUntilMs: Number.POSITIVE_INFINITY }),
  });
  loops.push(loop);
  loop.start();
  return { loop, lines: lineOperations({ store, ready: async () => undefined, rules: () => rules, clock }) };
}

it('each line is in one value of its log-count, whoever was refused, lost his answer or took over in between', async () => {
  const store = new MemoryStore();
  // Of looks: some are refused, of some nobody hears that they were stored.
  const moods = ['store', 'refuse', 'store', 'store and lose the answer', 'store'] as const;
  store.next = Array.from({ length: 200 }, (_, at) => moods[at % moods.length]!);
  let owner = serve(store, 1);
  let operator: LineOperator | null = null;
  let sent = 0;
  for (let batch = 0; batch < 60; batch++) {
    if (batch === 30) {
      await owner.loop.stop();
      [owner, operator] = [serve(store, 2), null];
    }
    operator ??= await owner.lines.begin();
    const rows = Array.from({ length: 7 }, (_, at) => row(sent + at));
    const made = operator.operate(rows)!;
    // Every fifth transaction of lines is refused: they come again, to whoever reads the memories anew.
    if (batch % 5 === 4) {
      operator = null;
      continue;
    }
    for (const memory of made.monitorMemory) store.monitors.set(`${memory.monitor} ${memory.facility} ${memory.item}`, memory);
    sent += rows.length;
    if (batch % 7 === 3) operator = null;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const ticks = () => new Set(store.collected.map(({ atMs }) => atMs)).size;
  const before = ticks();
  await until(() => ticks() > before + 2);
  const wanted = new Map<string, number>();
  for (let seq = 0; seq < sent; seq++) if (seq % 10 !== 0) wanted.set(`app${seq % 3}`, (wanted.get(`app${seq % 3}`) ?? 0) + 1);
  const counted = new Map<string, number>();
  for (const { item, value } of store.collected) counted.set(item, (counted.get(item) ?? 0) + (value ?? 0));
  expect(counted).toEqual(wanted);
  expect(before).toBeGreaterThan(3);
  expect(store.loads).toBeGreaterThan(3);
});
