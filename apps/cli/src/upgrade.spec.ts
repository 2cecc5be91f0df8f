import type { Status, UpgradeState } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { upgradeCheck } from './commands/upgrade.js';
import { CommandLine, shows } from './testing/command-line.js';
import { wholeCluster } from './testing/statuses.js';

const NEW = '2.0.0';
const upgrade = (versions: { a?: string; b?: string; w?: string }, change: Partial<UpgradeState> = {}): UpgradeState => ({
  ...{ level: 1, common: 1, state: 'rolling', next: 'what the controllers say' },
  members: (['a', 'b', 'w'] as const).map((name) => ({
    ...{ name, kind: name === 'w' ? ('witness' as const) : ('data' as const), heard: true },
    version: versions[name] ?? '1.0.0',
    speaks: { from: 1, through: versions[name] === NEW ? 2 : 1 },
  })),
  ...change,
});
const with_ = (versions: Parameters<typeof upgrade>[0], more: Partial<Status> = {}) =>
  upgradeCheck(wholeCluster({ upgrade: upgrade(versions), ...more }), NEW);

describe('what an upgrade does next', () => {
  it.each([
    [{}, 'install 2.0.0 on b, the Standby'],
    [{ b: NEW }, 'install 2.0.0 on w, the arbiter'],
    [{ b: NEW, w: NEW }, '`yosugara switchover`: the Master is of the other version'],
    [{ a: NEW, w: NEW }, 'install 2.0.0 on b, which was the Master'],
    [{ a: NEW, b: NEW, w: NEW }, 'what the controllers say'],
  ])('%j', (versions, next) => expect(with_(versions)).toEqual({ ok: true, problems: [], next }));
  it('is nothing while a node is out, a recover runs or the cluster is paused', () => {
    const out = upgradeCheck(wholeCluster({ upgrade: upgrade({ b: NEW }) }, { syncSet: false, why: 'catching up' }), NEW);
    expect(out).toMatchObject({ ok: false, problems: ['b is not in the sync set: catching up'], next: 'mend that first' });
    expect(with_({}, { pause: { until: '2026-11-22T12:00:00Z', why: 'x' } }).problems).toEqual([
      'the cluster is paused until 2026-11-22T12:00:00Z',
    ]);
    expect(with_({}, { master: null }).ok).toBe(false);
  });
  it('begins with the Standby where no controller knows of levels yet', () => {
    expect(upgradeCheck(wholeCluster(), NEW).next).toBe('install 2.0.0 on b, the Standby');
  });
});

describe('the verbs', () => {
  const cli = new CommandLine();
  const { controller, yosugara } = cli;
  it('tell versions and levels', async () => {
    await controller('a', shows(wholeCluster({ upgrade: upgrade({ b: NEW }) }), ''));
    expect(await yosugara('upgrade', 'status')).toBe(0);
    expect(cli.out).toMatch(/b +data +2\.0\.0 +1 to 2/);
    expect(await yosugara('status')).toBe(0);
    expect(cli.out).toContain('Versions: a 1.0.0, b 2.0.0, w 1.0.0 (level 1): what the controllers say');
  });
  it('say which step comes next, and 3 where something is in the way', async () => {
    await controller('a', shows(wholeCluster({ upgrade: upgrade({}) }, { syncSet: false, why: 'starting' }), ''));
    expect(await yosugara('upgrade', 'check', '--json')).toBe(3);
    expect(JSON.parse(cli.out)).toMatchObject({ ok: false, next: 'mend that first' });
  });
  it('finish, or say why not', async () => {
    await controller('a', shows(wholeCluster(), 'the cluster is at level 2'));
    expect(await yosugara('upgrade', 'finish')).toBe(0);
    expect(cli.out).toBe('the cluster is at level 2\n');
    expect(cli.asked).toMatchObject([{ method: 'finishUpgrade' }]);
  });
});
