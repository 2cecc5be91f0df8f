import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, tryRun, until } from '../host/shell.js';

/** What Debian's installer and `apt-get install` of the package's dependencies would have put on a host. */
const BASE = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'iproute2',
  'iputils-arping',
  'fping',
  'procps',
  'adduser',
  'bsdutils',
  'logrotate',
];
const MINUTES_20_MS = 1_200_000;

/**
 * A Debian 12 of minimal size with PostgreSQL's programs, made once by debootstrap and kept beside the clone.
 * @returns its folder; hosts see it under an overlay of their own.
 */
export async function freshDebian(keptIn: string): Promise<string> {
  const root = join(keptIn, 'debian-bookworm');
  if (existsSync(root)) return root;
  mkdirSync(keptIn, { recursive: true });
  const making = mkdtempSync(join(keptIn, 'making-'));
  await run('debootstrap', ['--variant=minbase', `--include=${BASE.join(',')}`, 'bookworm', making], MINUTES_20_MS);
  const noCluster = join(making, 'etc/postgresql-common/createcluster.d');
  mkdirSync(noCluster, { recursive: true });
  writeFileSync(join(noCluster, 'yosugara.conf'), 'create_main_cluster = false\n');
  writeFileSync(join(making, 'etc/resolv.conf'), readFileSync('/etc/resolv.conf'));
  await run(
    'systemd-nspawn',
    ['-q', '--register=no', '--keep-unit', `--directory=${making}`, '--pipe', 'sh', '-c', POSTGRES],
    MINUTES_20_MS,
  );
  renameSync(making, root);
  return root;
}
const POSTGRES =
  'apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends postgresql-15';

export interface FreshPlace {
  readonly name: string;
  readonly address: string;
}

/** Hosts that were never used, each booted by its own systemd, on a bridge of their own. */
export class FreshHosts {
  readonly #dir = mkdtempSync(join(tmpdir(), 'yosugara-fresh-'));
  readonly #prefix = `ysgd${process.pid}`.slice(0, 11);
  readonly #booted = new Map<string, { readonly child: ChildProcess; readonly leader: number }>();

  async boot(base: string, places: readonly FreshPlace[]): Promise<void> {
    await run('ip', ['link', 'add', this.#prefix, 'type', 'bridge']);
    await run('ip', ['link', 'set', this.#prefix, 'up']);
    for (const place of places) await this.#wire(place);
    await Promise.all(places.map(({ name }) => this.#boot(base, name)));
  }

  async #wire({ name, address }: FreshPlace): Promise<void> {
    const [netns, cable] = [`${this.#prefix}-${name}`, `${this.#prefix}-${name}`];
    await run('ip', ['netns', 'add', netns]);
    await run('ip', ['link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns]);
    await run('ip', ['link', 'set', cable, 'master', this.#prefix, 'up']);
    for (const words of [
      ['link', 'set', 'lo', 'up'],
      ['link', 'set', 'eth0', 'up'],
      ['address', 'add', `${address}/24`, 'dev', 'eth0'],
    ])
      await run('ip', ['-n', netns, ...words]);
  }

  async #boot(base: string, name: string): Promise<void> {
    const [up, work, root] = ['up', 'work', 'root'].map((part) => join(this.#dir, name, part)) as [string, string, string];
    for (const folder of [up, work, root]) mkdirSync(folder, { recursive: true });
    await run('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=${base},upperdir=${up},workdir=${work}`, root]);
    const console = openSync(join(this.#dir, name, 'console.log'), 'a');
    const child = spawn(
      'systemd-nspawn',
      [
        ...['--quiet', '--register=no', '--keep-unit', '--boot', '--console=pipe', '--capability=CAP_NET_ADMIN,CAP_NET_RAW'],
        ...[
          `--directory=${root}`,
          `--machine=${this.#prefix}-${name}`,
          `--network-namespace-path=/run/netns/${this.#prefix}-${name}`,
        ],
      ],
      { stdio: ['ignore', console, console], detached: true },
    );
    closeSync(console);
    const leader = await until(`${name} boots`, 30_000, () => childOf(child.pid ?? 0));
    this.#booted.set(name, { child, leader });
    await until(
      `${name} is up`,
      120_000,
      async () => (await this.tries(name, 'systemctl', 'is-active', 'multi-user.target')) || undefined,
    );
  }

  /** A file of this machine, in the host. */
  async copy(name: string, from: string, to: string): Promise<void> {
    await run('cp', [from, join(this.#dir, name, 'root', to)]);
  }

  #inside(name: string, words: readonly string[]): string[] {
    return ['-t', String(this.#booted.get(name)!.leader), '-m', '-u', '-i', '-n', '-p', '-r', '-w', '--', ...words];
  }

  async in(name: string, words: readonly string[], deadlineMs = 120_000): Promise<string> {
    return await run('nsenter', this.#inside(name, words), deadlineMs);
  }

  async tries(name: string, ...words: string[]): Promise<boolean> {
    return await tryRun('nsenter', this.#inside(name, words), 30_000);
  }

  /** As `in`, with a secret that no list of processes shows. */
  async says(name: string, words: readonly string[], input: string): Promise<void> {
    const child = spawn('nsenter', this.#inside(name, words), { stdio: ['pipe', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (part) => {
      said += String(part);
    });
    child.stdin.end(input);
    const code = await new Promise<number | null>((done) => child.once('close', done));
    if (code !== 0) throw new Error(`${words.join(' ')} on ${name} ended with ${code}: ${said.trim().slice(-1_000)}`);
  }

  /** All of it, at once. */
  async powerOff(name: string): Promise<void> {
    const { child, leader } = this.#booted.get(name)!;
    this.#booted.delete(name);
    const ended = new Promise((done) => child.once('close', done));
    for (const pid of [leader, child.pid ?? 0]) if (pid > 0) process.kill(pid, 'SIGKILL');
    await ended;
  }

  /** Nothing remains. */
  async close(): Promise<void> {
    for (const name of [...this.#booted.keys()]) await this.powerOff(name).catch(() => undefined);
    for (const name of existsSync(this.#dir) ? readdirSync(this.#dir) : []) {
      await tryRun('umount', ['-l', join(this.#dir, name, 'root')]);
      await tryRun('ip', ['netns', 'del', `${this.#prefix}-${name}`]);
    }
    await tryRun('ip', ['link', 'del', this.#prefix]);
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** systemd of the host: the only child of its nspawn. */
function childOf(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]) || undefined;
  } catch {
    return undefined;
  }
}
