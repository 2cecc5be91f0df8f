import 'reflect-metadata';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AgentList, STATE_LAYOUT } from '@yosugara/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildAgent, WholeCluster } from '../../../manager/src/jobs/testing/whole-cluster.js';
import { PROBE_TOKEN } from '../../../manager/src/testing/harness.js';
import { initCluster } from '../init/index.js';
import { runProgram } from '../program.js';
import { agentDir, LOCAL_AGENT, LocalAgent } from './agent.js';
import { CLONE, type Layout, layoutOf } from './layout.js';
import { processesOf, sweep } from './processes.js';

const SOON = { timeout: 100_000, interval: 200 };
const THIRD = 99;

let cluster: WholeCluster;
let root = '';
let layout: Layout;
let agent: LocalAgent | null = null;

beforeAll(async () => {
  buildAgent();
  cluster = await WholeCluster.open(THIRD);
  root = mkdtempSync(join(tmpdir(), 'yosu-agent-'));
  layout = { ...layoutOf(CLONE), state: join(root, '.yosugara'), data: join(root, 'data') };
  const member = (id: string) => ({ id, kind: 'data' as const, address: `127.0.${THIRD}.${id === 'a' ? 1 : 2}`, zone: id });
  const ports = { console: Number(new URL(cluster.url).port), agents: cluster.agentsPort };
  await initCluster(layout.state, { clusterId: 'local', members: [member('a'), member('b')], ports, consoleTls: false });
  for (const id of ['a', 'b']) writeFileSync(join(layout.state, id, STATE_LAYOUT.secrets.postgresApp), PROBE_TOKEN);
}, 600_000);
afterAll(async () => {
  await agent?.stop(1_000);
  if (root !== '') await sweep(layout.state, layout.data, 1_000);
  await cluster?.close();
  rmSync(root, { recursive: true, force: true });
});

/** As somebody types it beside the local cluster. */
async function yosugara(...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly notes: string }> {
  let [out, notes] = ['', ''];
  const terminal = {
    out: (text: string) => void (out += `${text}\n`),
    note: (text: string) => void (notes += text),
    ...{ color: false, live: false, columns: 100 },
  };
  const env = { YOSUGARA_STATE: layout.state };
  const code = await runProgram(args, { terminal, env, cwd: root, stop: new AbortController().signal });
  return { code, out, notes };
}

it('the agent of npm start joins by itself, runs a job, comes again after kill -9, and is gone when it stops', async () => {
  agent = LocalAgent.of(layout);
  agent!.start();
  const there = async () => {
    const { rows } = JSON.parse((await yosugara('agents', 'list', '--json')).out) as AgentList;
    return rows.map(({ agent: id, connected, node }) => ({ id, connected, node }));
  };
  await expect.poll(there, SOON).toEqual([{ id: LOCAL_AGENT, connected: true, node: true }]);
  // What let it in is good for nobody else, and nowhere on the disk.
  expect(readdirSync(agentDir(layout))).not.toContain('token');
  const tokens = async () => JSON.parse((await yosugara('agents', 'tokens', '--json')).out).tokens;
  await expect.poll(tokens, SOON).toMatchObject([{ usesLeft: 0, node: LOCAL_AGENT }]);

  const unit = join(root, 'unit.yaml');
  const mark = join(root, 'mark');
  writeFileSync(
    unit,
    `kind: job-unit
id: hello
body:
  name: Hello
  timeZone: UTC
  jobs:
    - { type: command, id: say, facility: ${LOCAL_AGENT}, command: "echo run >>${mark}; echo hello from #[FACILITY_ID]" }
`,
  );
  expect((await yosugara('apply', '-f', unit)).code).toBe(0);
  const ran = async () => {
    const { code, out, notes } = await yosugara('jobs', 'run', 'hello', '--wait', '--json');
    expect([code, notes]).toEqual([0, '']);
    return (JSON.parse(out) as { id: string }).id;
  };
  const session = await ran();
  const output = async () => (await yosugara('jobs', 'output', session, 'say')).out;
  await expect.poll(output, SOON).toContain(`hello from '${LOCAL_AGENT}'`.replaceAll("'", ''));
  expect(readFileSync(mark, 'utf8')).toBe('run\n');

  const pidFile = join(agentDir(layout), STATE_LAYOUT.pids, 'agent.pid');
  const pid = () => (existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8').split(' ')[0]) : 0);
  const first = pid();
  process.kill(first, 'SIGKILL');
  await expect.poll(() => pid() !== 0 && pid() !== first, SOON).toBe(true);
  await expect.poll(there, SOON).toEqual([{ id: LOCAL_AGENT, connected: true, node: true }]);
  await ran();
  expect(readFileSync(mark, 'utf8')).toBe('run\nrun\n');

  await agent!.stop(5_000);
  // The keeper of a job ends by itself, after it has told the job's end.
  await expect.poll(() => processesOf(layout.state, layout.data), SOON).toEqual([]);
});
