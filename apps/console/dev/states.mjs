// Pictures of the page Cluster in the states that a night can bring, each in English and light, and in Japanese and dark:
//   node apps/console/dev/states.mjs <folder> [port]
import { onStage } from './stage.mjs';

const later = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString();
const PHASES = ['preflight', 'quiesce', 'decide', 'prepare', 'rewind', 'start', 'join', 'report'];
const report = {
  ...{ version: 1, requestId: 'r1', node: 'b', source: 'a', state: 'done', phase: 'report', detail: 'back in the sync set' },
  ...{
    method: 'rewind',
    why: 'its WAL went past where a left timeline 5',
    startedAt: later(-3),
    endedAt: later(-2),
    totalMs: 64_200,
  },
  ...{ resumed: 1, bytes: 36_700_160, totalBytes: null, setAside: null, archived: 0, tries: [] },
  phases: PHASES.map((phase, index) => ({ phase, ms: 300 * (index + 1) ** 2, entered: index === 4 ? 2 : 1 })),
  discarded: { from: '0/5A3C1F8', to: '0/5C4E000', bytes: 2_170_376, timeline: 5 },
  keptWal: '/var/lib/yosugara/discarded/t5-05A3C1F8-05C4E000',
  journals: { atStart: null, atEnd: null },
  look: ['2.1 MB of WAL were discarded: see whether anything in them matters'],
};
const out = {
  ...{
    role: 'STOPPED',
    syncSet: false,
    needsRecover: true,
    lagBytes: 40_000_000,
    postgres: 'stopped (crashed-primary)',
    lsn: '0/5C4E000',
  },
  why: 'was Master until it was replaced; its WAL went past the fork: run `yosugara recover`',
};
const solo = { role: 'MASTER_SOLO', why: 'serves alone; b is not in the sync set' };
const nobody = (reason) => ({ failsOver: false, to: null, seconds: null, dataLoss: null, reason });
const noFailover = (level, reason) => ({
  level,
  code: 'NO_FAILOVER',
  text: `if the Master died now, nobody would take over: ${reason}`,
});
const lost = { level: 'red', code: 'NO_REDUNDANCY', text: 'b is not in the sync set: was Master until it was replaced' };
const outStatus = (more = {}) => ({
  ifMasterDied: nobody('b is not in the sync set: run `yosugara recover`'),
  alarms: [noFailover('red', 'b is not in the sync set'), lost],
  ...more,
});
const running = (change) => ({
  ...out,
  role: 'REBUILDING',
  recover: {
    ...{ requestId: 'r1', phase: 'rebuild', step: 7, steps: 10, detail: 'copying the tablespace pg_default', fraction: 0.41 },
    ...{
      method: 'basebackup',
      state: 'running',
      bytes: 452_984_832,
      totalBytes: 1_104_150_528,
      bytesPerSecond: 61_341_696,
      etaMs: 10_600,
    },
    ...change,
  },
});
const refusals = [
  { code: 'MAINTENANCE', message: 'b is in maintenance (new disks): end that first, nothing is done to it before' },
  { code: 'DISK_TOO_SMALL', message: 'b has 10 MB free on /var/lib/yosugara and a copy of a needs 90 MB: make room' },
];
const pausedBy = (until) =>
  `paused until ${until} (core switch is replaced): nobody takes over by itself; end the pause or run \`yosugara promote\``;
const reading = (target, by, healthy) => ({
  target,
  by,
  healthy,
  offMs: 2_300,
  ageMs: 31_000,
  says: healthy ? 'level 1: bmc reads on' : 'level 1: bmc: no answer within 20 s',
});

const openDialog = async (page) => {
  await page.getByTestId('recover-button').click();
  await page.getByTestId('recover-plan').waitFor();
};
const STATES = {
  healthy: { over: {} },
  out: { over: { nodes: { a: solo, b: out }, status: outStatus() } },
  plan: { over: { nodes: { a: solo, b: out }, status: outStatus() }, act: openDialog },
  refused: { over: { nodes: { a: solo, b: out }, status: outStatus(), plan: { refusals, phases: [] } }, act: openDialog },
  unknown: {
    over: {
      nodes: { a: solo, b: out },
      status: outStatus(),
      plan: {
        refusals: [
          {
            code: 'AHEAD_UNKNOWN',
            message: 'b is on timeline 9, which no promotion of this cluster made: pass --discard-unknown to give that up',
          },
        ],
        phases: [],
      },
    },
    act: openDialog,
  },
  running: { over: { nodes: { a: solo, b: running() }, status: outStatus() } },
  failed: {
    over: {
      nodes: {
        a: solo,
        b: {
          ...running({ state: 'failed', detail: 'pg_basebackup: no space left on device', etaMs: null, bytesPerSecond: null }),
          role: 'STOPPED',
        },
      },
      status: outStatus(),
    },
  },
  report: {
    over: { nodes: { b: { recoverReport: report } } },
    act: async (page) => await page.getByTestId('recover-report-b').locator('summary').click(),
  },
  switchover: { over: {}, act: async (page) => await page.getByTestId('switchover-button').click() },
  paused: {
    over: {
      status: {
        pause: { until: later(29), why: 'core switch is replaced' },
        ifMasterDied: nobody(pausedBy(later(29))),
        alarms: [noFailover('yellow', pausedBy(later(29))), { level: 'yellow', code: 'PAUSED', text: pausedBy(later(29)) }],
      },
    },
  },
  maintenance: {
    over: {
      nodes: { a: solo, b: { ...out, role: 'MAINTENANCE', why: 'in maintenance: new disks' } },
      status: outStatus({
        maintenance: [{ node: 'b', until: later(75), why: 'new disks' }],
        alarms: [
          noFailover('yellow', 'b is in maintenance'),
          { level: 'yellow', code: 'MAINTENANCE', text: 'b is in maintenance (new disks)' },
        ],
      }),
    },
  },
  fenced: {
    over: {
      nodes: {
        a: solo,
        b: { ...out, role: 'UNKNOWN', reachable: false, why: 'not heard', receiver: null, postgres: 'unknown', deadMan: 'none' },
      },
      status: outStatus({
        fence: [reading('b', 'a', false)],
        stopProofs: ['P1', 'P2'],
        alarms: [
          { level: 'yellow', code: 'RECEIVER_DOWN', text: 'the receiver of b is not heard' },
          noFailover('red', 'b is not in the sync set'),
          { level: 'red', code: 'FENCE_BROKEN', text: 'a cannot cut the power of b: level 1: bmc: no answer within 20 s' },
          { level: 'yellow', code: 'BRAND_NEW', text: 'an alarm that this console has no word for' },
        ],
      }),
    },
  },
};

await onStage(async ({ newPage, login, post, shot }) => {
  const looks = { en: {}, ja: { locale: 'ja-JP', timezoneId: 'Asia/Tokyo', colorScheme: 'dark' } };
  for (const [look, options] of Object.entries(looks))
    for (const [name, { over, act }] of Object.entries(STATES)) {
      const page = await newPage(1280, options);
      await post('/mock/show', over);
      await login(page);
      await act?.(page);
      await page.waitForTimeout(500);
      await shot(page, `${name}-${look}`, true);
      await page.context().close();
    }
});
