import { describe, expect, it } from 'vitest';
import { languageOf, readRunbook, renderRunbook, runbookCodes } from './commands/runbook.js';
import { CommandLine, shows } from './testing/command-line.js';
import { wholeCluster } from './testing/statuses.js';

const cli = new CommandLine();
const { yosugara } = cli;
const plain = (text: string) => text;

describe('yosugara runbook', () => {
  it('says what to do without anybody to ask, in any case of letters', async () => {
    expect(await yosugara('runbook', 'no_master')).toBe(0);
    expect(cli.out).toContain('NO_MASTER: no Master is serving');
    expect(cli.out).toContain('   yosugara promote b --accept-data-loss --old-master-is-off');
    expect(cli.out).not.toMatch(/```|\]\(|^#|\*\*/m);
  });
  it('lists all of them, alarms first', async () => {
    expect(await yosugara('runbook')).toBe(0);
    expect(cli.out).toMatch(/^NO_REDUNDANCY +a node is not in the sync set$/m);
    expect(cli.out.indexOf('WRITES_BLOCKED')).toBeLessThan(cli.out.indexOf('disk-used'));
  });
  it('is one document for programs', async () => {
    expect(await yosugara('runbook', 'disk-used', '--language', 'ja', '--json')).toBe(0);
    const document: unknown = JSON.parse(cli.out);
    expect(document).toMatchObject({ code: 'disk-used', language: 'ja', path: 'docs/ja/runbooks/disk-used.md' });
  });
  it('names those that are called alike when there is none', async () => {
    expect(await yosugara('runbook', 'fence')).toBe(1);
    expect(cli.notes).toContain('there is no runbook fence; did you mean FENCE_BROKEN, FENCE_FAILED');
  });
  it('says of an error that is no alarm what it means and what to do', async () => {
    expect(await yosugara('runbook', 'nobody_signs')).toBe(0);
    expect(cli.out).toMatch(
      /^NOBODY_SIGNS: no data node that answers keeps the authority’s key\n\nWhat to do: .*CERTIFICATES_UNKEPT/,
    );
  });
  it('reads every page for a terminal, in both languages', () => {
    for (const code of runbookCodes())
      for (const language of ['en', 'ja'] as const)
        expect(renderRunbook(readRunbook(code, language).text, plain), `${code} ${language}`).not.toMatch(/```|\]\(|^#|\*\*/m);
  });
  it.each([
    [{ LANG: 'ja_JP.UTF-8' }, 'ja'],
    [{ LANG: 'ja_JP.UTF-8', LC_ALL: 'C' }, 'en'],
    [{ LC_MESSAGES: 'ja', LANG: 'de_DE' }, 'ja'],
    [{ LC_ALL: '', LANG: 'de_DE.UTF-8' }, 'en'],
    [{}, 'en'],
  ])('speaks the language of %j: %s', (env, language) => expect(languageOf(env)).toBe(language));
});

it('the status ends with the command that says what to do about each alarm, each once', async () => {
  const alarm = (code: string, text: string) => ({ level: 'yellow' as const, code, text });
  const alarms = [alarm('ONE_SIDED', 'one'), alarm('ONE_SIDED', 'two'), alarm('PAUSED', 'paused')];
  await cli.controller('a', shows(wholeCluster({ alarms })));
  await yosugara('status');
  expect(cli.out).toContain('What to do: yosugara runbook ONE_SIDED; yosugara runbook PAUSED');
});
