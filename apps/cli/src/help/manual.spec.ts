import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, describe as group, it } from 'vitest';
import { bashCompletion } from '../completion/bash.js';
import { zshCompletion } from '../completion/zsh.js';
import { programOf } from '../program.js';
import { describe, running } from './describe.js';
import { manualOf, roff } from './manual.js';
import { referenceOf } from './reference.js';

const terminal = { out: () => undefined, note: () => undefined, color: false, live: false, columns: 100 };
const tree = describe(programOf({ terminal, env: {}, cwd: '/', stop: new AbortController().signal }).program);
const has = (program: string) => spawnSync(program, ['--version']).error === undefined;
const inProject = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));

group.each([
  ['docs/cli.md', referenceOf(tree)],
  ['docs/man/yosugara.1', manualOf(tree)],
  ['apps/cli/completions/yosugara.bash', bashCompletion(tree)],
  ['apps/cli/completions/_yosugara', zshCompletion(tree)],
])('%s', (path, text) => {
  it('is what the verbs say: YOSUGARA_WRITE_DOCS=1 npx vitest run apps/cli/src/help', () => {
    if (process.env['YOSUGARA_WRITE_DOCS'] === '1') writeFileSync(inProject(path), text);
    expect(readFileSync(inProject(path), 'utf8')).toBe(text);
  });
  it('names every verb', () => {
    const plain = text.replaceAll('\\-', '-');
    for (const { path: words } of running(tree)) expect(plain).toMatch(new RegExp(words.join('[ /]')));
  });
});

group('the manual page', () => {
  it.skipIf(!has('groff'))('is read by groff without a warning', () => {
    const made = spawnSync('groff', ['-man', '-Tutf8', '-Kutf8', '-ww', '-z'], { input: manualOf(tree), encoding: 'utf8' });
    expect([made.status, made.stderr]).toEqual([0, '']);
  });
  it.skipIf(!has('groff'))('shows text as it was written, whatever is in it', () => {
    const odd = `.it's a "trap" \\fBno\\fR ~ ^ \` - end`;
    const shown = spawnSync('groff', ['-man', '-Tutf8', '-Kutf8', '-P-c'], {
      input: `.TH X 1\n.SH NAME\n${roff(odd)}\n`,
      encoding: 'utf8',
    });
    expect(shown.stdout.replace(/\s+/g, ' ')).toContain(odd);
  });
});
