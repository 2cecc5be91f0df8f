import type { Capacity, CapacityRow } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { bar } from './output/bar.js';
import { CommandLine } from './testing/command-line.js';
import { managers } from './testing/managers.js';

const cli = new CommandLine();
const { yosugara } = cli;

const row = (change: Partial<CapacityRow> = {}): CapacityRow => ({
  ...{ resource: 'disk', what: 'a volume', node: 'a', item: 'data', unit: 'bytes', used: 60 * 2 ** 30, limit: 100 * 2 ** 30 },
  ...{
    share: 0.6,
    peak: 61 * 2 ** 30,
    perDay: 2 * 2 ** 30,
    level: 'ok',
    series: 3,
    points: [],
    advice: 'keep less',
    manual: 'docs/capacity.md#disk',
  },
  full: { kind: 'never', at: null, earliest: null, latest: null, confidence: null, seconds: 7_200, says: 'never at this rate' },
  ...change,
});
const soon = row({
  level: 'warning',
  item: 'data\u001b[2J',
  full: {
    ...{ kind: 'full', at: '2026-12-04T03:10:00.000Z', earliest: '2026-12-01T00:00:00.000Z', latest: null },
    ...{ confidence: 'medium', seconds: 172_800, says: 'in 12 days' },
  },
});
const view = (...rows: readonly CapacityRow[]): Capacity => ({
  ...{ node: 'b', at: '2026-11-22T04:00:00.000Z', everySeconds: 60, rows: [...rows] },
});

describe('yosugara capacity', () => {
  it('draws how full each is, says when it is full, how sure that is and what to change, and commands no terminal', async () => {
    await managers(cli, 98, () => [
      200,
      view(soon, row({ node: 'b' }), row({ resource: 'wal', item: '', limit: null, share: null })),
    ]);
    expect(await yosugara('capacity')).toBe(3);
    expect(cli.out).toMatch(
      /a: disk data\\x1b\[2J +███████▎···· +60 % +60 GiB of 100 GiB +\+2 GiB +2026-12-04 03:10 \(in 12 days\) +medium/,
    );
    expect(cli.out).toMatch(/b: disk data .* never at this rate/);
    expect(cli.out).toContain('a: disk data\\x1b[2J: keep less (docs/capacity.md#disk)');
    expect(cli.out).not.toContain('a: wal');
  });
  it('shows with --all what has no limit of its own', async () => {
    await managers(cli, 98, () => [200, view(row({ resource: 'wal', item: '', limit: null, share: null }))]);
    expect(await yosugara('capacity', '--all')).toBe(0);
    expect(cli.out).toMatch(/a: wal +60 GiB +\+2 GiB/);
  });
  it('prints one document for programs', async () => {
    await managers(cli, 98, () => [200, view(soon)]);
    expect(await yosugara('capacity', '--json')).toBe(3);
    expect(JSON.parse(cli.out)).toEqual(view(soon));
  });
  it('says so when nothing was measured yet', async () => {
    await managers(cli, 98, () => [200, view()]);
    expect(await yosugara('capacity')).toBe(0);
    expect(cli.out).toContain('nothing was measured yet');
  });
  it.each([
    [0, '····'],
    [0.5, '██··'],
    [0.53, '██▏·'],
    [1, '████'],
    [7, '████'],
  ])('draws %d as %s', (share, drawn) => expect(bar(share, 4)).toBe(drawn));
});
