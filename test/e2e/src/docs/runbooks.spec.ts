import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WATCHES } from '@yosugara/operations';
import { ALARM_CODES, RUNBOOK_LANGUAGES, type RunbookLanguage, runbookAddress, runbookPath } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { allPages } from './blocks.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const CODES: readonly string[] = [...ALARM_CODES, ...WATCHES.map(({ id }) => id)];
const HEADINGS: Readonly<Record<RunbookLanguage, readonly string[]>> = {
  en: ['How bad it is', 'What it means', 'What you see', 'What to do', 'It is over when', 'Call for help when', 'Background'],
  ja: ['深刻さ', '意味', '見え方', '対処', '終了の確認', '連絡が必要なとき', '背景'],
};
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

describe.each(RUNBOOK_LANGUAGES)('runbooks, %s', (language) => {
  it.each(CODES)('%s has a page that says what it is, how bad, what to do, and when it is over', (code) => {
    const text = read(runbookPath(code, language));
    expect(text).toMatch(new RegExp(`^# ${code}: \\S`));
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual(HEADINGS[language]);
    const parts = text.split(/^## .*$/m).slice(1);
    for (const part of parts) expect(part.trim().length).toBeGreaterThan(5);
    expect(parts[3]).toMatch(/^1\. \S/m);
  });
  it('are all of something that there is', () => {
    const folder = runbookPath('', language).replace(/\.md$/, '');
    const pages = allPages().map(({ file }) => file);
    const there = pages.filter((file) => file.startsWith(folder)).map((file) => file.slice(folder.length, -'.md'.length));
    expect(there.filter((code) => code !== 'README' && !CODES.includes(code))).toEqual([]);
  });
  it('are all in the list, with their titles', () => {
    const list = read(runbookPath('README', language));
    for (const code of CODES) {
      const [, title = ''] = /^# [\w-]+: (.*)$/m.exec(read(runbookPath(code, language))) ?? [];
      expect(list, code).toContain(`| [${code}](${code}.md) | ${title} |`);
    }
  });
  it('take the same steps in both languages', () => {
    const stepsOf = (text: string) => [...text.matchAll(/^ {3}(?!```)(\S.*)$/gm)].map(([, command]) => command);
    for (const code of CODES) expect(stepsOf(read(runbookPath(code, language))), code).toEqual(stepsOf(read(runbookPath(code))));
  });
});

it('a page is served under the address that its place in the sources has', () => {
  expect(runbookAddress(runbookPath('NO_MASTER'))).toBe('/docs/runbooks/NO_MASTER.html');
  expect(runbookAddress(runbookPath('NO_MASTER'), 'ja')).toBe('/docs/ja/runbooks/NO_MASTER.html');
});
