import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { allPages, blocksOf } from './blocks.js';
import { pagesToRun, runPage, shows } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'yosu-docs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const page = (...lines: readonly string[]) => {
  const text = lines.join('\n');
  return { file: 'page.md', text, blocks: blocksOf('page.md', text) };
};

it('runs what is marked, in order, with the files that the page shows', async () => {
  const ran = await runPage(
    page(
      ...['```yaml settings file=quick.yaml', 'kind: node', '```', '```sh node', 'exit 1', '```'],
      ...['```sh run', 'cat quick.yaml', '```', '```text output', 'kind: …de', '```', '```sh run exit=any', 'exit 3', '```'],
    ),
    folder,
  );
  expect(ran.map(({ block, ok }) => [block, ok])).toEqual([
    ['page.md:8', true],
    ['page.md:14', true],
  ]);
});

it('stops at the first block that fails: by its exit, by a line in the middle of it, or by what it did not print', async () => {
  const first = async (...lines: readonly string[]) => (await runPage(page(...lines, '```sh run', 'true', '```'), folder))[0];
  expect(await first('```sh run', 'exit 4', '```')).toMatchObject({ ok: false, says: expect.stringContaining('ended with 4') });
  expect(await first('```sh run', 'false', 'true', '```')).toMatchObject({ ok: false });
  const printed = await first('```sh run', 'echo one', '```', '```text output', 'two', '```');
  expect(printed).toMatchObject({ ok: false, says: expect.stringContaining('did not print «two»') });
  expect(await runPage(page('```sh run', 'false', '```', '```sh run', 'true', '```'), folder)).toHaveLength(1);
});

it('finds a line of the page among those that were printed, with … for anything', () => {
  expect(shows('x\nMaster a, epoch 3\n', 'Master a')).toBe(true);
  expect(shows('b would take over within 7.9 s', 'b would … s')).toBe(true);
  expect(shows('over would', 'would over')).toBe(false);
});

it('the quick start, in both languages, and the README are run', () =>
  expect(pagesToRun(allPages()).map(({ file }) => file)).toEqual(['README.md', 'docs/ja/quick-start.md', 'docs/quick-start.md']));
