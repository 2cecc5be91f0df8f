import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentNews, AgentTask } from '@yosugara/protocol';
import { pause, until } from '@yosugara/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeHost } from '../testing/fake-host.js';
import { Places, tickAfter, valuesOf } from './custom.js';
import { fileWatchTask } from './file-watch.js';
import type { RunningTask } from './host.js';
import { Tasks } from './tasks.js';
import { type EventLogPort, windowsEventTask } from './windows-event.js';

let dir = '';
let host: FakeHost;
const stops: (() => Promise<void>)[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'yosugara-tasks-'));
  host = new FakeHost();
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  rmSync(dir, { recursive: true, force: true });
});
const tasks = (events: EventLogPort | null = null) => {
  const made = new Tasks(host, events);
  stops.push(() => made.close());
  return made;
};
const custom = (over: Partial<Extract<AgentTask, { kind: 'custom' }>> = {}): AgentTask => ({
  ...{ kind: 'custom', id: 'c', command: 'echo a,1; echo nothing; echo "b , 2,3"', user: null, timeoutMs: 60_000 },
  ...{ intervalMs: 500, anchorMs: 7, ...over },
});
const of = <Kind extends AgentNews['kind']>(kind: Kind) =>
  host.news.filter((news) => news.kind === kind) as Extract<AgentNews, { kind: Kind }>[];

describe('a custom command', () => {
  it.each([
    [1_000, 1_000],
    [999, 1_000],
    [1_001, 1_000],
    [-5, 0],
  ])('at %d ms is due next on its grid', (afterMs, _) => {
    const next = tickAfter(afterMs, 7, 500);
    expect(next).toBeGreaterThan(afterMs);
    expect(next - afterMs).toBeLessThanOrEqual(500);
    expect((next - 7) % 500).toBe(0);
  });
  it('is run at its ticks, each once, also after a restart', async () => {
    const first = tasks();
    await first.set([custom()]);
    await until(() => of('custom').length >= 2);
    await first.close();
    await tasks().set([custom()]);
    await until(() => of('custom').length >= 4);
    const due = of('custom').map(({ dueAtMs }) => dueAtMs);
    expect(new Set(due).size).toBe(due.length);
    for (const each of due) expect((each - 7) % 500).toBe(0);
    expect(of('custom')[0]).toMatchObject({
      task: 'c',
      why: null,
      values: [
        { key: 'a', value: '1' },
        { key: 'b', value: '2,3' },
      ],
    });
  });
  it('says why when it fails, is late, or cannot begin', async () => {
    await tasks().set([
      custom({ id: 'fails', command: 'echo a,1; echo sorry >&2; exit 3' }),
      custom({ id: 'late', command: 'sleep 100', timeoutMs: 200 }),
      custom({ id: 'nobody', user: 'nobody-here' }),
    ]);
    await until(() => new Set(of('custom').map(({ task }) => task)).size === 3);
    const why = (id: string) => of('custom').find(({ task }) => task === id)!;
    expect(why('fails')).toMatchObject({ why: 'the command exited 3: sorry', values: [] });
    expect(why('late').why).toContain('200 ms');
    expect(why('nobody').why).toContain('no account');
  });
  it('that takes longer than its interval leaves ticks out instead of running twice at once', async () => {
    await tasks().set([
      custom({
        intervalMs: 200,
        command: `mkdir ${dir}/lock || echo twice >${dir}/twice; sleep 0.5; rmdir ${dir}/lock; echo k,v`,
      }),
    ]);
    await until(() => of('custom').length >= 3);
    expect(of('custom').every(({ why }) => why === null)).toBe(true);
    await expect(import('node:fs').then(({ existsSync }) => existsSync(join(dir, 'twice')))).resolves.toBe(false);
  });
  it('is not run while the disk takes nothing', async () => {
    host.isFull = true;
    await tasks().set([custom()]);
    await until(() => host.troubles.some((trouble) => trouble.startsWith('SPOOL_FULL')));
    expect(host.news).toEqual([]);
  });
  it('has a place at a time', async () => {
    const places = new Places(1);
    await places.take();
    let taken = false;
    const second = places.take().then(() => (taken = true));
    await pause(20);
    expect(taken).toBe(false);
    places.give();
    await second;
  });
  it('writes values as KEY,VALUE', () =>
    expect(valuesOf(',x\na,\n b ,c\r\nno')).toEqual([
      { key: 'a', value: '' },
      { key: 'b', value: 'c' },
    ]));
});

