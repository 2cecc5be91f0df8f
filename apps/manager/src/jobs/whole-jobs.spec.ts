import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { JobLinks } from '@yosugara/protocol';
import { freePort } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROBE_TOKEN } from '../testing/harness.js';
import { until } from './testing/job-world.js';
import { type AgentProcess, buildAgent, WholeCluster } from './testing/whole-cluster.js';

const BIG_BYTES = 24 * 1_048_576;
const SOON_MS = 100_000;

let here: WholeCluster;
/** Of another site. */
let there: WholeCluster;
let source: AgentProcess;
let target: AgentProcess;
let number = 0;

beforeAll(async () => {
  buildAgent();
  here = await WholeCluster.open(93);
  there = await WholeCluster.open(94);
  source = await here.agent('src');
  target = await here.agent('dst');
}, 600_000);
afterAll(async () => {
  await here?.close();
  await there?.close();
});

/** Units and folders of one test. */
function place(): { readonly unit: string; readonly from: string; readonly to: string } {
  const unit = `unit-${++number}`;
  const [from, to] = ['from', 'to'].map((name) => join(here.dir, unit, name)) as [string, string];
  for (const folder of [from, to]) mkdirSync(folder, { recursive: true });
  return { unit, from, to };
}
const unitOf = (id: string, jobs: readonly object[]) => ({ kind: 'job-unit', id, body: { name: id, timeZone: 'UTC', jobs } });
const after = (job: string) => ({ groups: [{ conditions: [{ kind: 'end-status', job, status: ['normal'] }] }] });
/** Runs a unit of these jobs to its end. */
async function run(unit: string, jobs: readonly object[]) {
  await here.apply(unitOf(unit, jobs));
  const session = await here.start(unit);
  return { session, ended: await here.ended(session) };
}
const transfer = (from: string, to: string, more: object = {}) => ({
  ...{ type: 'file-transfer', id: 't', source: { facility: 'src', directory: from, name: '.*\\.dat' } },
  target: { facility: 'dst', directory: to },
  ...more,
});
const parts = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.yosugara-part'));
/** What of a copy is there when it has come so far. */
const partOf = async (folder: string, bytes: number) =>
  await until(
    `more than ${bytes} bytes are there`,
    () => {
      const [part] = parts(folder);
      return part !== undefined && statSync(join(folder, part)).size > bytes && join(folder, part);
    },
    SOON_MS,
  );

