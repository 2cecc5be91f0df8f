import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { Marked } from 'marked';
import type { Plugin } from 'vite';

/** Pages of docs that the console brings along: at night there may be no outside world, and a manager that shows an alarm shows what to do. */
const DOCS = join(import.meta.dirname, '../../docs');

const STYLE = `:root{color-scheme:light dark;font:16px/1.6 system-ui,sans-serif}
body{max-width:60rem;margin:2rem auto;padding:0 1rem}
nav{display:flex;gap:1rem;justify-content:space-between;border-bottom:1px solid #8884;padding-bottom:.5rem}
h1{line-height:1.25}h2{margin-top:2rem}
pre{overflow:auto;padding:.75rem;border-radius:.4rem;background:#8882}code{font:0.9em/1.5 ui-monospace,monospace}
table{border-collapse:collapse;display:block;overflow:auto}td,th{border:1px solid #8886;padding:.35rem .6rem;text-align:left;vertical-align:top}
a{color:light-dark(#0b5cad,#7ab7ff)}
`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** As forges name headings, so that links that work there work here. */
const slugOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/<[^>]*>|&[a-z]+;/g, '')
    .replace(/[^\p{L}\p{M}\p{N}_ -]/gu, '')
    .trim()
    .replaceAll(' ', '-');

/** Below docs: the page of it. Elsewhere in the sources: nothing, the console has no such page. */
function addressOf(href: string, file: string, pages: ReadonlySet<string>): string | null {
  if (/^[a-z]+:/.test(href) || href.startsWith('#')) return href;
  const [path = '', anchor] = href.split('#');
  const to = posix.normalize(posix.join(posix.dirname(file), path));
  return pages.has(to) ? `${path.replace(/\.md$/, '.html')}${anchor === undefined ? '' : `#${anchor}`}` : null;
}

/** One page of Markdown as one of HTML, without a script. @param file below docs, such as ja/runbooks/NO_MASTER.md */
export function pageOf(file: string, markdown: string, pages: ReadonlySet<string>): string {
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth }) {
        const inside = this.parser.parseInline(tokens);
        return `<h${depth} id="${escaped(slugOf(inside))}">${inside}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        const inside = this.parser.parseInline(tokens);
        const to = addressOf(href, file, pages);
        return to === null ? inside : `<a href="${escaped(to)}">${inside}</a>`;
      },
    },
  });
  const language = file.startsWith('ja/') ? 'ja' : 'en';
  const title = /^# (.*)$/m.exec(markdown)?.[1] ?? file;
  const up = posix.relative(posix.dirname(file), '.') || '.';
  const other = language === 'ja' ? file.replace(/^ja\//, '') : `ja/${file}`;
  const translated = pages.has(other)
    ? `<a href="${up}/${other.replace(/\.md$/, '.html')}" lang="${language === 'ja' ? 'en' : 'ja'}">${language === 'ja' ? 'English' : '日本語'}</a>`
    : '';
  const home = `${up}/${language === 'ja' ? 'ja/' : ''}runbooks/README.html`;
  return `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(title)}</title><link rel="stylesheet" href="${up}/docs.css"></head>
<body><nav><a href="${home}">${language === 'ja' ? '手順書' : 'Runbooks'}</a>${translated}</nav><main>
${marked.parse(markdown, { async: false })}</main></body>
</html>
`;
}

/** Puts the pages below docs/ of the bundle, where the manager serves them as any other file, to whoever asks: nothing in them is secret. */
export const docsPages: Plugin = {
  name: 'yosugara:docs',
  apply: 'build',
  generateBundle() {
    const files = readdirSync(DOCS, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
    const pages = new Set(files);
    for (const file of files) {
      const source = pageOf(file, readFileSync(join(DOCS, file), 'utf8'), pages);
      this.emitFile({
        type: 'asset',
        fileName: join('docs', dirname(file), file.replace(/^.*\//, '').replace(/\.md$/, '.html')),
        source,
      });
    }
    this.emitFile({ type: 'asset', fileName: 'docs/docs.css', source: STYLE });
  },
};
