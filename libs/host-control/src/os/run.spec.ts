import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '@yosugara/testkit';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { buildChildPrograms } from '../testing/build.js';
import { childProgram } from './child-program.js';
import { signal } from './containment.js';
import { isAlive } from './processes.js';
import { run } from './run.js';

/** Gives a program a terminal of its own (util-linux). */
const SCRIPT = '/usr/bin/script';

it('a copy gives way to everything else on its host, and so does what it starts', async () => {
  const ours = getPriority();
  const options = { cwd: '/', deadlineMs: 20_000 };
  // Its input ends after the priority was set, so what follows `cat` is started with it.
  const script = 'cat > /dev/null; nice';
  const { stdout } = await run('sh', ['-c', script], { ...options, givesWay: true });
  expect(Number(stdout)).toBe(Math.max(10, ours));
  expect(Number((await run('sh', ['-c', script], options)).stdout)).toBe(ours);
});

describe.runIf(existsSync(SCRIPT))('a command at a terminal that is broken off', () => {
  const folder = mkdtempSync(join(tmpdir(), 'yosugara-run-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('ends what it runs, as Ctrl-C would', async () => {
    buildChildPrograms();
    const file = join(folder, 'pid');
    const main = join(folder, 'main.mjs');
    const script = `echo $$ > ${file}; exec sleep 1000`;
    const call = `run('sh', ['-c', ${JSON.stringify(script)}], { cwd: '/', deadlineMs: 600_000 })`;
    const lines = [
      "import { existsSync, statSync } from 'node:fs';",
      `import { run } from ${JSON.stringify(childProgram('os/run.js'))};`,
      `${call}.catch(() => {});`,
      `setInterval(() => existsSync('${file}') && statSync('${file}').size > 1 && process.exit(130), 20);`,
    ];
    writeFileSync(main, lines.join('\n'));
    await promisify(execFile)(SCRIPT, ['-qfc', `${process.execPath} ${main}`, '/dev/null'], { timeout: 60_000 });
    const pid = Number(readFileSync(file, 'utf8'));
    await eventually('it is gone', () => !isAlive(pid));
  });
});

describe('the deadline of a program', () => {
  let sleeper = 0;
  afterEach(() => {
    if (sleeper > 1) signal(sleeper, 'SIGKILL');
    sleeper = 0;
  });
  /** A shell that tells the process id of the sleeper that it started: that one holds its pipes. */
  const shell = async (script: string, deadlineMs: number) => {
    const onLine = (line: string) => void (sleeper = Number(line));
    return await run('sh', ['-c', script], { cwd: '/', deadlineMs, onLine });
  };

  // Of a few tries one has begun its child before its deadline.
  it('ends all that it started, too', { retry: 3 }, async () => {
    await expect(shell('sleep 1000 & echo $!; wait', 1_500)).rejects.toThrow('sh: no end within 1500 ms');
    expect(sleeper).toBeGreaterThan(1);
    await eventually('its child is gone', () => !isAlive(sleeper));
  });

  it('is its end also where somebody who cannot be reached holds its pipes', { retry: 3 }, async () => {
    await expect(shell("setsid sh -c 'echo $$; exec sleep 1000' & wait", 1_500)).rejects.toThrow('sh: no end within 1500 ms');
    expect(isAlive(sleeper)).toBe(true);
  });

  it('is not waited for when it has ended and left somebody who holds its pipes', async () => {
    const done = await shell('sleep 1000 & echo $!', 60_000);
    expect(done).toEqual({ code: 0, stdout: `${sleeper}\n`, stderr: '' });
    expect(isAlive(sleeper)).toBe(true);
  });

  it('is not missed by what ended in time while we stood still', async () => {
    const ended = run('sh', ['-c', 'echo here'], { cwd: '/', deadlineMs: 300 });
    for (const untilMs = performance.now() + 1_200; performance.now() < untilMs; );
    expect(await ended).toMatchObject({ code: 0, stdout: 'here\n' });
  });
});
