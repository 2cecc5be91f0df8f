import { existsSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { allPages } from './blocks.js';
import { anchorsOf, linksOf, slugOf } from './links.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const pages = allPages();
const anchors = new Map(pages.map(({ file, text }) => [file, anchorsOf(text)]));

it.each(pages.map((page) => [page.file, page] as const))('every link of %s leads somewhere', (file, { text }) => {
  const lost = linksOf(text).flatMap(({ path, anchor }) => {
    const to = path === '' ? file : normalize(join(dirname(file), path));
    if (!existsSync(join(ROOT, to))) return [`${path}: there is no such file`];
    if (anchor === null || statSync(join(ROOT, to)).isDirectory()) return [];
    return anchors.get(to)?.has(anchor) === false ? [`${path}#${anchor}: there is no such heading`] : [];
  });
  expect(lost).toEqual([]);
});

it('a heading is called as a forge calls it', () => {
  expect(slugOf('Refused beforehand (exit code 11)')).toBe('refused-beforehand-exit-code-11');
  expect(slugOf('What `recover` does: in order')).toBe('what-recover-does-in-order');
  expect(slugOf('最初の 1 分')).toBe('最初の-1-分');
});
