import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentTask } from '@yosugara/protocol';
import { pause, until } from '@yosugara/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeHost } from '../testing/fake-host.js';
import type { RunningTask } from './host.js';
import { FileBudget, logFileTask } from './log-file.js';

/** Ten times as often as an agent looks. */
const PACE = { lookMs: 100, scanMs: 500 };
/** Many looks, and some scans. */
const A_WHILE_MS = 1_500;
/** Nothing is read of what may still be a copy in the making before; and then some scans. */
const SETTLED_MS = 2_000 + A_WHILE_MS;

type LogTask = Extract<AgentTask, { kind: 'log-file' }>;

let dir = '';
let host: FakeHost;
let running: RunningTask | null = null;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'yosugara-logs-'));
  host = new FakeHost();
});
afterEach(async () => {
  await stop();
  rmSync(dir, { recursive: true, force: true });
});

const path = (name: string) => join(dir, name);
const append = (name: string, ...lines: string[]) => appendFileSync(path(name), lines.map((line) => `${line}\n`).join(''));
async function start(over: Partial<LogTask> = {}, budget = new FileBudget()): Promise<void> {
  running = logFileTask(
    {
      kind: 'log-file',
      id: 't',
      directory: dir,
      name: 'app\\.log',
      encoding: 'utf-8',
      head: null,
      tail: null,
      maxLineBytes: 1_000,
      ...over,
    },
    host,
    budget,
    PACE,
  );
  await until(() => host.mark('log/t/') !== undefined || host.troubles.length > 0);
}
async function stop(): Promise<void> {
  await running?.stop();
  running = null;
}
const told = async (...lines: string[]) => {
  await until(() => host.lines.length >= lines.length).catch(() => undefined);
  expect(host.lines).toEqual(lines);
};
/** So that it is known again by its first bytes. */
const LONG = 'a first line that is long enough to be known by it';

describe('a file that is followed', () => {
  it('is told from its end on, when it was there before, and from its beginning, when it is new', async () => {
    append('app.log', 'old');
    await start({ name: '(app|new)\\.log' });
    append('app.log', 'one');
    append('new.log', 'first');
    await until(() => host.lines.length === 2);
    expect(host.lines.toSorted()).toEqual(['first', 'one']);
  });
  it('goes on after a restart where it was, without a loss and without a double', async () => {
    append('app.log', LONG);
    await start();
    append('app.log', 'one');
    await told('one');
    await stop();
    append('app.log', 'two');
    await start();
    append('app.log', 'three');
    await told('one', 'two', 'three');
  });
  it('has a last line only when that is whole', async () => {
    append('app.log', LONG);
    await start();
    appendFileSync(path('app.log'), 'half');
    await pause(A_WHILE_MS);
    expect(host.lines).toEqual([]);
    appendFileSync(path('app.log'), ' and half\n');
    await told('half and half');
  });
  it('waits while the disk takes nothing, and nothing of it is lost', async () => {
    append('app.log', LONG);
    await start();
    host.isFull = true;
    append('app.log', 'one');
    await pause(A_WHILE_MS);
    expect(host.lines).toEqual([]);
    host.isFull = false;
    await told('one');
  });
  it('may be in a folder that is a symbolic link, and be one itself', async () => {
    mkdirSync(path('real'));
    writeFileSync(path('real/file'), `${LONG}\n`);
    symlinkSync(path('real/file'), path('real/app.log'));
    symlinkSync(path('real'), path('link'));
    await start({ directory: path('link') });
    append('real/file', 'one');
    await told('one');
  });
  it('is one of so many as the agent may have; somebody hears of the others', async () => {
    append('app.log', 'a');
    append('app2.log', 'b');
    await start({ name: 'app2?\\.log' }, new FileBudget(1));
    await until(() => host.troubles.some((trouble) => trouble.startsWith('LOG_FILES')));
  });
  it('has entries of several lines, the last of which is whole after a while', async () => {
    append('app.log', LONG);
    await start({ head: '\\[' });
    append('app.log', '[1] a', '  more', '[2] b');
    await told('[1] a\n  more', '[2] b');
  });
});