describe('a file transfer between two agents', () => {
  it('copies what is named so, with its mode, and nothing of it stays behind', async () => {
    const { unit, from, to } = place();
    const [one, two] = [randomBytes(2_000_000), randomBytes(7)];
    writeFileSync(join(from, 'one.dat'), one);
    writeFileSync(join(from, 'two.dat'), two);
    writeFileSync(join(from, 'other'), 'x');
    chmodSync(join(from, 'one.dat'), 0o640);
    const { session, ended } = await run(unit, [transfer(from, to)]);
    expect([ended.endStatus, readdirSync(to)]).toEqual(['normal', ['one.dat', 'two.dat']]);
    expect(readFileSync(join(to, 'one.dat')).equals(one)).toBe(true);
    expect(readFileSync(join(to, 'two.dat')).equals(two)).toBe(true);
    expect(statSync(join(to, 'one.dat')).mode & 0o777).toBe(0o640);
    const { runs } = await here.job(session, 't');
    expect(runs.map(({ facility, message }) => [facility, message])).toEqual([
      ['list src', 'one.dat, two.dat'],
      ['dst', '2 files with 2000007 bytes were copied.'],
    ]);
  });

  it('is no success where no file is named so, and what it leads to does not run', async () => {
    const { unit, from, to } = place();
    const next = {
      type: 'command',
      id: 'next',
      facility: 'dst',
      command: 'true',
      wait: { ...after('t'), unmatched: { status: 'warning', value: 1 } },
    };
    const { session, ended } = await run(unit, [transfer(from, to), next]);
    expect(ended.jobs.map(({ job, endStatus, state }) => [job, endStatus, state])).toEqual([
      ['t', 'abnormal', 'ended'],
      ['next', 'warning', 'ended-unmatched'],
    ]);
    expect((await here.job(session, 't')).why).toContain('no file in');
  });

  it('whose target is killed in the middle says so, waits for it, and goes on from what is there', async () => {
    const { unit, from, to } = place();
    const content = randomBytes(BIG_BYTES);
    writeFileSync(join(from, 'big.dat'), content);
    // Without the checksum, so that what is changed in what is there shows that it was not sent once more.
    await here.apply(unitOf(unit, [transfer(from, to, { checksum: false })]));
    const session = await here.start(unit);
    const part = await partOf(to, 2_000_000);
    await target.kill();
    const file = openSync(part, 'r+');
    writeSync(file, Buffer.from('mine'), 0, 4, 0);
    const waiting = async () => (await here.job(session, 't')).runs.find(({ facility }) => facility === 'dst')?.message;
    await until('it waits for the agent', async () => /the agent of dst is not there/.test((await waiting()) ?? ''), SOON_MS);
    expect(await waiting()).toMatch(/^\d+\.\d of 24\.0 MiB, big\.dat/);
    expect((await here.session(session)).state).toBe('running');
    expect(existsSync(join(to, 'big.dat'))).toBe(false);
    target.run();
    expect((await here.ended(session)).endStatus).toBe('normal');
    content.write('mine', 0);
    expect(readFileSync(join(to, 'big.dat')).equals(content)).toBe(true);
    expect(readdirSync(to)).toEqual(['big.dat']);
  });

  it('that goes on from what somebody spoiled is refused by its checksum, and copied anew by its retry', async () => {
    const { unit, from, to } = place();
    const content = randomBytes(BIG_BYTES);
    writeFileSync(join(from, 'big.dat'), content);
    writeFileSync(join(to, 'big.dat'), 'before');
    await here.apply(unitOf(unit, [transfer(from, to, { retry: { attempts: 2, intervalMinutes: 0 } })]));
    const session = await here.start(unit);
    const part = await partOf(to, 2_000_000);
    await source.kill();
    writeSync(openSync(part, 'r+'), Buffer.from('mine'), 0, 4, 0);
    await here.hasAgent('src', false);
    source.run();
    const ended = await here.ended(session);
    expect([ended.endStatus, ended.jobs[0]?.attempt]).toEqual(['normal', 2]);
    expect((await here.history(session)).map(({ text }) => text).join('\n')).toContain('the checksum of');
    expect(readFileSync(join(to, 'big.dat')).equals(content)).toBe(true);
  });

  it('of a file that changes meanwhile is refused, and what was there stays', async () => {
    const { unit, from, to } = place();
    writeFileSync(join(from, 'big.dat'), randomBytes(BIG_BYTES));
    writeFileSync(join(to, 'big.dat'), 'before');
    await here.apply(unitOf(unit, [transfer(from, to)]));
    const session = await here.start(unit);
    await partOf(to, 1_000_000);
    appendFileSync(join(from, 'big.dat'), 'one more line');
    const ended = await here.ended(session);
    expect(ended.endStatus).toBe('abnormal');
    expect((await here.job(session, 't')).why).toMatch(/big\.dat changed while it was copied/);
    expect(readFileSync(join(to, 'big.dat'), 'utf8')).toBe('before');
  });

  it('that is stopped goes no further', async () => {
    const { unit, from, to } = place();
    writeFileSync(join(from, 'big.dat'), randomBytes(BIG_BYTES));
    await here.apply(unitOf(unit, [transfer(from, to)]));
    const session = await here.start(unit);
    await partOf(to, 1_000_000);
    await target.kill();
    await here.post(`/job-sessions/${session}/operations`, { operation: 'stop', job: 't' });
    await here.jobIs(session, 't', 'stopped');
    target.run();
    await here.hasAgent('dst');
    // What runs after it on the same agents is done; nothing of the one before is.
    const { ended } = await run(`${unit}-next`, [{ type: 'command', id: 'c', facility: 'dst', command: 'true' }]);
    expect(ended.endStatus).toBe('normal');
    expect(existsSync(join(to, 'big.dat'))).toBe(false);
  });

  it('does not wait longer for an agent than it is told to', async () => {
    const { unit, from, to } = place();
    await here.apply({ kind: 'node', id: 'never', body: { name: 'never', addresses: ['127.0.0.1'] } });
    writeFileSync(join(from, 'one.dat'), 'x');
    const never = transfer(from, to, { target: { facility: 'never', directory: to } });
    const { session, ended } = await run(unit, [never]);
    expect(ended.jobs[0]?.state).toBe('not-managed');
    expect((await here.job(session, 't')).why).toContain('no agent has joined on never');
  });
});

