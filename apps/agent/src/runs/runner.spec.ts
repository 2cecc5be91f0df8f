import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { re2Patterns } from '@yosugara/connectors/patterns';
import { SILENT_LOG } from '@yosugara/kernel';
import type { AgentEvent, RunFacts } from '@yosugara/operations/agent';
import type { StartInstruction } from '@yosugara/protocol';
import { pause, until } from '@yosugara/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { capture, textOf } from './output.js';
import { isAlive, statOf } from './processes.js';
import { Runner } from './runner.js';

let dir = '';
let runner: Runner;
let events: AgentEvent[] = [];
let troubles: string[] = [];
const made = () =>
  new Runner({
    ...{ dir: join(dir, 'runs'), patterns: re2Patterns(), log: SILENT_LOG, onEvent: (event) => void events.push(event) },
    onTrouble: (code, message) => void troubles.push(`${code} ${message}`),
  });
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'yosugara-runner-'));
  [events, troubles] = [[], []];
  runner = made();
  await runner.tidy([]);
});
afterEach(async () => {
  for (const run of new Set(events.flatMap((event) => ('run' in event ? [event.run] : [])))) await runner.clean(run, true);
  runner.close();
  rmSync(dir, { recursive: true, force: true });
});

const instruction = (command: string, over: Partial<StartInstruction> = {}): StartInstruction => ({
  ...{ say: 'start', epoch: 1, run: 's/u/j/n/1', command, user: null, environment: {}, script: null, stopCommand: null },
  ...{ timeoutMs: null, keepOutputBytes: 1_000, stdout: null, stderr: null, variables: [], ...over },
});
const of = <Kind extends AgentEvent['kind']>(kind: Kind) =>
  events.find((event) => event.kind === kind) as Extract<AgentEvent, { kind: Kind }>;
async function facts(): Promise<RunFacts> {
  await until(() => of('exited') !== undefined || of('launch-failed') !== undefined || of('lost') !== undefined);
  if (of('exited') === undefined) throw new Error(JSON.stringify(events));
  return of('exited').facts;
}
async function run(command: string, over: Partial<StartInstruction> = {}): Promise<RunFacts> {
  runner.launch(instruction(command, over));
  return await facts();
}
const launched = async () => {
  await until(() => of('launched') !== undefined);
  return of('launched').pid;
};

describe('a command', () => {
  it('has its exit code, its outputs and how long they were', async () => {
    expect(await run('echo out; echo err >&2; exit 7')).toMatchObject({
      code: 7,
      signal: null,
      stdout: 'out\n',
      stderr: 'err\n',
      stdoutBytes: 4,
      stderrBytes: 4,
    });
  });
  it('keeps the last bytes of a long output, and counts all', async () => {
    const { stdout, stdoutBytes } = await run('i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done', {
      keepOutputBytes: 100,
    });
    expect(stdout.length).toBe(100);
    expect(stdout.endsWith('line 2999\n')).toBe(true);
    expect(stdoutBytes).toBe(Array.from({ length: 3_000 }, (_, at) => `line ${at}\n`.length).reduce((sum, each) => sum + each));
  });
  it('makes NUL and what is no UTF-8 storable', async () => {
    expect((await run(String.raw`printf 'a\000b\377\303\251'`)).stdout).toBe('a\ufffdb\ufffdé');
  });
  it('has variables by the first group, or by all that matched, from more than is kept', async () => {
    const variables = [
      { name: 'VERSION', from: 'stdout' as const, pattern: 'version=(\\d+)' },
      { name: 'WORD', from: 'stderr' as const, pattern: 'wo.d' },
      { name: 'NONE', from: 'stdout' as const, pattern: 'x(y)z' },
      { name: 'WRONG', from: 'stdout' as const, pattern: '(' },
    ];
    const found = await run('echo version=42; echo a word >&2', { variables, keepOutputBytes: 0 });
    expect(found.variables).toEqual({ VERSION: '42', WORD: 'word' });
    expect(found.stdout).toBe('');
  });
  it('has the environment that its job says, and its run id', async () => {
    const { stdout } = await run('echo "$A|$YOSUGARA_RUN|$HOME|$0"', { environment: { A: "it's $x" } });
    expect(stdout).toBe(`it's $x|s/u/j/n/1|${process.env['HOME']}|/bin/sh\n`);
  });
  it('has each variable that its job says, also such as its keeper might use', async () => {
    const environment = Object.fromEntries(
      ['d', 'u', 'g', 's', 'cmd', 'out', 'err', 'home', 'pid', 'size'].map((name) => [name, `of ${name}`]),
    );
    const { stdout } = await run('echo "$d|$u|$g|$s|$cmd|$out|$err|$home|$pid|$size"', { environment });
    expect(stdout.trim().split('|')).toEqual(Object.values(environment));
  });
  it('runs a script that nobody else can read, and takes it away afterwards', async () => {
    const script = { name: 'job.sh', content: '#!/bin/sh\necho "$0 $1"; stat -c %a "$0" "$(dirname "$0")"\n' };
    const { stdout } = await run('#[SCRIPT] one', { script });
    const [first, ...modes] = stdout.trim().split('\n');
    const path = first!.split(' ')[0]!;
    expect(first).toMatch(/job\.sh one$/);
    expect(modes).toEqual(['700', '700']);
    await runner.clean('s/u/j/n/1', false);
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(join(dir, 'runs'))).toEqual([]);
  });
  it('leaves a daemon that it began alone, and ends when it ends itself', async () => {
    const begunMs = performance.now();
    const { stdout, code } = await run('sleep 60 & echo $!');
    expect(code).toBe(0);
    expect(performance.now() - begunMs).toBeLessThan(20_000);
    expect(await statOf(Number(stdout))).not.toBeNull();
    await runner.clean('s/u/j/n/1', true);
    await until(async () => (await statOf(Number(stdout))) === null);
  });
});