describe('rotation', () => {
  it('by a rename: what is written into the old file after it is told, and the new one from its beginning', async () => {
    append('app.log', LONG);
    await start();
    append('app.log', 'one');
    await told('one');
    renameSync(path('app.log'), path('app.log.1'));
    append('app.log.1', 'two');
    append('app.log', 'three');
    await until(() => host.lines.length === 3);
    expect(host.lines.toSorted()).toEqual(['one', 'three', 'two']);
  });
  it('by a rename while no agent runs', async () => {
    append('app.log', LONG);
    await start();
    append('app.log', 'one');
    await told('one');
    await stop();
    append('app.log', 'two');
    renameSync(path('app.log'), path('app.log.1'));
    append('app.log', 'three');
    await start();
    await until(() => host.lines.length === 3);
    expect(host.lines.toSorted()).toEqual(['one', 'three', 'two']);
  });
  it('by a rename to a name that is followed, too, tells nothing twice', async () => {
    append('app.log', LONG);
    await start({ name: 'app\\.log.*' });
    append('app.log', 'one');
    await told('one');
    renameSync(path('app.log'), path('app.log.1'));
    append('app.log', 'two');
    await told('one', 'two');
    await pause(A_WHILE_MS);
    expect(host.lines).toEqual(['one', 'two']);
  });
  it('by copy and truncation: what was not read yet is told from the copy', async () => {
    append('app.log', LONG);
    await start();
    append('app.log', 'one');
    await told('one');
    await stop();
    append('app.log', 'two');
    copyFileSync(path('app.log'), path('app.log.1'));
    truncateSync(path('app.log'), 0);
    append('app.log', 'three');
    await start();
    await told('one', 'two', 'three');
  });
  it.each(['app\\.log', 'app\\.log.*'])(
    'by copy and truncation tells each line once, however soon its agent dies (%s)',
    async (name) => {
      append('app.log', LONG);
      await start({ name });
      append('app.log', 'one');
      await told('one');
      await stop();
      const lines = Array.from({ length: 1_200 }, (_, at) => `line ${at}`);
      append('app.log', ...lines);
      copyFileSync(path('app.log'), path('app.log.1'));
      truncateSync(path('app.log'), 0);
      append('app.log', 'two', 'three');
      // Each life is one write long.
      for (let life = 0; life < 12; life++) {
        [host.writesLeft, host.isDead] = [1, false];
        await start({ name });
        await until(() => host.isDead || host.lines.includes('three'));
        await stop();
      }
      host.writesLeft = Number.POSITIVE_INFINITY;
      await start({ name });
      append('app.log', 'four');
      await until(() => host.lines.includes('four'));
      expect(host.lines).toEqual(['one', ...lines, 'two', 'three', 'four']);
      // What it remembers of the copy is no file that went.
      rmSync(path('app.log.1'));
      await stop();
      await start({ name });
      await pause(500);
      expect(host.troubles).toEqual([]);
    },
  );
  it('by copy and truncation under its eyes, the copy having a name that is followed', async () => {
    append('app.log', LONG);
    await start({ name: 'app\\.log.*' });
    append('app.log', 'one');
    await told('one');
    append('app.log', 'two');
    copyFileSync(path('app.log'), path('app.log.1'));
    truncateSync(path('app.log'), 0);
    append('app.log', 'three');
    await until(() => host.lines.length >= 3);
    await pause(SETTLED_MS);
    expect(host.lines).toEqual(['one', 'two', 'three']);
  });
  it('by emptying it', async () => {
    append('app.log', LONG);
    await start();
    append('app.log', 'one');
    await told('one');
    writeFileSync(path('app.log'), 'x\n');
    await told('one', 'x');
  });
  it('of a file that went for ever while no agent ran is told of', async () => {
    append('app.log', LONG);
    await start();
    append('app.log', 'one');
    await told('one');
    await stop();
    renameSync(path('app.log'), `${dir}.elsewhere`);
    try {
      append('app.log', 'two');
      await start();
      await told('one', 'two');
      expect(host.troubles.join()).toContain('LOG_FILE_GONE');
    } finally {
      rmSync(`${dir}.elsewhere`, { force: true });
    }
  });
});

it('a file that only begins as another one is no copy of it', async () => {
  const banner = 'x'.repeat(400);
  append('app.log', banner, 'a');
  await start({ name: 'app.*' });
  append('app.log', 'one');
  await told('one');
  append('app-2.log', banner, 'other');
  await until(() => host.lines.length >= 3);
  expect(host.lines).toEqual(['one', banner, 'other']);
});

it('an encoding that there is not is told of at once', () => {
  expect(() =>
    logFileTask(
      { kind: 'log-file', id: 't', directory: dir, name: 'x', encoding: 'klingon', head: null, tail: null, maxLineBytes: 100 },
      host,
      new FileBudget(),
    ),
  ).toThrow('klingon');
});
