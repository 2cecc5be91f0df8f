import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a power controller switches: a simulated host. A rejected promise is a board that answers with an error. */
export interface PowerSwitch {
  /** Is it on? */
  read(): boolean | Promise<boolean>;
  set(on: boolean): void | Promise<void>;
}

export interface PowerEvent {
  /** CLOCK_MONOTONIC of this machine, ms: comparable with every process' trace. */
  readonly monotonicMs: number;
  readonly wallMs: number;
  readonly host: string;
  /** What the board was asked over IPMI, and what the switch answered. */
  readonly asked: 'get power' | 'set power 0' | 'set power 1' | string;
  readonly answered: 'on' | 'off' | 'ok' | `failed: ${string}`;
  readonly tookMs: number;
}

export interface PowerControllerOptions {
  /** Name of the host that it switches. */
  readonly host: string;
  readonly power: PowerSwitch;
  /** Where it listens (UDP). */
  readonly address?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Put before the program, such as `['ip', 'netns', 'exec', 'management']`. */
  readonly commandPrefix?: readonly string[];
  /** Appended to, one JSON document a request. */
  readonly logFile?: string;
}

export interface PowerController {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** The options of `fence_ipmilan` that reach it, without the password. */
  readonly options: Readonly<Record<string, string | number>>;
  /** Every get and set so far. */
  readonly log: readonly PowerEvent[];
  readonly pid: number;
  /** The board has lost its power or its network: nobody answers any more. `revive` brings it back. */
  kill(): Promise<void>;
  revive(): Promise<void>;
  close(): Promise<void>;
}

const START_DEADLINE_MS = 60_000;
const USERNAME = 'fencer';
const monotonicMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

/** Called by ipmi_sim as `get power` or `set power 0|1`; asks us over a UNIX socket, which every network namespace reaches. */
const CHASSIS = `#!/usr/bin/perl
use strict; use warnings; use Socket;
my $path = $0; $path =~ s{[^/]+$}{switch.sock};
socket(my $s, PF_UNIX, SOCK_STREAM, 0) or exit 1;
connect($s, sockaddr_un($path)) or exit 1;
select($s); $| = 1; select(STDOUT);
print $s join(' ', @ARGV), "\\n";
my $answer = <$s>;
exit 1 unless defined $answer;
exit 1 if $answer =~ /^failed/;
print "power:1\\n" if $answer =~ /^on/;
print "power:0\\n" if $answer =~ /^off/;
exit 0;
`;

/** A real IPMI 2.0 board in software (Debian package openipmi, `ipmi_sim`): `fence_ipmilan` and `ipmitool` talk to it as to a server's. */
export async function startPowerController(options: PowerControllerOptions): Promise<PowerController> {
  const folder = mkdtempSync(join(tmpdir(), 'yosugara-power-'));
  const address = options.address ?? '127.0.0.1';
  const port = options.port ?? (await freeUdpPort(address));
  const password = randomBytes(6).toString('hex');
  writeBoard(folder, { host: options.host, address, port, password });
  const log: PowerEvent[] = [];
  const server = await serveSwitch(join(folder, 'switch.sock'), options, log);
  const launch = () => launchBoard(folder, options.commandPrefix ?? [], port);
  let child: ChildProcess | null = null;
  const kill = async (): Promise<void> => {
    const running = child;
    child = null;
    if (running !== null) await ended(running);
  };
  const close = async (): Promise<void> => {
    await kill();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    child = await launch();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    host: options.host,
    address,
    port,
    username: USERNAME,
    password,
    options: { ip: address, ipport: port, username: USERNAME, lanplus: 1, cipher: 3 },
    log,
    get pid() {
      return child?.pid ?? 0;
    },
    kill,
    revive: async () => {
      if (child === null) child = await launch();
    },
    close,
  };
}

function writeBoard(folder: string, board: { host: string; address: string; port: number; password: string }): void {
  const auths = ['callback', 'user', 'operator', 'admin'].map((level) => `    allowed_auths_${level} none md2 md5 straight`);
  const conf = [
    `name "${board.host}"`,
    'set_working_mc 0x20',
    '  startlan 1',
    `    addr ${board.address} ${board.port}`,
    '    priv_limit admin',
    ...auths,
    `    guid ${randomBytes(16).toString('hex')}`,
    '  endlan',
    `  chassis_control "${folder}/chassis"`,
    `  user 1 true "" "${randomBytes(6).toString('hex')}" user 10 none md2 md5 straight`,
    `  user 2 true "${USERNAME}" "${board.password}" admin 10 none md2 md5 straight`,
    '',
  ];
  writeFileSync(join(folder, 'lan.conf'), conf.join('\n'), { mode: 0o600 });
  writeFileSync(
    join(folder, 'board.emu'),
    'mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02\nsel_enable 0x20 1000 0x0a\nmc_enable 0x20\n',
  );
  writeFileSync(join(folder, 'chassis'), CHASSIS, { mode: 0o700 });
  mkdirSync(join(folder, 'state'));
}

async function launchBoard(folder: string, prefix: readonly string[], port: number): Promise<ChildProcess> {
  const words = ['ipmi_sim', '-n', '-c', `${folder}/lan.conf`, '-f', `${folder}/board.emu`, '-s', `${folder}/state`];
  const [program, ...args] = [...prefix, ...words] as [string, ...string[]];
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2_000);
    });
  let failed: string | null = null;
  child.once('error', (error) => {
    failed = `${words[0]} (Debian package openipmi) does not start: ${error.message}`;
  });
  child.once('exit', (code) => {
    failed ??= `${words[0]} ended with ${code}: ${said.trim()}`;
  });
  for (const until = performance.now() + START_DEADLINE_MS; !listensUdp(child.pid, port); await sleep(10)) {
    if (failed === null && performance.now() < until) continue;
    await ended(child);
    throw new Error(failed ?? `${words[0]} does not listen on UDP port ${port}: ${said.trim()}`);
  }
  return child;
}

/** Looked up in the process' own network namespace. */
function listensUdp(pid: number | undefined, port: number): boolean {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  return ['udp', 'udp6'].some((table) => {
    try {
      return readFileSync(`/proc/${pid}/net/${table}`, 'latin1').includes(wanted);
    } catch {
      return false;
    }
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

async function serveSwitch(path: string, options: PowerControllerOptions, log: PowerEvent[]): Promise<Server> {
  const answer = async (asked: string): Promise<PowerEvent['answered']> => {
    try {
      if (asked === 'get power') return (await options.power.read()) ? 'on' : 'off';
      const on = /^set power ([01])$/.exec(asked)?.[1];
      if (on === undefined) return 'failed: not simulated';
      await options.power.set(on === '1');
      return 'ok';
    } catch (error) {
      return `failed: ${(error as Error).message}`;
    }
  };
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', async (chunk) => {
      const begun = monotonicMs();
      const asked = chunk.toString().trim();
      const answered = await answer(asked);
      const event = {
        monotonicMs: begun,
        wallMs: Date.now(),
        host: options.host,
        asked,
        answered,
        tookMs: monotonicMs() - begun,
      };
      log.push(event);
      if (options.logFile !== undefined) appendFileSync(options.logFile, `${JSON.stringify(event)}\n`);
      socket.end(`${answered}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return server;
}

async function freeUdpPort(address: string): Promise<number> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, address, resolve);
  });
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
