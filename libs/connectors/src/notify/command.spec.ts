import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandPayload } from '@yosugara/operations';
import { afterAll, describe, expect, it } from 'vitest';
import { sendCommand } from './command.js';
import { TOLD, within } from './testing/counterparts.js';

const dir = mkdtempSync(join(tmpdir(), 'yosugara-command-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const command = (words: readonly string[], change: Partial<CommandPayload> = {}): CommandPayload => ({
  ...{ kind: 'command', words, shell: false, user: null, environment: {}, timeoutMs: 5_000 },
  ...change,
});
const shell = (line: string, change: Partial<CommandPayload> = {}) => command([line], { shell: true, ...change });
const run = async (payload: CommandPayload, deadlineMs = 60_000) => await sendCommand(payload, TOLD, within(deadlineMs));
const alive = (pid: number) =>
  existsSync(`/proc/${pid}/status`) && !readFileSync(`/proc/${pid}/status`, 'utf8').includes('State:\tZ');
const isRoot = process.getuid?.() === 0;

describe('a command', () => {
  it('has its id and the values in its environment, and nothing of ours', async () => {
    const file = join(dir, 'environment');
    process.env['OURS_IS_SECRET'] = 'x';
    expect(await run(shell(`env > ${file}`, { environment: { YOSUGARA_MESSAGE: 'no\0 answer' } }))).toEqual({ kind: 'accepted' });
    const said = readFileSync(file, 'utf8');
    expect(said).toContain(`YOSUGARA_ID=${TOLD.id}\n`);
    expect(said).toContain('YOSUGARA_MESSAGE=no\ufffd answer\n');
    expect(said).not.toContain('OURS_IS_SECRET');
  });
  it('without a shell is given its words as they are', async () => {
    const file = join(dir, 'words');
    const words = ['/usr/bin/tee', file, '$(id); `id`', '--', '*'];
    expect((await run(command(words))).kind).toBe('accepted');
    expect(existsSync(file)).toBe(true);
    for (const name of ['$(id); `id`', '*']) rmSync(join('/', name), { force: true });
  });
  it.each([
    ['exit 0', 'accepted', ''],
    ['echo busy >&2; exit 75', 'retry', 'busy'],
    ['echo nobody there; exit 3', 'refused', 'nobody there'],
    ['kill -9 $$', 'refused', 'signal'],
  ])('%s: %s', async (line, kind, why) =>
    expect(await run(shell(line))).toMatchObject(kind === 'accepted' ? { kind } : { kind, why: expect.stringContaining(why) }),
  );
  it('that is not there is refused', async () => expect((await run(command(['/nonexistent/tell']))).kind).toBe('refused'));
  it('that does not end is killed with all that it started, and not run again', async () => {
    const file = join(dir, 'pids');
    const line = shell(`sleep 600 & echo $! > ${file}; echo working; sleep 600`);
    const working = { kind: 'refused', why: expect.stringContaining('working') };
    // What stood still has said nothing when its time is over: more time, more words.
    let deadlineMs = 250;
    await expect.poll(async () => await run(line, (deadlineMs *= 2)), { timeout: 60_000 }).toMatchObject(working);
    const child = Number(readFileSync(file, 'utf8'));
    await expect.poll(() => alive(child)).toBe(false);
  });
  it('that left something behind which holds its output is over when it ended', async () => {
    const file = join(dir, 'left');
    expect((await run(shell(`sleep 600 & echo $! > ${file}`))).kind).toBe('accepted');
    const left = Number(readFileSync(file, 'utf8'));
    expect(alive(left), 'what holds the output').toBe(true);
    process.kill(left, 'SIGKILL');
  });
  it('that says very much is read and cut', async () => {
    const ended = await run(shell('head -c 20000000 /dev/zero | tr "\\0" x; echo; echo the end; exit 1'));
    expect(ended).toMatchObject({ kind: 'refused', why: expect.stringContaining('the end') });
  });
  it('is killed when this node may not send any more, and may be run again', async () => {
    const cut = new AbortController();
    const sending = sendCommand(shell('sleep 600'), TOLD, within(600_000, cut.signal));
    setTimeout(() => cut.abort(), 50);
    expect((await sending).kind).toBe('retry');
  });
  it('as somebody who is not there is refused', async () =>
    expect(await run(shell('true', { user: 'nobody-of-that-name' }))).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('no account'),
    }));
  it.skipIf(!isRoot)('runs as the account that is named, with its groups and home', async () => {
    const file = join(dir, 'who');
    writeFileSync(file, '', { mode: 0o666 });
    rmSync(file);
    const at = join(tmpdir(), `yosugara-who-${process.pid}`);
    try {
      expect((await run(shell(`id -un > ${at}; id -G >> ${at}; echo $HOME >> ${at}`, { user: 'nobody' }))).kind).toBe('accepted');
      const [name, groups, home] = readFileSync(at, 'utf8').split('\n');
      expect([name, home]).toEqual(['nobody', '/nonexistent']);
      expect(groups?.split(' ')).not.toContain('0');
    } finally {
      rmSync(at, { force: true });
    }
  });
});
