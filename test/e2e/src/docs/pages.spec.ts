import { posix } from 'node:path';
import { expect, it } from 'vitest';
import { pageOf } from '../../../../apps/console/docs-pages.js';
import { allPages } from './blocks.js';

const docs = allPages().flatMap(({ file, text }) =>
  file.startsWith('docs/') ? [[file.slice('docs/'.length), text] as const] : [],
);
const pages = new Set(docs.map(([file]) => file));
const made = new Map(docs.map(([file, text]) => [file.replace(/\.md$/, '.html'), pageOf(file, text, pages)]));

it('every page of docs is one that a manager can serve: no script, and all that it needs from there', () => {
  for (const [file, html] of made) {
    expect(html, file).not.toMatch(/<script|<iframe|\son[a-z]+=/);
    const from = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address!);
    const outside = from.filter((address) => /^(?:src|https?:)/.test(address) && /\.(css|js|png|svg)$/.test(address));
    expect(outside, file).toEqual([]);
  }
});

it('links between them lead to headings that are there', () => {
  const lost: string[] = [];
  for (const [file, html] of made)
    for (const [, path = '', anchor] of html.matchAll(/<a href="(?![a-z]+:)([^"#]*)(?:#([^"]*))?"/g)) {
      const to = path === '' ? file : posix.normalize(posix.join(posix.dirname(file), path));
      const there = made.get(to);
      if (there === undefined || (anchor !== undefined && !there.includes(`id="${anchor}"`)))
        lost.push(`${file}: ${path}#${anchor ?? ''}`);
    }
  expect(lost).toEqual([]);
});

it('a runbook is in the language of its reader, and one click from the other one', () => {
  expect(made.get('ja/runbooks/NO_MASTER.html')).toMatch(
    /<html lang="ja">[\s\S]*<a href="..\/..\/runbooks\/NO_MASTER.html" lang="en">English<\/a>/,
  );
  expect(made.get('runbooks/NO_MASTER.html')).toMatch(
    /<html lang="en">[\s\S]*<a href="..\/ja\/runbooks\/NO_MASTER.html" lang="ja">日本語<\/a>/,
  );
});
