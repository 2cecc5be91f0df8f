// The program behind `npm start` and `npm stop`: the whole cluster on this host, on loopback addresses.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { explain, YosugaraError } from '@yosugara/kernel';
import { STATE_LAYOUT } from '@yosugara/protocol';
import { CLONE, DATA_NODES, type Layout, layoutOf, VIP } from './layout.js';
import { runNode } from './node.js';
import { configOf, preflight, prepareState, wipe } from './prepare.js';
import { readPidFile, removePidFile, signal, sweep, waitUntilGone } from './processes.js';
import { consoleUrl, logOf, type Readiness, waitUntilReady } from './ready.js';
import { Supervisor } from './supervisor.js';

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 45_000;

const out = (line: string) => process.stdout.write(`${line}\n`);
function say(line: string): void {
  process.stderr.write(`yosugara: ${line}\n`);
}

/** Aborted by the first signal, and when the launcher that holds our channel dies. */
function untilStopped(): AbortSignal {
  const controller = new AbortController();
  const stop = () => controller.abort();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop);
  process.on('disconnect', stop);
  return controller.signal;
}

const aborted = (stop: AbortSignal) =>
  new Promise<void>((done) => (stop.aborted ? done() : stop.addEventListener('abort', () => done())));

async function start(layout: Layout, flags: ReadonlySet<string>): Promise<number> {
  const stop = untilStopped();
  const running = readPidFile(layout.supervisorPid);
  if (running !== null) {
    say(`already running (pid ${running}): \`npm stop\` stops it, \`npx yosugara status\` shows it`);
    return flags.has('--detach') && !flags.has('--fresh') ? 0 : 1;
  }
  const left = await sweep(layout.state, layout.data, 10_000);
  if (left > 0) say(`ended ${left} processes that an earlier start had left behind`);
  if (flags.has('--fresh')) wipe(layout);
  const { firstLogin, setAside } = await prepareState(layout);
  if (setAside !== null)
    say(`databases of an earlier clone in this folder now lie in ${setAside}: delete them when nobody needs them`);
  await preflight(layout);

  const startedMs = performance.now();
  const cluster = flags.has('--detach') ? detached(layout) : attached(layout);
  const readiness = await waitUntilReady(layout, READY_WITHIN_MS, progress, stop);
  endProgress();
  if (readiness.kind === 'late') {
    await cluster.stop();
    say(
      stop.aborted
        ? 'stopped before it was ready'
        : `not ready after ${READY_WITHIN_MS / 1000} s: ${readiness.reason} — log: ${logOf(layout, 'a')}`,
    );
    return stop.aborted ? 130 : 1;
  }
  announce(layout, readiness, performance.now() - startedMs, firstLogin);
  if (flags.has('--detach')) return 0;
  out('Ctrl-C stops everything.');
  await aborted(stop);
  say('stopping…');
  await cluster.stop();
  say('stopped, no process is left');
  return 0;
}

interface Running {
  readonly stop: () => Promise<unknown>;
}

function attached(layout: Layout): Running {
  const supervisor = new Supervisor(layout);
  supervisor.start();
  return supervisor;
}

/** The supervisor as a process of its own session, which outlives the terminal. */
function detached(layout: Layout): Running {
  mkdirSync(layout.state, { recursive: true });
  const log = openSync(layout.supervisorLog, 'a', 0o600);
  const child = spawn(process.execPath, ['--enable-source-maps', fileURLToPath(import.meta.url), 'supervise'], {
    cwd: layout.root,
    stdio: ['ignore', log, log],
    detached: true,
  });
  child.unref();
  closeSync(log);
  return { stop: () => stopAll(layout, child.pid ?? null) };
}

async function supervise(layout: Layout): Promise<number> {
  const stop = untilStopped();
  const supervisor = new Supervisor(layout);
  supervisor.start();
  await aborted(stop);
  await supervisor.stop();
  return 0;
}

