import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openings } from './testing/records.js';
import { tempDirs } from './testing/temp-dir.js';

const tempDir = tempDirs();
const { journal } = openings();

describe('the lock of a directory', () => {
  it('is named with directory and pid to a second opener', async () => {
    const dir = await tempDir();
    await journal(dir);
    await expect(journal(dir)).rejects.toThrow(`${dir} is in use by process ${process.pid}`);
  });

  it('of a killed process is taken over; of a living one it is not', async () => {
    const dir = await tempDir();
    const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
    try {
      await mkdir(dir, { recursive: true });
      const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8');
      const startTicks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
      const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
      await writeFile(join(dir, 'lock.4'), JSON.stringify({ pid: child.pid, startTicks, bootId }));
      await expect(journal(dir)).rejects.toThrow(`in use by process ${child.pid}`);
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
      await (await journal(dir)).close();
      expect((await readdir(dir)).filter((name) => name.startsWith('lock.'))).toEqual([]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('is not held by another process that was given the same pid, nor by one of an earlier boot, nor by an empty file', async () => {
    const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    const stale = [
      { pid: process.pid, startTicks: '1', bootId },
      { pid: 1, startTicks: '1', bootId: 'earlier' },
    ].map((at) => JSON.stringify(at));
    for (const content of [...stale, '']) {
      const dir = await tempDir();
      await writeFile(join(dir, 'lock.1'), content);
      await (await journal(dir)).close();
    }
  });

  it('goes to one of many who find it stale at once', async () => {
    const dir = await tempDir();
    await writeFile(join(dir, 'lock.1'), JSON.stringify({ pid: 1, startTicks: '1', bootId: 'earlier' }));
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => journal(dir)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'JOURNAL_LOCKED' });
  });
});
