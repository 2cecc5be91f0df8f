import type { SelfView, SelfWatchView } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { exitOfSelf } from './commands/self.js';
import { CommandLine } from './testing/command-line.js';
import { managers as managersAt } from './testing/managers.js';

const cli = new CommandLine();
const { yosugara } = cli;

const watch = (change: Partial<SelfWatchView> = {}): SelfWatchView => ({
  ...{ watch: 'disk-used', what: 'how full a volume is', unit: 'ratio', item: 'data', value: 0.5, level: 'ok', since: null },
  ...{
    limits: { notice: null, warning: 0.8, critical: 0.9 },
    worse: 'above',
    of: 'own',
    note: '',
    says: null,
    todo: '',
    runbook: '',
  },
  ...change,
});
const view = (...watches: readonly SelfWatchView[]): SelfView => ({
  ...{ node: 'b', at: '2026-11-22T04:00:00.000Z', watches: [...watches], pending: 0 },
});
const full = watch({ level: 'critical', value: 0.93, since: '2026-11-22T03:00:00.000Z', says: 'data is 93 % full\u001b[2J' });
/** The other manager answers as a Standby of before would: not at all. */
const managers = async (answer: SelfView) => await managersAt(cli, 94, () => [200, answer]);

describe('yosugara self', () => {
  it('shows what is not well: value, limits, since when and why, and nothing that would command the terminal', async () => {
    await managers(view(full, watch({ item: 'state' })));
    expect(await yosugara('self')).toBe(3);
    expect(cli.out).toContain('b, 2026-11-22T04:00:00.000Z: 1 of 2 values are well');
    expect(cli.out).toMatch(
      /critical +disk-used data +93 % +warning from 80 %, critical from 90 % +2026-11-22T03:00:00.000Z +data is 93 % full\\x1b\[2J/,
    );
    expect(cli.out).not.toContain('disk-used state');
  });
  it('shows with --all what is well, too', async () => {
    await managers(view(watch({ item: 'state' }), watch({ watch: 'heap', unit: 'bytes', item: '', value: 3 * 2 ** 20 })));
    await yosugara('self', '--all');
    expect(cli.out).toMatch(/ok .* disk-used state/);
    expect(cli.out).toContain('3 MiB');
  });
  it('prints one document for programs, of every node, whether it answered or not', async () => {
    await managers(view(full));
    expect(await yosugara('self', '--json')).toBe(3);
    const { nodes } = JSON.parse(cli.out);
    expect(nodes).toEqual([
      { node: 'a', self: null, why: expect.stringMatching(/./) },
      { node: 'b', self: view(full), why: null },
    ]);
  });
  it('is healthy when all that is watched is, or worth a notice at most', () => {
    const of = (...watches: readonly SelfWatchView[]) =>
      exitOfSelf({ nodes: [{ node: 'a', self: view(...watches), why: null }] });
    expect([of(watch()), of(watch({ level: 'notice' })), of(watch({ level: 'warning' }))]).toEqual([0, 0, 3]);
  });
  it('is unhealthy while a manager does not say how it is, however well the other one is', async () => {
    await managers(view(watch()));
    expect(await yosugara('self')).toBe(3);
    expect(cli.out).toContain('a: no answer');
  });
});
