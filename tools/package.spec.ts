import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
// @ts-expect-error a plain script
import { pathsOf } from './lib/package.mjs';

const root = join(import.meta.dirname, '..');
const packaging = join(root, 'packaging');
const text = (...parts: string[]) => readFileSync(join(packaging, ...parts), 'utf8');
const UNITS = readdirSync(join(packaging, 'systemd'))
  .filter((name) => /\.(service|timer)$/.test(name))
  .map((name) => join(packaging, 'systemd', name));

describe('what goes into a package', () => {
  const manager: string[] = pathsOf(['controller', 'receiver', 'manager', 'cli']);

  it('is what its programs need when they run, of ours and of others', () => {
    expect(manager).toEqual(
      expect.arrayContaining(['apps/manager', 'libs/kernel', 'libs/store', 'node_modules/@nestjs/core', 'node_modules/pg']),
    );
    for (const path of manager) expect(existsSync(join(root, path)), path).toBe(true);
  });

  it('is also what a package keeps apart for each kind of processor', () =>
    expect(manager).toEqual(expect.arrayContaining(['node_modules/koffi', `node_modules/@koromix/koffi-linux-${process.arch}`])));

  it('is nothing that only builds and tests need', () => {
    for (const none of [
      'libs/testkit',
      'node_modules/typescript',
      'node_modules/vitest',
      'node_modules/playwright-core',
      'node_modules/nx',
    ])
      expect(manager).not.toContain(none);
  });

  it('of the agent is less', () => expect(pathsOf(['agent'])).not.toContain('node_modules/@nestjs/core'));
});

describe('a package’s scripts', () => {
  it.each(['yosugara', 'yosugara-agent'])(
    'of %s are shell, stop at the first failure, and refuse what they do not know',
    (name) => {
      for (const script of ['postinst', 'prerm', 'postrm']) {
        const file = join(packaging, 'debian', name, script);
        expect(text('debian', name, script).split('\n').slice(0, 2), script).toEqual(['#!/bin/sh', 'set -e']);
        execFileSync('sh', ['-n', file]);
        expect(spawnSync('sh', [file, 'what-is-this']).status, script).toBe(1);
      }
    },
  );

  it('leave nothing at a purge: every folder that a unit or a script makes is removed', () => {
    const made = ['/etc/yosugara', '/var/lib/yosugara'];
    // What systemd keeps of a timer that is Persistent.
    expect(text('debian', 'yosugara', 'postrm')).toContain('stamp-yosugara-backup.timer');
    for (const folder of made) expect(text('debian', 'yosugara', 'postrm')).toContain(folder);
    for (const unit of UNITS) {
      const writes = /^ReadWritePaths=(.*)$/m.exec(readFileSync(unit, 'utf8'))?.[1]?.split(' ') ?? [];
      // With a minus: only where somebody made it, and theirs to remove.
      for (const path of writes)
        expect(
          path.startsWith('-') || path.startsWith('/etc/systemd') || made.some((folder) => path.startsWith(folder)),
          path,
        ).toBe(true);
    }
  });
});

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

describe.runIf(hasSystemd)('systemd', () => {
  it('knows every word of the units', () => {
    // What they start lies elsewhere than on this host.
    const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...UNITS], { encoding: 'utf8' });
    const lines = stderr
      .split('\n')
      .filter(
        (line) => line.includes('yosugara-') && !/is not executable: No such file|Failed to create .*: No such file/.test(line),
      );
    expect(lines).toEqual([]);
  });

  it.each([
    ['controller', 3.5],
    ['receiver', 2.5],
    ['forming', 3],
    ['backup', 3],
  ])('rates what the %s is exposed to below %d', (name, most) => {
    const unit = join(packaging, 'systemd', `yosugara-${name}.service`);
    const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', unit], { encoding: 'utf8' });
    const rated = Number(/exposure level for .*: (\d+(?:\.\d+)?)/.exec(stdout)?.[1]);
    expect(rated).toBeLessThan(most);
  });
});