/** `run-node --config FILE`: one node in the foreground, for containers. */
async function foreground(layout: Layout, flags: readonly string[]): Promise<number> {
  const [option, file] = flags;
  if (option !== '--config' || file === undefined) throw new YosugaraError('USAGE', 'run-node needs --config FILE');
  const stop = untilStopped();
  const node = runNode(layout, resolve(file));
  await aborted(stop);
  await node.stop();
  return 0;
}

/** @returns whether something was running. */
async function stopAll(layout: Layout, pid: number | null): Promise<boolean> {
  if (pid !== null) {
    signal(pid, 'SIGTERM');
    const untilMs = performance.now() + STOP_WITHIN_MS;
    while (readPidFile(layout.supervisorPid) === pid && performance.now() < untilMs)
      await new Promise((done) => setTimeout(done, 50));
    if (readPidFile(layout.supervisorPid) === pid) signal(pid, 'SIGKILL');
  }
  const swept = await sweep(layout.state, layout.data, 10_000);
  removePidFile(layout.supervisorPid);
  return pid !== null || swept > 0;
}

async function stop(layout: Layout): Promise<number> {
  const was = await stopAll(layout, readPidFile(layout.supervisorPid));
  const left = await waitUntilGone(layout.state, layout.data, 0);
  if (left.length > 0)
    throw new YosugaraError('STILL_RUNNING', `still running: ${left.map((one) => `${one.name} (pid ${one.pid})`).join(', ')}`);
  say(was ? 'stopped, no process is left' : 'not running');
  return 0;
}

let progressOpen = false;

function progress(missing: string): void {
  if (!process.stderr.isTTY) return say(missing);
  const width = Math.max(20, (process.stderr.columns ?? 80) - 1);
  process.stderr.write(`\r\x1b[K${`yosugara: ${missing}`.slice(0, width)}`);
  progressOpen = true;
}

function endProgress(): void {
  if (progressOpen) process.stderr.write('\r\x1b[K');
  progressOpen = false;
}

function announce(
  layout: Layout,
  ready: Readiness & { kind: 'ready' },
  tookMs: number,
  login: { readonly user: string; readonly password: string } | null,
) {
  const { status } = ready;
  const standby = status.nodes.find((node) => node.syncSet && node.name !== status.master);
  const config = configOf(layout, DATA_NODES[0]);
  const { ports } = config;
  out(
    `started in ${(tookMs / 1000).toFixed(1)} s: ${status.master} is Master, ${standby?.name} is Standby in the sync set, ${status.arbiter?.name} votes`,
  );
  out(`  console      ${consoleUrl(VIP, config)}  (follows the Master)`);
  out(
    login === null
      ? `  login        as before; the first one is in ${firstLoginFile(layout)}`
      : `  first login  ${login.user} / ${login.password}`,
  );
  out(`  syslog       127.0.1.1 and 127.0.1.2, port ${ports.syslog} (UDP, TCP); SNMP traps on port ${ports.trap}`);
  out('  agent        joins by itself as the node localhost: npx yosugara agents list');
  out('  status       npx yosugara status');
  out('  stop         npm stop');
}

const firstLoginFile = (layout: Layout) => join(layout.state, DATA_NODES[0], STATE_LAYOUT.secrets.firstLogin);

const FLAGS = ['--detach', '--fresh'];

async function main(args: readonly string[]): Promise<number> {
  const [verb, ...flags] = args;
  const layout = layoutOf(existsSync(join(CLONE, 'package.json')) ? CLONE : process.cwd());
  if (verb === 'run-node') return foreground(layout, flags);
  const unknown = flags.find((flag) => !FLAGS.includes(flag));
  if (unknown !== undefined) throw new YosugaraError('USAGE', `unknown option ${unknown}: allowed are ${FLAGS.join(' and ')}`);
  if (verb === 'start') return start(layout, new Set(flags));
  if (verb === 'supervise') return supervise(layout);
  if (verb === 'stop') return stop(layout);
  throw new YosugaraError('USAGE', `unknown verb ${verb}`);
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`yosugara: ${explain(error)}\n`);
    process.exit(1);
  },
);