describe('a message', () => {
  const receive = (id: string) => [
    { type: 'link-receive', id: 'r', messageId: id, pattern: '^done' },
    { type: 'command', id: 'c', facility: 'src', command: 'echo #[LINK_MESSAGE]', wait: after('r') },
  ];
  const send = (id: string, more: object = {}) => [
    { type: 'link-send', id: 's', messageId: id, message: 'done by #[SESSION_ID]', values: { day: '#[START_DATE]' }, ...more },
  ];

  it('of a job reaches the job that waits for it in the same cluster', async () => {
    const { unit } = place();
    await here.apply(unitOf(`${unit}-r`, receive('within')));
    const waits = await here.start(`${unit}-r`);
    await here.jobIs(waits, 'r', 'running');
    const { session, ended } = await run(unit, send('within'));
    expect(ended.endStatus).toBe('normal');
    expect((await here.ended(waits)).endStatus).toBe('normal');
    expect((await here.job(waits, 'c')).outputs[0]?.stdout).toBe(`done by ${session}\n`);
  });

  it('reaches another cluster by its API: once, whatever is lost on the way, and begins what waits for it there', async () => {
    const { unit } = place();
    await there.apply(
      {
        kind: 'job-unit',
        id: 'hears',
        body: {
          name: 'hears',
          timeZone: 'UTC',
          jobs: [{ type: 'approval', id: 'ask', role: 'operator', sentence: 'Go on with #[MESSAGE]?' }],
        },
      },
      { kind: 'job-trigger', id: 'heard', body: { type: 'link-receive', unit: 'hears', messageId: 'abroad', pattern: '^done' } },
    );
    // The first answer is lost: it is said again, under the same id.
    const way = await brokenWay(new URL(there.url));
    await here.apply({
      ...{ kind: 'rest-access', id: 'abroad' },
      body: { url: way.url, auth: { type: 'bearer', token: PROBE_TOKEN }, retries: 1 },
    });
    try {
      const { session, ended } = await run(unit, send('abroad', { address: way.url, access: 'abroad', attempts: 1 }));
      expect(ended.endStatus).toBe('normal');
      const { messages } = await there.get<JobLinks>('/job-links?messageId=abroad');
      expect(messages).toMatchObject([{ message: `done by ${session}`, priority: 'info', values: { day: expect.any(String) } }]);
      expect(way.connections()).toBeGreaterThan(1);
    } finally {
      way.close();
    }
    const { rows } = await there.get<{ rows: { id: string; trigger: object; variables: object }[] }>('/job-sessions?unit=hears');
    expect(rows).toMatchObject([{ trigger: { type: 'link-receive', id: 'heard' } }]);
    await there.post(`/job-sessions/${rows[0]!.id}/operations`, { operation: 'approve', job: 'ask', by: 'eva' });
    expect((await there.ended(rows[0]!.id)).endStatus).toBe('normal');
  });

  it('that the other cluster refuses ends the job as it says, and why is told', async () => {
    const { unit } = place();
    await here.apply({
      kind: 'rest-access',
      id: 'wrong',
      body: { url: there.url, auth: { type: 'bearer', token: 'of-nobody' } },
    });
    const otherwise = { status: 'warning', value: 4 };
    const { session, ended } = await run(unit, send('refused', { address: there.url, access: 'wrong', attempts: 1, otherwise }));
    expect([ended.endStatus, ended.endValue]).toEqual(['warning', 4]);
    expect((await here.job(session, 's')).why).toContain('401');
  });
});

describe('a monitor as a job', () => {
  /** Switched off: only a job looks. */
  const monitor = (id: string, body: object) => ({ kind: 'monitor', id, enabled: false, body: { facility: 'src', ...body } });
  const once = (id: string) => [
    { type: 'monitor', id: 'm', monitor: id, facility: 'src', endStatus: { normal: '0', warning: '1' } },
  ];

  it('looks once, from the manager or by the agent, and ends with the value of what it found', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => listener.once('listening', resolve));
    const open = (listener.address() as { port: number }).port;
    const port = (number: number) => ({
      type: 'port',
      check: { service: 'tcp', port: number },
      numeric: { info: [0, 60_000], warning: [0, 60_000] },
    });
    await here.apply(
      { kind: 'node', id: 'src', body: { name: 'src', addresses: ['127.0.0.1'] } },
      monitor('open', port(open)),
      monitor('closed', port(await freePort())),
      monitor('load', {
        type: 'resource',
        check: { resource: 'cpu.load1', by: 'agent' },
        numeric: { info: [0, 1e6], warning: [0, 1e6] },
      }),
      monitor('busy', {
        type: 'resource',
        check: { resource: 'memory.used', by: 'agent' },
        numeric: { info: [0, 0], warning: [0, 1e6] },
      }),
    );
    const ends = async (id: string) => {
      const { ended } = await run(`${place().unit}-${id}`, once(id));
      return [ended.jobs[0]?.endStatus, ended.jobs[0]?.endValue];
    };
    try {
      expect(await ends('open')).toEqual(['normal', 0]);
      expect(await ends('closed')).toEqual(['abnormal', -1]);
      expect(await ends('load')).toEqual(['normal', 0]);
      expect(await ends('busy')).toEqual(['warning', 1]);
    } finally {
      listener.close();
    }
  });

  it('that does not look by itself cannot be one', async () => {
    await here.apply(
      monitor('lines', {
        type: 'log-file',
        check: { directory: '/tmp', file: 'x' },
        rules: [{ pattern: 'x', mode: 'contains', action: 'process', priority: 'info', message: 'x' }],
      }),
    );
    const { session, ended } = await run(place().unit, once('lines'));
    expect([ended.endStatus, ended.endValue]).toEqual(['abnormal', -1]);
    expect((await here.job(session, 'm')).runs[0]?.message).toContain('is not one that looks by itself');
  });
});

