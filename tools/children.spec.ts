import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const CHILDREN = new URL('lib/children.mjs', import.meta.url).href;
/** A host of a spec’s cluster: in a session of its own, with a helper in another. What it is told goes into a file. */
const HELPER = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`;
const HOST = `
  const helper = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(HELPER)}], { detached: true, stdio: 'ignore' });
  process.on('SIGTERM', () => { require('node:fs').writeFileSync('told', ''); process.exit(0); });
  require('node:fs').writeFileSync('pids', process.pid + ' ' + helper.pid);
  setInterval(() => {}, 1000)`;
const SUITE = `
  require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(HOST)}], { detached: true, stdio: 'ignore' });
  setInterval(() => {}, 1000)`;
const RUN = `
  const { run, interruptedBy } = await import(${JSON.stringify(CHILDREN)});
  const { code } = await run(process.execPath, ['-e', ${JSON.stringify(SUITE)}]);
  require('node:fs').writeFileSync('ended', code + ' ' + interruptedBy());`;

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'yosugara-children-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const lives = (pid: number) => {
  try {
    process.kill(pid, 0);
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};
const read = (name: string) => (existsSync(join(dir, name)) ? readFileSync(join(dir, name), 'utf8') : '');

it('a run that is told to end leaves nothing behind: not what has a session of its own, nor what does not listen', async () => {
  writeFileSync(
    join(dir, 'run.mjs'),
    `import { createRequire } from 'node:module';const require = createRequire(import.meta.url);${RUN}`,
  );
  const run = spawn(process.execPath, ['run.mjs'], { cwd: dir, stdio: 'ignore' });
  try {
    await expect.poll(() => read('pids'), { timeout: 60_000 }).toMatch(/^\d+ \d+$/);
    const pids = read('pids').split(' ').map(Number);
    expect(pids.map(lives)).toEqual([true, true]);
    const exited = new Promise((resolve) => run.once('exit', resolve));
    run.kill('SIGTERM');
    await exited;
    expect(read('ended')).toBe('143 SIGTERM');
    expect(pids.map(lives)).toEqual([false, false]);
    expect(existsSync(join(dir, 'told'))).toBe(true);
  } finally {
    run.kill('SIGKILL');
    for (const pid of read('pids').split(' ').map(Number)) if (pid > 0 && lives(pid)) process.kill(pid, 'SIGKILL');
  }
});
