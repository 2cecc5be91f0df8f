import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
// @ts-expect-error a plain script
import { changesOf, compareVersions, previousOf, released, versionAfter, whyNot } from './lib/versions.mjs';

const HEAD = 'head';
const tag = (name: string, commit = `of-${name}`) => ({ name, commit });

describe('the version that an upgrade begins with', () => {
  it('is the highest release that this commit comes from', () =>
    expect(previousOf([tag('v0.9.0'), tag('v0.10.0'), tag('v0.2.0')], HEAD, 'named')).toEqual({
      tag: 'v0.10.0',
      commit: 'of-v0.10.0',
    }));
  it('is never this commit itself: the release before it counts', () =>
    expect(previousOf([tag('v0.1.0'), tag('v0.2.0', HEAD)], HEAD, 'named')).toEqual({ tag: 'v0.1.0', commit: 'of-v0.1.0' }));
  it.each([[[]], [[tag('v0.2.0', HEAD)]], [[tag('very-old'), tag('v0.2'), tag('v0.2.0-rc1')]]])(
    'is the named one where no release is (%j)',
    (tags) => expect(previousOf(tags, HEAD, 'named')).toEqual({ tag: null, commit: 'named' }),
  );
});

it('versions come one after the other by their numbers', () => {
  expect(['0.10.0', '0.2.0', '1.0.0', '0.2.1'].sort(compareVersions)).toEqual(['0.2.0', '0.2.1', '0.10.0', '1.0.0']);
  expect(versionAfter('0.2.3')).toBe('0.3.0');
});

const CHANGES =
  '# Changelog\n\nAll.\n\n## [Unreleased]\n\n### Added\n\n- It costs $& and $1.\n\n## [0.1.0] - 2026-01-02\n\n- The first.\n';

describe('the list of changes', () => {
  it('gives what was not released the version and the day, and keeps every line', () => {
    const after = released(CHANGES, '0.2.0', '2026-11-23');
    expect(after).toBe(CHANGES.replace('## [Unreleased]\n', () => '## [Unreleased]\n\n## [0.2.0] - 2026-11-23\n'));
    expect(changesOf(after, 'Unreleased')).toBe('');
    expect(changesOf(after, '0.2.0')).toBe('### Added\n\n- It costs $& and $1.');
    expect(changesOf(after, '0.1.0')).toBe('- The first.');
    expect(changesOf(after, '0.3.0')).toBeUndefined();
  });
  it('of this project has a place for what is not released', () =>
    expect(changesOf(readFileSync(join(import.meta.dirname, '../CHANGELOG.md'), 'utf8'), 'Unreleased')).toBeDefined());
});

describe('a release', () => {
  const READY = { wanted: '0.2.0', next: '0.3.0', current: '0.2.0-dev', status: '', tags: ['v0.1.0'], changelog: CHANGES };
  it('can be made of a clean tree of its version, with something to tell', () => expect(whyNot(READY)).toEqual([]));
  it.each([
    [{ wanted: 'v0.2' }, 'is no version'],
    [{ status: ' M a.ts\n?? b.ts' }, 'the work tree has changes: M a.ts'],
    [{ current: '0.3.0-dev' }, 'package.json has 0.3.0-dev'],
    [{ current: '0.2.0' }, 'package.json has 0.2.0,'],
    [{ tags: ['v0.1.0', 'v0.2.0'] }, 'does not come after v0.2.0'],
    [{ tags: ['v0.10.0'] }, 'does not come after v0.10.0'],
    [{ next: '0.2.0' }, 'the next version, 0.2.0, does not come after 0.2.0'],
    [{ changelog: '# Changelog\n' }, 'no section Unreleased'],
    [{ changelog: '\n## [Unreleased]\n\n### Added\n\n## [0.1.0]\n\n- One.\n' }, 'nothing is told'],
    [{ changelog: `${CHANGES}\n## [0.2.0] - 2026-02-02\n` }, 'has a section 0.2.0 already'],
  ])('is refused with %j', (change, says) => {
    const why = whyNot({ ...READY, ...change });
    expect(why).toHaveLength(1);
    expect(why[0]).toContain(says);
  });
});