describe('another user', () => {
  const isRoot = process.getuid?.() === 0;
  it.runIf(isRoot)('has its own groups, home and nothing of root', async () => {
    const { stdout } = await run('id -un; id -Gn; echo $HOME; grep CapEff /proc/self/status', { user: 'nobody' });
    const [name, groups, home, capabilities] = stdout.trim().split('\n');
    expect([name, groups, home]).toEqual([
      'nobody',
      execFileSync('id', ['-Gn', 'nobody'], { encoding: 'utf8' }).trim(),
      '/nonexistent',
    ]);
    expect(capabilities).toMatch(/\t0{16}$/);
  });
  it.runIf(isRoot)('can run its script', async () => {
    expect(await run('#[SCRIPT]', { user: 'nobody', script: { name: 'a.sh', content: '#!/bin/sh\nid -un\n' } })).toMatchObject({
      stdout: 'nobody\n',
      code: 0,
    });
  });
  it('that is none is not started, and says why', async () => {
    runner.launch(instruction('true', { user: 'nobody-here' }));
    await until(() => of('launch-failed') !== undefined);
    expect(of('launch-failed').why).toContain('no account "nobody-here"');
  });
  it.runIf(isRoot)('writes its output file as himself; one that he may not write is noted, and the output kept', async () => {
    const stdout = { path: '/root/yosugara-never.log', append: true };
    const found = await run('echo hello', { user: 'nobody', stdout });
    expect(found).toMatchObject({ stdout: 'hello\n', outputTrouble: expect.stringContaining('/root/yosugara-never.log') });
    expect(existsSync(stdout.path)).toBe(false);
  });
});

describe('an output file', () => {
  it.each([
    [true, 'before\nhello\n'],
    [false, 'hello\n'],
  ])('append %s', async (append, content) => {
    const path = join(dir, 'log');
    writeFileSync(path, 'before\n');
    const found = await run('echo hello', { stdout: { path, append } });
    expect(readFileSync(path, 'utf8')).toBe(content);
    expect(found).toMatchObject({ stdout: 'hello\n', stdoutBytes: 6, outputTrouble: null });
  });
});

