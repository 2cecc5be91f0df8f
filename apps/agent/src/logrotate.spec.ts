import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compiled, until } from '@yosugara/testkit';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { saveIdentity } from './identity.js';
import { FakeCluster, FakeDatabase, FakeManager } from './testing/fake-manager.js';

const APP = join(dirname(fileURLToPath(import.meta.url)), '..');
const PROGRAM = join(APP, 'bin', 'yosugara-agent.mjs');
const LOGROTATE = ['/usr/sbin/logrotate', '/usr/bin/logrotate'].find((program) => existsSync(program));
const PATIENCE_MS = 60_000;
const MANY = 6_000;

let cluster: FakeCluster;
let database: FakeDatabase;
let master: FakeManager;
let dir = '';
let child: ChildProcess | null = null;

beforeAll(async () => {
  compiled(APP);
  cluster = await FakeCluster.make();
}, 600_000);
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'yosugara-logrotate-'));
  mkdirSync(join(dir, 'log'));
  database = new FakeDatabase();
  master = await FakeManager.start(cluster, database, 5);
  writeFileSync(join(dir, 'agent.yaml'), `dataDir: ${join(dir, 'data')}\nmanagers: ["127.0.0.1:${master.port}"]\n`);
  await saveIdentity(join(dir, 'data'), await cluster.identityOf('n'));
});
afterEach(async () => {
  await kill();
  await master.close();
  rmSync(dir, { recursive: true, force: true });
});

function begin(): void {
  child = spawn(process.execPath, [PROGRAM, 'run', '--config', join(dir, 'agent.yaml')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
async function kill(): Promise<void> {
  const ending = child;
  child = null;
  if (ending === null) return;
  const ended = new Promise((resolve) => ending.once('exit', resolve));
  ending.kill('SIGKILL');
  await ended;
}
const write = (...lines: readonly string[]) =>
  appendFileSync(join(dir, 'log', 'app.log'), lines.map((line) => `${line}\n`).join(''));
const told = () => database.of('lines').flatMap(({ lines }) => lines.map(({ text }) => text));
const numbered = (name: string, count: number) => Array.from({ length: count }, (_, at) => `${name} ${at}`);

/** By the program itself, with its own words for it. */
function rotate(): void {
  const [conf, state] = [join(dir, 'logrotate.conf'), join(dir, 'logrotate.state')];
  writeFileSync(conf, `${join(dir, 'log', 'app.log')} {\n  su root root\n  copytruncate\n  rotate 5\n}\n`, { mode: 0o644 });
  execFileSync(LOGROTATE!, ['--force', '--state', state, conf], { stdio: 'pipe' });
}

/** What was there before it is nobody's news; from the first look on all of it is. @returns how many lines were told by then. */
async function followed(name: string): Promise<number> {
  const task = {
    kind: 'log-file',
    id: 't',
    directory: join(dir, 'log'),
    name,
    encoding: 'utf-8',
    head: null,
    tail: null,
  } as const;
  begin();
  await master.serves();
  master.say({ say: 'tasks', epoch: 5, version: 1, tasks: [{ ...task, maxLineBytes: 1_000 }] });
  await until(async () => {
    write('a line of so many bytes that one file can be told from another');
    await new Promise((resolve) => setTimeout(resolve, 200));
    return told().length > 0;
  }, PATIENCE_MS);
  // All that was written so far.
  write('begun');
  await until(() => told().includes('begun'), PATIENCE_MS);
  return told().length;
}

describe.skipIf(LOGROTATE === undefined || process.getuid?.() !== 0)('logrotate with copytruncate', () => {
  it.each(['app\\.log', 'app\\.log.*'])(
    'tells each line once, however often the agent is killed before it knows of it (%s)',
    async (name) => {
      const before = await followed(name);
      // It sees nothing of what follows.
      child!.kill('SIGSTOP');
      write(...numbered('one', MANY));
      rotate();
      expect(readdirSync(join(dir, 'log')).sort()).toEqual(['app.log', 'app.log.1']);
      write(...numbered('two', 10));
      await kill();
      for (let heard = before, kills = 0; kills < 4; kills++) {
        begin();
        // As soon as some of the copy is told: the rest is not.
        await until(() => told().length > heard, PATIENCE_MS);
        await kill();
        heard = told().length;
        if (told().includes('two 0')) break;
      }
      begin();
      await until(() => told().includes('two 9'), PATIENCE_MS);
      write('three');
      rotate();
      write('four');
      await until(() => told().includes('four'), PATIENCE_MS);
      // Once more, so that what it remembers is all that it has.
      await kill();
      begin();
      write('five');
      await until(() => told().includes('five'), PATIENCE_MS);
      expect(told().slice(before)).toEqual([...numbered('one', MANY), ...numbered('two', 10), 'three', 'four', 'five']);
    },
    300_000,
  );
});
