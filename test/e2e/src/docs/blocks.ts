import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

/** One fenced block of a page, as it stands there. */
export interface Block {
  readonly file: string;
  /** Of its first line of text. */
  readonly line: number;
  /** The first word after the fence; '' = none. */
  readonly language: string;
  /** The other words. */
  readonly tags: readonly string[];
  readonly text: string;
}

export interface Page {
  readonly file: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** In a list a fence is indented, and its text by as much. */
export function blocksOf(file: string, text: string): readonly Block[] {
  const found: Block[] = [];
  let open: { readonly indent: string; readonly fence: string; readonly info: string; readonly line: number } | null = null;
  let inside: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const [, indent = '', fence, info = ''] = /^( *)(`{3,})(.*)$/.exec(line) ?? [];
    if (open === null) {
      if (fence !== undefined) open = { indent, fence, info: info.trim(), line: index + 2 };
      inside = [];
    } else if (fence !== undefined && fence.length >= open.fence.length && info.trim() === '') {
      const [language = '', ...tags] = open.info.split(/\s+/);
      found.push({ file, line: open.line, language, tags, text: inside.join('\n') });
      open = null;
    } else inside.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line.trimStart());
  }
  if (open !== null) throw new Error(`${file}:${open.line - 1}: a block begins and does not end`);
  return found;
}

/** README, CONTRIBUTING and everything below docs. The change log tells of the past, where commands were others. */
export function allPages(root: string = ROOT): readonly Page[] {
  const below = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  return ['README.md', 'CONTRIBUTING.md', ...below.map((name) => `docs/${name}`).sort()].map((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return { file, text, blocks: blocksOf(file, text) };
  });
}

export const at = ({ file, line }: Pick<Block, 'file' | 'line'>): string => `${file}:${line}`;