describe('npm run release', () => {
  const tools = import.meta.dirname;
  let root: string;
  let bin: string;
  const ran = (program: string, ...words: string[]) =>
    spawnSync(program, words, {
      cwd: root,
      encoding: 'utf8',
      env: {
        ...process.env,
        PATH: `${bin}:${process.env['PATH']}`,
        ...{ GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@b' },
        ...{ GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
      },
    });
  const git = (...words: string[]) => ran('git', ...words).stdout.trim();
  const release = (...words: string[]) => ran(process.execPath, 'tools/release.mjs', ...words);
  const place = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text, { mode: 0o755 });
  };
  const version = (at: string) => JSON.parse(git('show', `${at}:package.json`)).version;
  const named = (at: string) => git('show', `${at}:test/lab/assets/previous-version`);

  /** What stands in for twenty minutes of tests says the same last line. */
  const testsSay = (line: string, code: number) =>
    writeFileSync(join(bin, 'npm'), `#!/bin/sh\necho '${line}'\nexit ${code}\n`, { mode: 0o755 });

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'yosugara-release-'));
    bin = mkdtempSync(join(tmpdir(), 'yosugara-release-bin-'));
    for (const file of ['release.mjs', 'previous-version.mjs', 'lib/versions.mjs', 'lib/counts.mjs'])
      cpSync(join(tools, file), join(root, 'tools', file));
    place('package.json', '{\n  "name": "x",\n  "version": "0.2.0-dev"\n}\n');
    const lock = { name: 'x', version: '0.2.0-dev', packages: { '': { version: '0.2.0-dev' }, y: { version: '0.2.0' } } };
    place('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
    place('CHANGELOG.md', CHANGES);
    place('test/lab/assets/previous-version', 'named\n');
    git('init', '--quiet');
    git('add', '.');
    git('commit', '--quiet', '--message', 'All');
    testsSay('12 passed, 0 failed', 0);
  });
  afterEach(() => {
    for (const folder of [root, bin]) rmSync(folder, { recursive: true, force: true });
  });

  it('tags one commit with its version and its changes, and begins the next', () => {
    const { status, stderr } = release('0.2.0');
    expect(stderr).toContain('12 passed, none failed');
    expect(status).toBe(0);
    expect(version('v0.2.0')).toBe('0.2.0');
    expect(git('cat-file', '-t', 'v0.2.0')).toBe('tag');
    expect(git('tag', '--list', '--format=%(contents)', 'v0.2.0')).toBe('Yosugara 0.2.0\n\n### Added\n\n- It costs $& and $1.');
    expect(changesOf(git('show', 'v0.2.0:CHANGELOG.md'), 'Unreleased')).toBe('');
    expect(version('HEAD')).toBe('0.3.0-dev');
    const lock = JSON.parse(git('show', 'HEAD:package-lock.json'));
    expect([lock.version, lock.packages[''].version, lock.packages.y.version]).toEqual(['0.3.0-dev', '0.3.0-dev', '0.2.0']);
    expect(git('status', '--porcelain')).toBe('');
    const [released, begun] = [git('rev-parse', 'v0.2.0^{commit}'), git('rev-parse', 'HEAD')];
    expect([named('v0.2.0'), named('HEAD')]).toEqual(['named', released]);
    const previous = JSON.parse(ran(process.execPath, 'tools/previous-version.mjs').stdout);
    expect(previous).toEqual({ tag: 'v0.2.0', commit: released, head: begun });
  });

  it('makes nothing unless the tests say themselves that all passed', () => {
    const before = git('rev-parse', 'HEAD');
    const SAID: [string, number][] = [
      ['12 passed, 1 failed', 1],
      ['12 passed, 0 failed', 1],
      ['0 passed, 0 failed', 0],
      ['nothing was said', 0],
    ];
    for (const [line, code] of SAID) {
      testsSay(line, code);
      const { status, stderr } = release('0.2.0');
      expect([status, stderr], line).toEqual([1, expect.stringContaining('no release: npm test ended with')]);
    }
    expect([git('rev-parse', 'HEAD'), git('tag'), git('status', '--porcelain')]).toEqual([before, '', '']);
  });

  it('says every reason before it runs a test, and a dry run makes nothing', () => {
    place('left.txt', '');
    const refused = release('0.3.0');
    expect(refused.status).toBe(1);
    for (const says of ['left.txt', 'package.json has 0.2.0-dev']) expect(refused.stderr).toContain(says);
    expect(refused.stderr).not.toContain('minutes');
    rmSync(join(root, 'left.txt'));
    expect(release('0.2.0', '--next', '0.2.1', '--dry-run')).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('0.2.1-dev'),
    });
    expect(git('tag')).toBe('');
  });
});
