import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mustSee } from './seen.js';

const OTHER = { name: 'postgres', uid: 65_534, gid: 65_534, switchTo: true };
const WITHOUT = ['--bounding-set=-sys_ptrace', '--inh-caps=-sys_ptrace'];
const IS_ROOT = process.getuid?.() === 0;

describe('processes of another account', () => {
  const status = (mask: string) => `Name:\tnode\nCapPrm:\tffffffffffffffff\nCapEff:\t${mask}\nCapBnd:\tffffffffffffffff\n`;

  it('are seen with CAP_SYS_PTRACE', () => expect(mustSee(OTHER, status('0000000000080000'))).toBe(OTHER));
  it.each(['00000000fff7ffff', '0000000000000000'])(
    'are hidden without it (%s): nothing begins that would prove them gone',
    (mask) => expect(() => mustSee(OTHER, status(mask))).toThrow(expect.objectContaining({ code: 'ACCOUNT_HIDDEN' })),
  );
  it('do not matter where PostgreSQL runs as our own', () =>
    expect(mustSee({ ...OTHER, switchTo: false }, status('0000000000000000'))).toMatchObject({ switchTo: false }));

  it.skipIf(!IS_ROOT)('are hidden by the kernel just where it says so: root without it is told of no folder', async () => {
    const { uid, gid } = OTHER;
    const child = spawn('sleep', ['60'], { cwd: '/usr', uid, gid, stdio: 'ignore' });
    try {
      await new Promise((resolve) => child.once('spawn', resolve));
      const cwd = `/proc/${child.pid}/cwd`;
      expect(readlinkSync(cwd)).toBe('/usr');
      expect(spawnSync('setpriv', [...WITHOUT, 'readlink', cwd], { encoding: 'utf8' })).toMatchObject({ status: 1, stdout: '' });
      const seen = execFileSync('setpriv', [...WITHOUT, 'cat', '/proc/self/status'], { encoding: 'latin1' });
      expect(() => mustSee(OTHER, seen)).toThrow(/CAP_SYS_PTRACE/);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
