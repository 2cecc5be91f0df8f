import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StartInstruction } from '@yosugara/protocol';
import { compiled, freePort, pause, until } from '@yosugara/testkit';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadIdentity, saveIdentity, saveManagers } from './identity.js';
import { FakeCluster, FakeDatabase, FakeManager } from './testing/fake-manager.js';

const APP = join(dirname(fileURLToPath(import.meta.url)), '..');
const PROGRAM = join(APP, 'bin', 'yosugara-agent.mjs');
const NODE = process.execPath;
const PATIENCE_MS = 30_000;

let cluster: FakeCluster;
let database: FakeDatabase;
let dir = '';
let config = '';
const managers: FakeManager[] = [];
const agents: ChildProcess[] = [];

beforeAll(async () => {
  compiled(APP);
  cluster = await FakeCluster.make();
}, 600_000);
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'yosugara-agent-'));
  config = join(dir, 'agent.yaml');
  database = new FakeDatabase();
});
afterEach(async () => {
  for (const agent of agents.splice(0)) await kill(agent);
  for (const manager of managers.splice(0)) await manager.close();
  rmSync(dir, { recursive: true, force: true });
});

async function kill(agent: ChildProcess): Promise<void> {
  if (agent.exitCode !== null || agent.signalCode !== null) return;
  const ended = new Promise((resolve) => agent.once('exit', resolve));
  agent.kill('SIGKILL');
  await ended;
}
async function manager(epoch: number | null, port = 0): Promise<FakeManager> {
  const made = await FakeManager.start(cluster, database, epoch, port);
  managers.push(made);
  return made;
}
async function known(...ports: readonly number[]): Promise<void> {
  writeFileSync(config, `dataDir: ${join(dir, 'data')}\nmanagers: [${ports.map((port) => `"127.0.0.1:${port}"`).join(', ')}]\n`);
  await saveIdentity(join(dir, 'data'), await cluster.identityOf('n'));
}
function agent(): ChildProcess {
  const child = spawn(NODE, [PROGRAM, 'run', '--config', config], { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.resume();
  agents.push(child);
  return child;
}
/** A manager, and an agent that it serves. */
async function pair(): Promise<{ readonly master: FakeManager; readonly child: ChildProcess }> {
  const master = await manager(5);
  await known(master.port);
  const child = agent();
  await master.serves();
  return { master, child };
}
const end = async (count = 1) => {
  await until(() => database.ends.length >= count, PATIENCE_MS);
  return database.ends[count - 1]!;
};
const marks = (file: string) => {
  try {
    return readFileSync(join(dir, file), 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
};

describe('a command', () => {
  it('is taken, checked, started and reported in this order, and its result is committed', async () => {
    const { master } = await pair();
    // It goes on until its start is told: of a command that was faster than the agent's look only the end is, with its start in it.
    master.start({ command: `echo hello; while [ ! -e ${dir}/go ]; do sleep 0.05; done; exit 3` });
    await until(() => database.of('run-started').length === 1, PATIENCE_MS);
    appendFileSync(join(dir, 'go'), '');
    expect(await end()).toMatchObject({ outcome: 'exited', code: 3, stdout: 'hello\n', startedAtMs: expect.any(Number) });
    expect(database.news.map(({ kind }) => kind)).toEqual(['run-started', 'run-ended']);
    // Where this process stands still for four seconds, the agent leaves it and says hello once more.
    const asked = master.heard.map(({ say }) => say).filter((say) => say !== 'hello');
    expect(asked.slice(0, 2)).toEqual(['taken', 'start-check']);
  });

  it('goes on while its agent is killed with -9, runs once, and its exit code is reported once', async () => {
    const { master, child } = await pair();
    master.start({ command: `echo mark >>${dir}/marks; while [ ! -e ${dir}/go ]; do sleep 0.05; done; echo late; exit 42` });
    await until(() => database.of('run-started').length === 1, PATIENCE_MS);
    await kill(child);
    const before = master.saidOf('hello').length;
    agent();
    await until(() => master.saidOf('hello').length > before, PATIENCE_MS);
    await master.serves();
    // Said again by a manager that does not know: it is running, and does not start again.
    master.start({});
    await until(() => master.saidOf('state').length > 0, PATIENCE_MS);
    expect(master.saidOf('state')[0]).toMatchObject({ state: 'running' });
    appendFileSync(join(dir, 'go'), '');
    expect(await end()).toMatchObject({ outcome: 'exited', code: 42, stdout: 'late\n' });
    expect(marks('marks')).toEqual(['mark']);
    await pause(500);
    expect(database.ends).toHaveLength(1);
    expect(database.spools.size).toBe(1);
  });

  it('that ends while no agent is there is reported by the next one', async () => {
    const { master, child } = await pair();
    master.start({
      command: `echo mark >>${dir}/marks; while [ ! -e ${dir}/go ]; do sleep 0.05; done; echo x >>${dir}/over; exit 7`,
    });
    await until(() => marks('marks').length === 1, PATIENCE_MS);
    await kill(child);
    appendFileSync(join(dir, 'go'), '');
    await until(() => marks('over').length === 1, PATIENCE_MS);
    agent();
    expect(await end()).toMatchObject({ outcome: 'exited', code: 7 });
    expect(marks('marks')).toEqual(['mark']);
  });

  it('is started by an answer that came while its agent stood still for longer than it waits for one', async () => {
    const { master, child } = await pair();
    master.answersChecks = false;
    master.start({ command: 'exit 4' });
    await until(() => master.saidOf('start-check').length === 1, PATIENCE_MS);
    child.kill('SIGSTOP');
    const { run, nonce } = master.saidOf('start-check')[0]!;
    master.say({ say: 'start-answer', run, nonce, go: true, why: 'it is so' });
    // Longer than START_CHECK_MS (libs/operations/src/agent/step.ts).
    await pause(5_500);
    child.kill('SIGCONT');
    expect(await end()).toMatchObject({ outcome: 'exited', code: 4 });
  });

  it('is stopped by order, and killed when its time is over', async () => {
    const { master } = await pair();
    master.start({ command: 'sleep 100' });
    master.start({ run: 's/u/j/n/2', command: 'sleep 100', timeoutMs: 300 });
    await until(() => database.of('run-started').length === 2, PATIENCE_MS);
    master.say({ say: 'stop', epoch: 5, run: 's/u/j/n/1', how: 'command' });
    await end(2);
    expect(new Map(database.ends.map(({ run, outcome }) => [run, outcome]))).toEqual(
      new Map([
        ['s/u/j/n/1', 'stopped'],
        ['s/u/j/n/2', 'timeout'],
      ]),
    );
  });

  it('is not started without an answer, nor against one', async () => {
    const { master } = await pair();
    master.go = false;
    master.start({ command: `echo mark >>${dir}/marks` });
    expect(await end()).toMatchObject({ outcome: 'not-started', startedAtMs: null });
    master.answersChecks = false;
    master.start({ run: 's/u/j/n/2', command: `echo mark >>${dir}/marks` });
    expect(await end(2)).toMatchObject({ outcome: 'not-started', why: expect.stringContaining('5000 ms') });
    expect(marks('marks')).toEqual([]);
  });
});

describe('a take-over', () => {
  it('is answered by an agent that waits at the heir over the connection that it has, and what runs is reported to it', async () => {
    const [first, second] = [await manager(5), await manager(null)];
    await known(first.port, second.port);
    agent();
    await first.serves();
    await until(() => second.saidOf('hello').length > 0, PATIENCE_MS);
    first.start({ command: `while [ ! -e ${dir}/go ]; do sleep 0.05; done; exit 1` });
    await until(() => database.of('run-started').length === 1, PATIENCE_MS);
    // Frozen: its connections stay, and nothing comes.
    first.isSilent = true;
    const hellos = second.saidOf('hello').length;
    second.promote(6);
    second.say({ say: 'state-of', run: 's/u/j/n/1' });
    await until(() => second.saidOf('state').length > 0, PATIENCE_MS);
    // How soon after a take-over: the lab and the benchmark of agents.
    expect(second.saidOf('hello')).toHaveLength(hellos);
    appendFileSync(join(dir, 'go'), '');
    expect(await end()).toMatchObject({ code: 1 });
    // Thawed: it says what it had to say, and nobody listens to it.
    first.isSilent = false;
    first.epoch = 5;
    first.sayRaw(`${JSON.stringify({ ...start('s/u/j/n/9', `echo mark >>${dir}/marks`), epoch: 5 })}\n`);
    await pause(300);
    second.start({ run: 's/u/j/n/8', epoch: 5, command: `echo mark >>${dir}/marks` });
    await until(() => database.of('run-refused').some(({ run }) => run === 's/u/j/n/8'), PATIENCE_MS);
    for (const refused of database.of('run-refused')) expect(refused).toMatchObject({ epoch: 5, highestEpoch: 6 });
    expect(marks('marks')).toEqual([]);
  });

  // How long it waits between two tries: link.spec.ts.
  it('without a warm heir is found as soon as one listens', async () => {
    const first = await manager(5);
    const port = await freePort();
    await known(first.port, port);
    agent();
    await first.serves();
    await first.close();
    await pause(1_000);
    const second = await manager(6, port);
    await second.serves();
  });

  it('loses and doubles no news when they could not be committed', async () => {
    const { master } = await pair();
    database.fails = true;
    // It goes on until its start is told: of one that is over before only the end is.
    master.start({ command: `while [ ! -e ${dir}/go ]; do sleep 0.05; done; exit 1` });
    await until(() => master.saidOf('news').length >= 1, PATIENCE_MS);
    appendFileSync(join(dir, 'go'), '');
    database.fails = false;
    expect(await end()).toMatchObject({ code: 1 });
    await pause(300);
    expect(database.news.map(({ kind }) => kind)).toEqual(['run-started', 'run-ended']);
  });
});

describe('a manager', () => {
  it('that says nothing for four seconds is taken for dead', async () => {
    const { master } = await pair();
    master.isSilent = true;
    await until(() => !master.isServing);
    master.isSilent = false;
    // It may have come again already, to one that heard nothing.
    master.cut();
    await master.serves();
  });
  it.each([
    ['what is no protocol', '{"say":"dance"}\n'],
    ['a line without end', 'x'.repeat(4_200_000)],
  ])('that says %s is left', async (_, text) => {
    const { master } = await pair();
    const before = master.saidOf('hello').length;
    master.sayRaw(text);
    await until(() => master.saidOf('hello').length > before, PATIENCE_MS);
    await master.serves();
  });
});

describe('a folder', () => {
  it('belongs to one agent, also while that one stands still', async () => {
    const { child } = await pair();
    child.kill('SIGSTOP');
    try {
      for (const [verb, says] of [
        ['run', 'another agent has the folder'],
        ['status', 'stands still'],
      ] as const)
        expect(await execFileAsync([verb, '--config', config])).toMatchObject({ code: 1, stderr: expect.stringContaining(says) });
    } finally {
      child.kill('SIGCONT');
    }
  });
});

describe('an identity', () => {
  it('is joined with a token to the manager that its fingerprint names', async () => {
    const master = await manager(5);
    const token = 'a-token-of-the-cluster';
    master.tokens.add(token);
    writeFileSync(join(dir, 'token'), `${token}\n`);
    writeFileSync(config, `dataDir: ${join(dir, 'data')}\n`);
    const join_ = (fingerprint: string) =>
      execFileAsync([
        'join',
        '--manager',
        `127.0.0.1:${master.port}`,
        '--token-file',
        join(dir, 'token'),
        '--ca-fingerprint',
        fingerprint,
        '--agent',
        'n',
        '--config',
        config,
      ]);
    expect(await join_('0'.repeat(64))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no certificate with that fingerprint'),
    });
    expect(master.tokens.size).toBe(1);
    expect(await join_(cluster.fingerprint)).toMatchObject({ code: 0 });
    expect(await join_(cluster.fingerprint)).toMatchObject({ code: 1, stderr: expect.stringContaining('--force') });
    agent();
    await master.serves();
    // It is served from when it has read the welcome, not from when that was said.
    const status = async () =>
      JSON.parse((await execFileAsync(['status', '--config', config])).stdout) as { master: string | null };
    await until(async () => (await status()).master !== null, PATIENCE_MS);
    expect(await status()).toMatchObject({ agent: 'n', master: `127.0.0.1:${master.port}`, highestEpoch: 5 });
    expect(await execFileAsync(['run', '--config', config])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('another agent'),
    });
  });

  it('is renewed by itself when two thirds of its life are over', async () => {
    const master = await manager(5);
    await known(master.port);
    const old = await cluster.identityOf('n', Date.now() - 250 * 24 * 3_600_000);
    await saveIdentity(join(dir, 'data'), old);
    await saveManagers(join(dir, 'data'), []);
    agent();
    await until(async () => (await loadIdentity(join(dir, 'data'))).certificate !== old.certificate, PATIENCE_MS);
    await until(() => master.saidOf('hello').length >= 2, PATIENCE_MS);
    await master.serves();
    expect((await loadIdentity(join(dir, 'data'))).key).not.toBe(old.key);
  });

  it('has the managers’ new authorities on its disk when it says so, and its connection stays', async () => {
    const master = await manager(5);
    await known(master.port);
    agent();
    await master.serves();
    const { authority } = await FakeCluster.make();
    const both = `${cluster.authority}${authority}`;
    const hellos = master.saidOf('hello').length;
    master.say({ say: 'trust', authority: both });
    await until(() => master.saidOf('trusts').length > 0, PATIENCE_MS);
    expect(master.saidOf('trusts')[0]!.digest).toBe(createHash('sha256').update(both).digest('hex'));
    expect((await loadIdentity(join(dir, 'data'))).authority).toBe(both);
    master.say({ say: 'trust', authority: 'what is no certificate' });
    await until(() => database.of('trouble').some(({ code }) => code === 'CERTIFICATE'), PATIENCE_MS);
    expect((await loadIdentity(join(dir, 'data'))).authority).toBe(both);
    expect(master.saidOf('hello')).toHaveLength(hellos);
    // Whoever it knows by the new authority alone is let in on as before.
    master.cut();
    await until(() => master.saidOf('hello').length > hellos, PATIENCE_MS);
  });
});

const start = (run: string, command: string): StartInstruction => ({
  ...{ say: 'start', epoch: 5, run, command, user: null, environment: {}, script: null, stopCommand: null, timeoutMs: null },
  ...{ keepOutputBytes: 100, stdout: null, stderr: null, variables: [] },
});

async function execFileAsync(
  args: readonly string[],
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(NODE, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
  const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? -1)));
  return { code, stdout, stderr };
}