describe('a folder that is watched', () => {
  const watch = (over: Partial<Extract<AgentTask, { kind: 'file-watch' }>> = {}): RunningTask => {
    const task = fileWatchTask(
      { kind: 'file-watch', id: 'w', directory: dir, name: '.*\\.csv', change: 'created', notInUse: false, ...over },
      host,
      50,
    );
    stops.push(() => task.stop());
    return task;
  };
  const known = () => until(() => host.mark('watch/w/') !== undefined);
  const names = () => of('file').map(({ name, change }) => `${change} ${name}`);
  const put = (name: string, content = 'x') => writeFileSync(join(dir, name), content);

  it('tells of new files, not of those that were there, nor of other names', async () => {
    put('old.csv');
    watch();
    await known();
    put('new.csv', 'abc');
    put('new.txt');
    await until(() => names().length === 1);
    await pause(200);
    expect(of('file')).toMatchObject([{ task: 'w', directory: dir, name: 'new.csv', change: 'created', sizeBytes: 3 }]);
  });
  it('tells of what came since the task began, though it heard of it later, and of nothing before', async () => {
    put('old.csv');
    put('moved.txt');
    put('changed.csv');
    await pause(20);
    const sinceMs = Date.now();
    await pause(20);
    put('new.csv');
    put('changed.csv', 'changed');
    renameSync(join(dir, 'moved.txt'), join(dir, 'moved.csv'));
    const first = watch({ sinceMs });
    await until(() => names().length === 2);
    await first.stop();
    watch({ sinceMs });
    await pause(200);
    expect(names().sort()).toEqual(['created moved.csv', 'created new.csv']);
    const sizes = fileWatchTask(
      { kind: 'file-watch', id: 'v', directory: dir, name: '.*\\.csv', change: 'modified-size', notInUse: false, sinceMs },
      host,
      50,
    );
    stops.push(() => sizes.stop());
    await until(() => names().length === 3);
    await pause(200);
    expect(names().slice(2)).toEqual(['modified-size changed.csv']);
  });
  it('tells afterwards what came while no agent ran, once', async () => {
    const first = watch();
    await known();
    await first.stop();
    put('new.csv');
    const second = watch();
    await until(() => names().length === 1);
    await second.stop();
    watch();
    await pause(200);
    expect(names()).toEqual(['created new.csv']);
  });
  it('waits until nobody has the file open for writing', async () => {
    watch({ notInUse: true });
    await known();
    const fd = openSync(join(dir, 'new.csv'), 'w');
    writeSync(fd, 'half');
    await pause(300);
    expect(names()).toEqual([]);
    writeSync(fd, ' and half');
    closeSync(fd);
    await until(() => names().length === 1);
    expect(of('file')[0]).toMatchObject({ sizeBytes: 13 });
  });
  it.each([
    ['deleted', () => rmSync(join(dir, 'a.csv')), 1],
    // By one step each: between emptying and writing it a look may find it empty.
    ['modified-size', () => appendFileSync(join(dir, 'a.csv'), 'mor'), 4],
    ['modified-time', () => utimesSync(join(dir, 'a.csv'), 1, 1), 1],
  ] as const)('tells of a file that is %s', async (change, happens, sizeBytes) => {
    put('a.csv');
    watch({ change });
    await known();
    await pause(20);
    happens();
    put('b.csv');
    await until(() => names().length === 1);
    await pause(150);
    expect(of('file')).toMatchObject([{ change, name: 'a.csv', sizeBytes }]);
  });
  it('that is not there yet has no files', async () => {
    watch({ directory: join(dir, 'later') });
    await known();
    expect(host.troubles).toEqual([]);
  });
});

describe('an event log of Windows', () => {
  const port = (events: string[]): EventLogPort => ({
    read: async (log, query, bookmark, most) => {
      if (log === 'broken') throw new Error('access is denied');
      const from = bookmark === null ? events.length : Number(bookmark);
      const some = events.slice(from, from + most);
      return { events: some.map((text) => ({ atMs: 1, text: `${query} ${text}` })), bookmark: String(from + some.length) };
    },
  });
  it('is told from its end on, and after a restart from where it was', async () => {
    const events = ['old'];
    const task: Extract<AgentTask, { kind: 'windows-event' }> = { kind: 'windows-event', id: 'e', logs: ['System'], query: 'Q' };
    const first = windowsEventTask(task, host, port(events), 20);
    await until(() => host.mark('events/e/System') === '1');
    events.push('one');
    await until(() => host.lines.length === 1);
    await first.stop();
    events.push('two');
    const second = windowsEventTask(task, host, port(events), 20);
    await until(() => host.lines.length === 2);
    await second.stop();
    expect(host.lines).toEqual(['Q one', 'Q two']);
    expect(host.news[0]).toMatchObject({ file: 'System' });
  });
  it('that cannot be read is told of', async () => {
    const task = windowsEventTask({ kind: 'windows-event', id: 'e', logs: ['broken'], query: '' }, host, port([]), 20);
    await until(() => host.troubles.some((trouble) => trouble.includes('access is denied')));
    await task.stop();
  });
  it('is none on this system', async () => {
    await tasks().set([{ kind: 'windows-event', id: 'e', logs: [], query: '' }]);
    expect(host.troubles[0]).toContain('no event log');
  });
});

describe('a new list of tasks', () => {
  it('ends what is not in it and forgets what that remembered', async () => {
    const all = tasks();
    await all.set([custom(), { kind: 'file-watch', id: 'w', directory: dir, name: '.*', change: 'created', notInUse: false }]);
    await until(() => host.mark('watch/w/') !== undefined && host.mark('custom/c') !== undefined);
    await all.set([]);
    expect([host.marks('watch/'), host.marks('custom/')]).toEqual([[], []]);
  });
});
