import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, describe as group, it } from 'vitest';
import { describe } from '../help/describe.js';
import { programOf } from '../program.js';
import { CommandLine } from '../testing/command-line.js';
import { managers } from '../testing/managers.js';
import { bashCompletion } from './bash.js';
import { zshCompletion } from './zsh.js';

const terminal = { out: () => undefined, note: () => undefined, color: false, live: false, columns: 100 };
const tree = describe(programOf({ terminal, env: {}, cwd: '/', stop: new AbortController().signal }).program);
const has = (program: string) => spawnSync(program, ['--version']).error === undefined;

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'yosu-complete-'));
  writeFileSync(join(dir, 'bash'), bashCompletion(tree));
  writeFileSync(join(dir, 'zsh'), zshCompletion(tree));
  // What the manager would say: which words it was asked with, and something that a shell could stumble over.
  writeFileSync(join(dir, 'yosugara'), '#!/bin/sh\nshift\nfor word in "$@"; do echo "$word-1"; done\necho \'$(touch bad)*;\'\n');
  chmodSync(join(dir, 'yosugara'), 0o755);
  writeFileSync(join(dir, 'settings.yaml'), '');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What a real shell offers for the last of these words. */
type Offers = (...words: string[]) => readonly string[];
const run = (program: string, args: readonly string[]): readonly string[] =>
  execFileSync(program, args, { cwd: dir, encoding: 'utf8', env: { PATH: `${dir}:${process.env['PATH']}`, HOME: dir } })
    .split('\n')
    .filter((line) => line !== '');

const BASH = `. ./bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _yosugara; printf "%s\\n" "\${COMPREPLY[@]}"`;
const bash: Offers = (...words) => run('bash', ['--norc', '-euc', BASH, 'bash', ...words]);

/** compadd shows what it was given, as far as it begins as the last word does; a description is left out. */
const ZSH = `compdef() { : }
compadd() { [[ $1 == -- ]] && shift; for each in "$@"; do [[ $each == "$PREFIX"* ]] && print -r -- "$each"; done }
_describe() { for each in "\${(@P)2}"; do compadd -- "\${each%%:*}"; done }
_files() { print -rl -- *(N) }
. ./zsh; words=("$@"); CURRENT=$#; PREFIX=$words[CURRENT]; _yosugara; :`;
const zsh: Offers = (...words) => run('zsh', ['-fc', ZSH, 'zsh', ...words]);

group.each([
  ['bash', bash],
  ['zsh', zsh],
] as const)('%s', (name, offers) => {
  const test = it.skipIf(!has(name));
  test('offers verbs, and verbs below verbs', () => {
    expect(offers('yosugara', 'sw')).toEqual(['switchover']);
    expect(offers('yosugara', '')).toEqual(expect.arrayContaining(['status', 'jobs', 'users', 'completion']));
    expect(offers('yosugara', '')).not.toContain('complete-values');
    expect(offers('yosugara', 'jobs', 'force')).toEqual(['force-run', 'force-end', 'force-stop']);
  });
  test('offers the options of a verb, also under its other name', () => {
    expect(offers('yosugara', 'jobs', 'list', '--tri')).toEqual(['--trigger', '--trigger-type']);
    expect(offers('yosugara', 'jobs', 'sessions', '--tri')).toEqual(['--trigger', '--trigger-type']);
    expect(offers('yosugara', 'status', '--')).toEqual(expect.arrayContaining(['--json', '--watch', '--help']));
  });
  test('offers values that are always the same', () => {
    expect(offers('yosugara', 'jobs', 'list', '--trigger-type', 'sch')).toEqual(['schedule']);
    expect(offers('yosugara', 'settings', 'show', 'calendar')).toEqual(['calendar', 'calendar-pattern'].sort(byKindOrder));
    expect(offers('yosugara', 'completion', '')).toEqual(['bash', 'zsh']);
  });
  test('offers files where a file is named', () => {
    expect(offers('yosugara', 'apply', '-f', '')).toContain('settings.yaml');
  });
  test('asks the manager for ids, with what was typed before, and runs nothing of what it says', () => {
    expect(offers('yosugara', 'settings', 'show', '--json', 'monitor', 'mon')).toEqual(['monitor-1']);
    expect(offers('yosugara', 'jobs', 'output', 'S', 'S-')).toEqual(['S-1']);
    expect(offers('yosugara', 'jobs', 'list', '--unit', 'job')).toEqual(['job-unit-1']);
    expect(offers('yosugara', 'users', 'unlock', '')).toEqual(['login-1', '$(touch bad)*;']);
    expect(offers('yosugara', 'nodes', 'add', ''), 'names are made there').toEqual([]);
  });
  test('takes no value of an option for a verb', () => {
    expect(offers('yosugara', 'jobs', 'list', '--unit', 'status', '--ov')).toEqual(['--over']);
    expect(offers('yosugara', 'messages', '--text', '')).toEqual([]);
  });
  test('does not complain about its own script', () => {
    const checked = spawnSync(name, ['-n', join(dir, name)], { encoding: 'utf8' });
    expect([checked.status, checked.stderr]).toEqual([0, '']);
  });
});
/** As the script has them. */
const byKindOrder = (one: string, other: string) => other.length - one.length;

group('yosugara complete-values', () => {
  const cli = new CommandLine();
  it('prints ids, one a line', async () => {
    const rows = [{ id: 'ping' }, { id: 'http' }].map((row) => ({ ...SETTING, ...row }));
    const asked = await managers(cli, 87, () => [200, { rows, next: null }]);
    // It makes nobody wait: what does not come at once is nothing, and the next press asks again.
    const press = async () => [await cli.yosugara('complete-values', 'setting', 'monitor'), cli.out];
    await expect.poll(press).toEqual([0, 'ping\nhttp\n']);
    expect(asked[0]?.path).toMatch(/^\/api\/v1\/settings\/monitor\?/);
  });
  it('says nothing where nobody answers', async () => {
    await managers(cli, 87, () => [503, {}]);
    expect(await cli.yosugara('complete-values', 'setting', 'monitor')).toBe(0);
    expect([cli.out, cli.notes]).toEqual(['', '']);
  });
});
const SETTING = {
  ...{ kind: 'monitor', revision: 1, description: '', enabled: true, ownerRole: 'operator', createdAt: '', createdBy: '' },
  ...{ modifiedAt: '', modifiedBy: '', hasSecret: [], body: {} },
};