describe('an order to end', () => {
  it('by SIGTERM reaches all of the group', async () => {
    runner.launch(instruction('sleep 100 & sleep 100; echo never'));
    const pid = await launched();
    runner.endIt('s/u/j/n/1', 'stop');
    expect(await facts()).toMatchObject({ code: 143, signal: 'SIGTERM', stdout: '' });
    expect(await statOf(pid)).toBeNull();
  });
  it('by SIGKILL ends what takes no notice of SIGTERM', async () => {
    runner.launch(instruction('trap "echo not me" TERM; echo ready; while :; do sleep 0.05; done'));
    await launched();
    await until(
      async () => (await capture(join(dir, 'runs', readdirSync(join(dir, 'runs'))[0]!, 'out'), 0, 100)).text === 'ready\n',
    );
    runner.endIt('s/u/j/n/1', 'stop');
    await until(async () =>
      (await capture(join(dir, 'runs', readdirSync(join(dir, 'runs'))[0]!, 'out'), 0, 100)).text.includes('not me'),
    );
    runner.endIt('s/u/j/n/1', 'kill');
    expect(await facts()).toMatchObject({ signal: 'SIGKILL' });
  });
  it('by its stop command knows its process; one that fails is told of', async () => {
    runner.launch(
      // Until it is written: the shell makes the file a moment before.
      instruction('while [ ! -s stop ]; do sleep 0.05; done; exit 5'.replace('stop', join(dir, 'stop')), {
        stopCommand: `echo $YOSUGARA_PID >${dir}/stop`,
      }),
    );
    const pid = await launched();
    runner.endIt('s/u/j/n/1', 'stop');
    expect(await facts()).toMatchObject({ code: 5 });
    expect(readFileSync(join(dir, 'stop'), 'utf8')).toBe(`${pid}\n`);
  });
  it('by a stop command that fails leaves the command alone', async () => {
    runner.launch(instruction('sleep 100', { stopCommand: 'exit 3' }));
    const pid = await launched();
    runner.endIt('s/u/j/n/1', 'stop');
    await until(() => troubles.length > 0);
    expect(troubles[0]).toContain('exited 3');
    expect(await statOf(pid)).not.toBeNull();
    runner.endIt('s/u/j/n/1', 'kill');
    await facts();
  });
});

describe('another agent, after the first one died', () => {
  const again = (command: string, wasLaunched = true, sameBoot = true) =>
    made().find(instruction(command), wasLaunched, sameBoot);
  it('finds a command that goes on, and its exit code when it ends', async () => {
    runner.launch(instruction(`while [ ! -e ${dir}/go ]; do sleep 0.05; done; echo late; exit 9`));
    const pid = await launched();
    runner.close();
    runner = made();
    expect(await runner.find(instruction('x'), true, true)).toMatchObject({ what: 'running', pid });
    appendFileSync(join(dir, 'go'), '');
    expect(await facts()).toMatchObject({ code: 9, stdout: 'late\n' });
  });
  it('finds the exit code of one that ended meanwhile', async () => {
    await run('echo done; exit 4');
    runner.close();
    expect(await again('x')).toMatchObject({ what: 'exited', facts: { code: 4, stdout: 'done\n' } });
  });
  it('shuts the door on one that has not begun', async () => {
    expect(await again('x')).toEqual({ what: 'unbegun' });
    expect(await again('x', false)).toEqual({ what: 'unbegun' });
  });
  it('does not know what became of one whose keeper was killed with it', async () => {
    runner.launch(instruction('sleep 100'));
    const pid = await launched();
    const keeper = Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[1]);
    runner.close();
    process.kill(keeper, 'SIGKILL');
    process.kill(-pid, 'SIGKILL');
    await until(async () => (await statOf(pid)) === null && (await statOf(keeper)) === null);
    expect(await again('x')).toMatchObject({ what: 'gone' });
  });
  it('takes nothing for alive that was before the host went down', async () => {
    runner.launch(instruction('sleep 100'));
    await launched();
    expect(await again('x', true, false)).toMatchObject({ what: 'gone', why: expect.stringContaining('host') });
  });
  it('goes on looking at a command whose keeper was killed, and says at its end that nobody knows', async () => {
    runner.launch(instruction(`while [ ! -e ${dir}/go ]; do sleep 0.05; done`));
    const pid = await launched();
    process.kill(Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[1]), 'SIGKILL');
    await pause(600);
    expect(of('lost')).toBeUndefined();
    appendFileSync(join(dir, 'go'), '');
    await until(() => of('lost') !== undefined);
  });
});

it('a process that has the number of another one is not taken for it', async () => {
  const child = spawn('sleep', ['30']);
  const stat = (await statOf(child.pid!))!;
  expect(await isAlive({ pid: child.pid!, startTicks: stat.startTicks })).toBe(true);
  expect(await isAlive({ pid: child.pid!, startTicks: '1' })).toBe(false);
  child.kill('SIGKILL');
});

it('a text that is cut in the middle of a character loses that one only', () => {
  expect(textOf(Buffer.from('é日x').subarray(1), true)).toBe('日x');
  expect(textOf(Buffer.from('é日x').subarray(1), false)).toBe('\ufffd日x');
});

it('folders of runs that are over are taken away at the beginning', async () => {
  await run('true');
  await runner.tidy([]);
  expect(readdirSync(join(dir, 'runs'))).toEqual([]);
  expect(statSync(join(dir, 'runs')).mode & 0o777).toBe(0o700);
});
