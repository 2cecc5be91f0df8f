import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Status, StatusSchema } from '@yosugara/protocol';

export const WORKSPACE = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
/** For whatever comes by itself: many times what it takes, for a machine that others share. */
export const PATIENCE_MS = 120_000;
/** The console, by the floating address. */
export const BASE = 'http://127.0.1.10:8080';
const CLI = join(WORKSPACE, 'apps/cli/bin/yosugara.mjs');

/** @returns standard output; `anyExit`: whatever the exit code. */
function run(args: readonly string[], deadlineMs: number, anyExit = false): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [...args],
      { cwd: WORKSPACE, timeout: deadlineMs, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        if (error === null || anyExit) resolve(stdout);
        else reject(new Error(`${args.join(' ')}: ${stderr.trim().slice(-1000) || error.message}`));
      },
    );
  });
}

/** The cluster of `npm start -- --detach`. */
export const startCluster = (): Promise<string> => run([join(WORKSPACE, 'tools/run.mjs'), 'start', '--detach'], 300_000);
export const stopCluster = (): Promise<string> => run([join(WORKSPACE, 'tools/run.mjs'), 'stop'], 120_000);

const STATE = join(WORKSPACE, '.yosugara');

export const hasState = (): boolean => existsSync(join(STATE, 'a'));

/** Deletes the local cluster with its databases: as root they lie outside the clone, where `a/data` points. */
export function forgetCluster(): void {
  const data = join(STATE, 'a', 'data');
  if (existsSync(data)) rmSync(dirname(realpathSync(data)), { recursive: true, force: true });
  for (const name of readdirSync(STATE)) if (name !== 'lab') rmSync(join(STATE, name), { recursive: true, force: true });
}

/** From then on what a load balancer asks is answered by that node: it serves. @returns when, in ms since 1970 */
export async function servesFrom(node: string): Promise<number> {
  const url = `http://127.0.1.${node === 'a' ? 1 : 2}:8081/status/master`;
  for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; ) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
    if (answer?.status === 200) return performance.timeOrigin + performance.now();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${node} does not serve within ${PATIENCE_MS / 1000} s`);
}

/** Exit code 3 says that a node is out; its document is as good. */
export async function status(): Promise<Status> {
  return StatusSchema.parse(JSON.parse(await run([CLI, 'status', '--json'], 60_000, true)));
}

export const pause = (minutes: number, why: string): Promise<string> =>
  run([CLI, 'pause', '--minutes', String(minutes), '--why', why], 60_000);
export const resume = (): Promise<string> => run([CLI, 'resume'], 60_000);

/** User and password of the first login, as `npm start` printed them. */
export function firstLogin(): { readonly user: string; readonly password: string } {
  const text = readFileSync(join(STATE, 'a/secrets/first-login'), 'utf8').trim();
  const [user = '', password = ''] = text.includes(':') ? text.split(/:(.*)/s) : ['admin', text];
  return { user, password };
}

/** A node whose processes were killed, and which stays down until it is told to come back: its configuration is away. */
export interface KilledNode {
  readonly processes: readonly string[];
  /** It starts again, and waits for a recover however far its WAL goes: of the two nodes only this one has `autoRejoin: never`. */
  readonly comeBack: () => void;
  /** Its configuration as it was, for its next start. */
  readonly restore: () => void;
}

/**
 * kill -9 of every process that `status` names for the node: the nearest to a power cut that one machine has. Whoever starts its
 * programs again finds no configuration; left to themselves, they might be back before the other node has taken over, and
 * follow it unasked.
 */
export async function killNode(name: string): Promise<KilledNode> {
  const node = (await status()).nodes.find((one) => one.name === name);
  const file = join(STATE, name, 'yosugara.yaml');
  const before = readFileSync(file, 'utf8');
  renameSync(file, `${file}.away`);
  const killed: string[] = [];
  for (const { name: process_, pid } of node?.processes ?? [])
    try {
      process.kill(pid, 'SIGKILL');
      killed.push(process_);
    } catch {
      // It went with the one before.
    }
  const place = (text: string) => {
    writeFileSync(`${file}.away`, text, { mode: 0o600 });
    renameSync(`${file}.away`, file);
  };
  return { processes: killed, comeBack: () => place(neverRejoining(before)), restore: () => place(before) };
}

function neverRejoining(config: string): string {
  const others = config.replace(/^ +autoRejoin:.*\n/m, '');
  if (!/^cluster:\n/m.test(others)) throw new Error('yosugara.yaml: there is no key cluster on a line of its own');
  return others.replace(/^cluster:\n/m, 'cluster:\n  autoRejoin: never\n');
}

/** @throws Error not within the patience of every wait here. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return answer;
    if (performance.now() > endMs) throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
