import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunFolder } from './folder.js';
import { KEEPER } from './keeper.js';
import { signalOf } from './output.js';
import { statOf } from './processes.js';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'yosugara-keeper-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** As the agent launches it, by that shell. */
async function kept(shell: string, command: string): Promise<{ readonly code: number; readonly signal: string | null }> {
  const words = [dir, '', '', '/', command, '', '', '', ''];
  const keeper = spawn(shell, ['-c', KEEPER, 'keeper', ...words], { detached: true, stdio: 'ignore' });
  await new Promise((resolve) => keeper.once('exit', resolve));
  const { exit } = await new RunFolder(dir).notes();
  return { code: exit!.code, signal: signalOf(exit!) };
}

const SHELLS = ['/bin/dash', '/bin/bash'].filter((shell) => existsSync(shell));
describe.each(SHELLS)('by %s', (shell) => {
  it.each([
    ['exit 0', 0, null],
    ['exit 3', 3, null],
    ['exit 137', 137, null],
    ['exit 143', 143, null],
    ['exit 255', 255, null],
    ['kill -KILL $$', 137, 'SIGKILL'],
    ['kill -TERM $$', 143, 'SIGTERM'],
    ['kill -HUP $$', 129, 'SIGHUP'],
    ['ulimit -c 0; kill -ABRT $$', 134, 'SIGABRT'],
    ['ulimit -c 0; kill -SEGV $$', 139, 'SIGSEGV'],
    // The shell of the command says it of one of its own: it exited by itself.
    ['/bin/sh -c "kill -KILL \\$\\$"; exit $?', 137, null],
  ])('%s is told as %d, signal %s', async (command, code, signal) =>
    expect(await kept(shell, command)).toEqual({ code, signal }),
  );

  it('the process that is noted is the command, in a session of its own', async () => {
    expect(await kept(shell, 'echo $$; cut -d" " -f6 /proc/$$/stat')).toEqual({ code: 0, signal: null });
    const [pid, session] = readFileSync(join(dir, 'out'), 'utf8').trim().split('\n');
    const { command } = await new RunFolder(dir).notes();
    expect([String(command?.pid), session]).toEqual([pid, pid]);
    expect(await statOf(command!.pid)).toBeNull();
  });
});
