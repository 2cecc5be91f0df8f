import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SPEAKS } from '@yosugara/protocol';
import { compiled } from '@yosugara/testkit';
import { expect, it } from 'vitest';
import { CLONE } from './local/layout.js';
import { CommandLine } from './testing/command-line.js';

const { version } = JSON.parse(readFileSync(join(CLONE, 'package.json'), 'utf8')) as { readonly version: string };
const cli = new CommandLine();

it.each(['--version', 'version'])('yosugara %s says version and levels, and asks no cluster', async (word) => {
  expect(await cli.yosugara(word)).toBe(0);
  expect(cli.notes).toBe('');
  expect(cli.out.startsWith(`yosugara ${version}`)).toBe(true);
  // The commit is there once it was built.
  expect(cli.out).toMatch(new RegExp(`(\\+[0-9a-f]{12}(\\.changed)?)?, levels ${SPEAKS.from} to ${SPEAKS.through}\\n$`));
});
it('programs get it as a document', async () => {
  expect(await cli.yosugara('version', '--json')).toBe(0);
  expect(JSON.parse(cli.out)).toMatchObject({ version: expect.stringContaining(version) as unknown, speaks: SPEAKS });
});
it.each([
  ['controller', 'controller/dist/main.js', 'levels'],
  ['receiver', 'receiver/dist/main.js', 'levels'],
  ['manager', 'manager/dist/main.js', 'levels'],
  ['agent', 'agent/bin/yosugara-agent.mjs', 'protocol'],
])('the program of the %s says its own, without a configuration', (name, program, knows) => {
  compiled(join(CLONE, 'apps', name));
  const said = execFileSync(process.execPath, [join(CLONE, 'apps', program), '--version'], { encoding: 'utf8' });
  expect(said.startsWith(`yosugara-${name} ${version}`)).toBe(true);
  expect(said).toContain(`, ${knows} `);
});