describe('a check for files', () => {
  it('sees one that comes, and hands it on to what follows', async () => {
    const { unit, from } = place();
    await here.apply(
      unitOf(unit, [
        { type: 'file-check', id: 'f', facility: 'src', file: { directory: from, name: 'in\\.(.*)' } },
        { type: 'command', id: 'c', facility: 'src', command: 'cat #[FDIRECTORY]/#[FFILENAME]', wait: after('f') },
      ]),
    );
    writeFileSync(join(from, 'in.41'), 'what was there');
    const session = await here.start(unit);
    await here.jobIs(session, 'f', 'running');
    // Perhaps the agent has not even heard of it yet.
    writeFileSync(join(from, 'in.42'), 'what came');
    expect((await here.ended(session)).endStatus).toBe('normal');
    expect((await here.job(session, 'c')).outputs[0]?.stdout).toBe('what came');
  });
});

describe('a command', () => {
  it('that a signal ended is told apart from one that returned the number which shells give for it', async () => {
    const { session, ended } = await run(place().unit, [
      { type: 'command', id: 'killed', facility: 'src', command: 'kill -KILL $$' },
      { type: 'command', id: 'returned', facility: 'src', command: 'exit 137' },
    ]);
    expect(ended.endStatus).toBe('abnormal');
    const node = async (job: string) => (await here.job(session, job)).runs[0];
    expect(await node('killed')).toMatchObject({
      state: 'ended',
      returnValue: null,
      message: expect.stringContaining('killed by SIGKILL'),
    });
    expect(await node('returned')).toMatchObject({
      state: 'ended',
      returnValue: 137,
      message: expect.stringContaining('it returned 137'),
    });
  });
});

describe('an approval', () => {
  const asks = [
    {
      type: 'approval',
      id: 'ask',
      role: 'operator',
      user: 'eva',
      sentence: 'May it go on?',
      denied: { status: 'abnormal', value: 7 },
    },
    { type: 'command', id: 'c', facility: 'src', command: 'echo approved', wait: after('ask') },
  ];
  it('lets it go on when the one who is asked says so, and nobody else', async () => {
    const { unit } = place();
    await here.apply(unitOf(unit, asks));
    const session = await here.start(unit);
    await here.jobIs(session, 'ask', 'running');
    const answer = async (by: string) =>
      (await here.call('POST', `/job-sessions/${session}/operations`, { operation: 'approve', job: 'ask', by })).status;
    expect(await answer('bob')).toBe(403);
    expect(await answer('eva')).toBe(200);
    expect((await here.ended(session)).endStatus).toBe('normal');
    expect((await here.job(session, 'c')).outputs[0]?.stdout).toBe('approved\n');
    expect(await answer('eva')).toBe(409);
    expect((await here.history(session)).find(({ job, by }) => job === 'ask' && by !== null)).toMatchObject({ by: 'eva' });
  });

  it('that is denied ends as it says', async () => {
    const { unit } = place();
    await here.apply(unitOf(unit, asks));
    const session = await here.start(unit);
    await here.jobIs(session, 'ask', 'running');
    await here.post(`/job-sessions/${session}/operations`, { operation: 'deny', job: 'ask', by: 'eva' });
    const ended = await here.ended(session);
    expect(ended.jobs.map(({ state, endValue }) => [state, endValue])).toEqual([
      ['ended', 7],
      ['ended-unmatched', -1],
    ]);
  });
});

/** A way to that place which takes the first answer away. */
async function brokenWay(to: URL): Promise<{ readonly url: string; connections(): number; close(): void }> {
  const { connect } = await import('node:net');
  let count = 0;
  const server = createServer((client) => {
    count += 1;
    const isFirst = count === 1;
    const other = connect(Number(to.port), to.hostname);
    client.pipe(other);
    other.on('data', (chunk) => (isFirst ? client.destroy() : client.write(chunk)));
    for (const socket of [client, other]) socket.on('error', () => undefined);
    client.on('close', () => other.destroy());
    other.on('close', () => client.destroy());
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, connections: () => count, close: () => void server.close() };
}
