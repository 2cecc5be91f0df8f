const after = (...jobs: readonly string[]) => when(...jobs.map((job) => [job, 'normal'] as const));
const when = (...ends: readonly (readonly [string, string])[]) => ({
  wait: { groups: [{ conditions: ends.map(([job, status]) => ({ kind: 'end-status', job, status: [status] })) }] },
});
const command = (id: string, name: string, more: object = {}, text = 'true') => ({
  ...{ type: 'command', id, name, facility: 'batch1', command: text },
  ...more,
});

/** A night's work with all that a graph has: layers, exclusive branches, a jobnet in it, an approval, a queue, something held. */
const NIGHT = {
  name: 'Nightly batch',
  timeZone: 'Asia/Tokyo',
  variables: { BRANCH: '7' },
  jobs: [
    command('collect', 'Collect slips', {}, 'collect --all'),
    command(
      'check',
      'Check totals',
      { ...after('collect'), exclusive: { order: ['load', 'repair'], others: { status: 'normal', value: 0 } } },
      'fail-2',
    ),
    {
      type: 'jobnet',
      id: 'load',
      name: 'Load into the ledger',
      ...after('check'),
      jobs: [
        command('split', 'Split by branch'),
        command('load-east', 'East', { ...after('split'), queue: 'loaders' }, 'sleep'),
        command('load-west', 'West', { ...after('split'), queue: 'loaders' }, 'sleep'),
        command('index', 'Index', after('load-east', 'load-west')),
      ],
    },
    command('repair', 'Repair totals', when(['check', 'abnormal'])),
    {
      type: 'approval',
      id: 'release',
      name: 'Release',
      role: 'admin',
      sentence: 'Release the ledger of branch #[BRANCH] for today?',
      ...after('collect'),
    },
    command('publish', 'Publish', { ...after('release', 'load') }),
    command('backup', 'Back up', { ...after('collect'), hold: true }),
    command('cleanup', 'Clean up'),
    { type: 'file-check', id: 'arrived', name: 'Rates arrived', facility: 'batch1', file: { directory: '/in', name: 'rates.*' } },
    { type: 'link-receive', id: 'hq', name: 'Word of headquarters', messageId: 'hq-done', ...after('collect') },
  ],
};
const WORKED = { ...NIGHT, jobs: NIGHT.jobs.map((job) => (job.id === 'check' ? { ...job, command: 'true' } : job)) };

export const SETTINGS: readonly (readonly [kind: string, id: string, body: object])[] = [
  ['node', 'batch1', { name: 'batch1', addresses: ['10.0.0.1'] }],
  ['job-queue', 'loaders', { concurrency: 1, capacity: 20 }],
  ['job-unit', 'night', WORKED],
  ['job-unit', 'broken', NIGHT],
  ['job-unit', 'report', { name: 'Hourly report', timeZone: 'Asia/Tokyo', jobs: [command('report', 'Report')] }],
  [
    'job-trigger',
    'nightly',
    { type: 'schedule', unit: 'night', timeZone: 'Asia/Tokyo', schedule: { kind: 'cron', expression: '30 2 * * *' } },
  ],
  [
    'job-trigger',
    'hourly',
    { type: 'schedule', unit: 'report', timeZone: 'Asia/Tokyo', schedule: { kind: 'hourly', fromMinute: 5, everyMinutes: 30 } },
  ],
  [
    'job-trigger',
    'by-hand',
    { type: 'manual', unit: 'night', parameters: { BRANCH: { kind: 'input', required: true, value: '7' } } },
  ],
];

/** What commands do: `sleep` goes on, `fail-N` returns N. */
export const aCommand = ({ command: text }: { readonly command: string }) => {
  if (text === 'sleep') return null;
  const code = Number(/^fail-(\d+)$/.exec(text)?.[1] ?? 0);
  return { code, stdout: `ran ${text}\n12 slips, 3 branches\n` };
};
