import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { THREAD_POOL } from './threads.js';

/** Opening a pipe that nobody writes to takes a thread and gives it back to nobody, as a look at a volume that hangs. */
const HANGS_AND_SYNCS = `
const { open, openSync, fsync } = require('node:fs');
const [pipe, file] = process.argv.slice(1);
for (let look = 0; look < 12; look += 1) open(pipe, 'r', () => undefined);
fsync(openSync(file, 'w'), () => { console.log('synced'); process.kill(process.pid, 'SIGKILL'); });
`;

describe('the threads of a program', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'yosugara-threads-'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are enough for the fsync of a volume that is well while twelve looks at another one hang', async () => {
    const args = ['-e', HANGS_AND_SYNCS, join(folder, 'pipe'), join(folder, 'file')];
    const options = { env: THREAD_POOL, timeout: 20_000, killSignal: 'SIGKILL' as const };
    const ended = await promisify(execFile)(process.execPath, args, options).catch((end: { stdout: string }) => end);
    expect(ended.stdout).toBe('synced\n');
  });

  it.each(['controller', 'receiver'])('are so many in the unit of the %s', (program) => {
    const unit = readFileSync(new URL(`../../../packaging/systemd/yosugara-${program}.service`, import.meta.url), 'utf8');
    for (const [name, value] of Object.entries(THREAD_POOL)) expect(unit.split('\n')).toContain(`Environment=${name}=${value}`);
  });
});
