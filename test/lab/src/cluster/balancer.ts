import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { LabToolError, run, until } from '../host/shell.js';
import { DATA_NAMES, PLACES, PORTS } from './layout.js';

const READY_WITHIN_MS = 5_000;
/** Where the clients of the client host find it: its loopback. */
export const BALANCER = '127.0.0.1';

/** docs/fencing.md, “Load balancer”, word for word but for the addresses. */
const listen = (name: string, port: number): string =>
  [
    `listen ${name}`,
    '  mode tcp',
    `  bind ${BALANCER}:${port}`,
    '  option httpchk GET /status/master',
    '  http-check expect string SUCCESS',
    '  default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions',
    ...DATA_NAMES.map((node) => `  server ${node} ${PLACES[node].address}:${port} check port ${PORTS.status}`),
    '',
  ].join('\n');

const CONFIG = `global
  maxconn 500
defaults
  timeout connect 1s
  timeout client 1h
  timeout server 1h
  timeout check 800ms
${listen('postgres', PORTS.postgres)}${listen('console', PORTS.api)}`;

/** A real haproxy on the client host, in front of the nodes instead of a VIP: it asks each whether it is Master. */
export class Balancer {
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  /** @param namespace the client host's network. @throws LabToolError */
  static async start(namespace: string, dir: string): Promise<Balancer> {
    const file = `${dir}/haproxy.cfg`;
    await writeFile(file, CONFIG);
    const log = openSync(`${dir}/logs/haproxy.log`, 'a');
    const child = spawn('nsenter', [`--net=/run/netns/${namespace}`, 'haproxy', '-db', '-f', file], {
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    let failed = '';
    child.once('error', (error) => (failed = error.message));
    await until('haproxy', READY_WITHIN_MS, async () => {
      if (failed !== '' || child.exitCode !== null)
        throw new LabToolError('haproxy', `${failed || 'ended'}: ${dir}/logs/haproxy.log`);
      return listens(namespace);
    });
    return new Balancer(child);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }
}

/** Its port is there, whoever may be behind it. */
async function listens(namespace: string): Promise<true | undefined> {
  const tcp = await run('ip', ['netns', 'exec', namespace, 'cat', '/proc/net/tcp']);
  const port = PORTS.postgres.toString(16).toUpperCase().padStart(4, '0');
  return tcp.includes(`:${port} 00000000:0000 0A`) ? true : undefined;
}
