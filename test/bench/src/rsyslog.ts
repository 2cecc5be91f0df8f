import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kernelDrops } from '@yosugara/receivers';
import { freePort } from '@yosugara/testkit';
import type { FloodTarget } from './flood.js';
import { firstFile } from './system.js';
import { until } from './usage.js';

const START_DEADLINE_MS = 20_000;

export interface Rsyslog extends FloodTarget {
  readonly pid: number;
  stop(): Promise<void>;
}

export const RECEIVE_BUFFER_BYTES = 33_554_432;

const program = () => firstFile('/usr/sbin/rsyslogd', '/sbin/rsyslogd', '/usr/local/sbin/rsyslogd');

/** null = it can run here; otherwise what is missing. */
export function rsyslogMissing(...modules: readonly string[]): string | null {
  if (program() === null) return 'rsyslog is not installed (Debian: rsyslog)';
  const missing = modules.find((name) => globSync(`/usr/lib/{*/,}rsyslog/${name}.so`).length === 0);
  return missing === undefined ? null : `rsyslog's module ${missing} is not installed`;
}

/**
 * rsyslogd that takes UDP and does `action` with it. `queue`: the parameters of the queue in front of the action. What is set here is what was
 * quickest of several tries on two cores: one receiving thread that takes up to 256 datagrams a call.
 */
export async function startRsyslog(action: string, queue: string, setUp = ''): Promise<Rsyslog> {
  const bin = program();
  if (bin === null) throw new Error('rsyslog is not installed');
  const dir = mkdtempSync(join(tmpdir(), 'yosugara-rsyslog-'));
  mkdirSync(join(dir, 'work'));
  const target = { address: '127.0.92.1', port: await freePort() };
  const config = join(dir, 'rsyslog.conf');
  writeFileSync(
    config,
    `global(workDirectory="${join(dir, 'work')}" net.enableDNS="off")
module(load="imudp" threads="1" batchSize="256" timeRequery="256")
${setUp}
ruleset(name="measured" ${queue}) { ${action} }
input(type="imudp" address="${target.address}" port="${target.port}" rcvbufSize="${RECEIVE_BUFFER_BYTES}" ruleset="measured")
`,
    { mode: 0o600 },
  );
  let said = '';
  const child = spawn(bin, ['-n', '-f', config, '-i', join(dir, 'pid')], { stdio: ['ignore', 'pipe', 'pipe'] });
  const hear = (text: Buffer) => void (said = (said + text.toString()).slice(-4_000));
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const killNow = () => {
    child.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  };
  process.once('exit', killNow);
  const stop = async () => {
    process.off('exit', killNow);
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await until('the start of rsyslogd', START_DEADLINE_MS, async () => {
      if (child.exitCode !== null) throw new Error(`rsyslogd ended: ${said}`);
      return (await kernelDrops(target.address, target.port)) !== null;
    });
    return { ...target, pid: child.pid ?? 0, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What the file holds, for a template of lines of one length. */
export function linesOf(file: string, lineBytes: number): number {
  return Math.floor((statSync(file, { throwIfNoEntry: false })?.size ?? 0) / lineBytes);
}
