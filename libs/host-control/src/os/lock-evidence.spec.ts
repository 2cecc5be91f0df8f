import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../testing/testbed.js';
import { lockEvidence } from './lock-evidence.js';
import { processFact } from './processes.js';

describe('a lock file left behind', () => {
  let pgdata: string;
  const children: ChildProcess[] = [];
  const nowS = () => Math.floor(Date.now() / 1_000);
  beforeEach(() => {
    pgdata = mkdtempSync(join(tmpdir(), 'yosugara-lock-'));
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(pgdata, { recursive: true, force: true });
  });

  const judge = async (pid: number | string, wroteS = nowS()) => {
    const file = join(pgdata, 'postmaster.pid');
    writeFileSync(file, [pid, pgdata, wroteS, 5432, '/tmp', '*', '  5432001  2147483000', 'ready'].join('\n'));
    return await lockEvidence(file, pgdata);
  };
  const sleeper = (cwd: string) => {
    const child = spawn('sleep', ['60'], { cwd, stdio: 'ignore' });
    children.push(child);
    return child.pid!;
  };

  it('that is not there says nothing', async () => expect(await lockEvidence(join(pgdata, 'none'), pgdata)).toBeNull());
  it('of a process that is gone may go', async () =>
    expect(await judge(2 ** 22 - 1)).toEqual({ held: false, says: expect.stringContaining('is gone') }));
  it('without a number may go', async () => expect(await judge('rubbish')).toMatchObject({ held: false }));
  it('of a zombie may go: it holds nothing any more', async () => {
    // Its parent lives and does not wait for it. A shell that it was still would: so it ends only when there is none any more.
    const parent = spawn('/bin/sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    children.push(parent);
    const pid = await new Promise<number>((resolve) => parent.stdout!.once('data', (text) => resolve(Number(String(text)))));
    await eventually('no shell', () => readFileSync(`/proc/${parent.pid}/comm`, 'utf8').trim() === 'sleep');
    process.kill(pid, 'SIGKILL');
    await eventually('a zombie', () => processFact(pid)?.state === 'Z');
    expect(await judge(pid)).toEqual({ held: false, says: expect.stringContaining('zombie') });
  });
  it('of a number that was given again may go', async () =>
    expect(await judge(sleeper(pgdata), nowS() - 3_600)).toEqual({ held: false, says: expect.stringContaining('given again') }));
  it('of another program may go', async () =>
    expect(await judge(sleeper('/'))).toEqual({ held: false, says: expect.stringContaining('not PostgreSQL') }));
  it('of a server of this very directory stays', async () =>
    expect(await judge(sleeper(pgdata))).toEqual({ held: true, says: expect.stringContaining('is alive in') }));
});
