import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { explain } from '@yosugara/kernel';
import { run, tryRun, until } from '../host/shell.js';

const BOOTS = 5;
const BOOT_AGAIN_MS = 1_000;

export interface FreshPlace {
  readonly name: string;
  readonly address: string;
}

/** Hosts that were never used, each booted by its own systemd, on a bridge of their own. */
export class FreshHosts {
  readonly #dir = mkdtempSync(join(tmpdir(), 'yosugara-fresh-'));
  readonly #prefix = `ysgd${process.pid}`.slice(0, 11);
  readonly #booted = new Map<string, { readonly child: ChildProcess; readonly leader: number }>();
  readonly #places = new Map<string, FreshPlace>();

  /** Of this machine: what the lab itself keeps of them. */
  get dir(): string {
    return this.#dir;
  }

  readonly isOn = (name: string): boolean => this.#booted.has(name);
  readonly namespace = (name: string): string => `${this.#prefix}-${name}`;
  readonly addressOf = (name: string): string => this.#places.get(name)!.address;
  /** The host's own root, seen from this machine. */
  readonly rootOf = (name: string): string => `/proc/${this.leaderOf(name)}/root`;
  /** The process whose namespaces are the host's. */
  readonly leaderOf = (name: string): number => this.#booted.get(name)!.leader;

  async boot(base: string, places: readonly FreshPlace[]): Promise<void> {
    await run('ip', ['link', 'add', this.#prefix, 'type', 'bridge']);
    await run('ip', ['link', 'set', this.#prefix, 'up']);
    for (const place of places) await this.wire(place);
    await Promise.all(places.map(({ name }) => this.#make(base, name)));
  }

  /** A host's network; for one that is not booted, all of it. */
  async wire(place: FreshPlace): Promise<void> {
    const netns = this.namespace(place.name);
    this.#places.set(place.name, place);
    await run('ip', ['netns', 'add', netns]);
    await run('ip', ['link', 'add', netns, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns]);
    await run('ip', ['link', 'set', netns, 'master', this.#prefix]);
    await this.#plug(place);
  }

  async #plug({ name, address }: FreshPlace): Promise<void> {
    const netns = this.namespace(name);
    for (const words of [
      ['link', 'set', 'lo', 'up'],
      ['link', 'set', 'eth0', 'up'],
      ['address', 'add', `${address}/24`, 'dev', 'eth0'],
    ])
      await run('ip', ['-n', netns, ...words]);
    await run('ip', ['link', 'set', netns, 'up']);
  }

  async #make(base: string, name: string): Promise<void> {
    const [up, work, root] = ['up', 'work', 'root'].map((part) => join(this.#dir, name, part)) as [string, string, string];
    for (const folder of [up, work, root]) mkdirSync(folder, { recursive: true });
    await run('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=${base},upperdir=${up},workdir=${work}`, root]);
    await this.#start(name);
  }

  /** After `powerOff`: with the disk that it had. */
  async powerOn(name: string): Promise<void> {
    await this.#plug(this.#places.get(name)!);
    await this.#start(name);
  }

  /** Of a host that was switched off a moment ago something may still be there that nspawn finds in its way. */
  async #start(name: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const state = await this.#boots(name);
      if (state === 'up') return;
      const said = readFileSync(join(this.#dir, name, 'console.log'), 'utf8')
        .trim()
        .slice(-500);
      if (attempt === BOOTS) throw new Error(`${name} does not boot: ${said}`);
      await delay(BOOT_AGAIN_MS);
    }
  }

  async #boots(name: string): Promise<'up' | 'ended'> {
    const console = openSync(join(this.#dir, name, 'console.log'), 'a');
    const child = spawn(
      'sh',
      [
        ...['-c', ALONE_IN_CGROUPS, 'sh', this.namespace(name)],
        ...[
          'systemd-nspawn',
          '--quiet',
          '--register=no',
          '--keep-unit',
          '--boot',
          '--console=pipe',
          '--capability=CAP_NET_ADMIN,CAP_NET_RAW',
        ],
        ...[`--directory=${join(this.#dir, name, 'root')}`, `--machine=${this.namespace(name)}`],
        `--network-namespace-path=/run/netns/${this.namespace(name)}`,
      ],
      { stdio: ['ignore', console, console], detached: true },
    );
    closeSync(console);
    const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
    // Its first child is not yet the host's systemd: who that is, is looked at each time.
    const isUp = async () => {
      const leader = childOf(child.pid ?? 0);
      if (leader === undefined) return false;
      this.#booted.set(name, { child, leader });
      return await this.tries(name, 'systemctl', 'is-active', 'multi-user.target');
    };
    const state = await until(`${name} is up`, 120_000, async () => (hasEnded() ? 'ended' : (await isUp()) ? 'up' : undefined));
    if (state === 'ended') this.#booted.delete(name);
    return state;
  }

  /** A file of this machine, in the host. */
  async copy(name: string, from: string, to: string): Promise<void> {
    await run('cp', [from, join(this.#dir, name, 'root', to)]);
  }

  #inside(name: string, words: readonly string[]): string[] {
    return [
      '-t',
      String(this.leaderOf(name)),
      '-m',
      '-u',
      '-i',
      '-n',
      '-p',
      '-r',
      '-w',
      '--',
      'env',
      '-i',
      ...ENVIRONMENT,
      ...words,
    ];
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

  /** All of it, at once: nothing more goes out, and no kernel answers for its addresses. */
  async powerOff(name: string): Promise<void> {
    await run('ip', ['link', 'set', this.namespace(name), 'down']);
    const { child, leader } = this.#booted.get(name)!;
    this.#booted.delete(name);
    const ended = new Promise((done) => child.once('close', done));
    for (const pid of [leader, child.pid ?? 0]) if (pid > 0) killIfThere(pid);
    await ended;
    await tryRun('sh', ['-c', NO_CGROUPS, 'sh', this.namespace(name)]);
    await run('ip', ['-n', this.namespace(name), 'address', 'flush', 'dev', 'eth0']);
  }

  /** What helps to understand a failure, while the hosts still run. @returns where it is. */
  async keepLogs(): Promise<string> {
    const kept = mkdtempSync(join(tmpdir(), 'yosugara-lab-kept-'));
    for (const name of this.#booted.keys()) {
      const log = await this.in(name, ['journalctl', '--no-pager', '-n', '3000', '-o', 'short-monotonic']).catch(explain);
      writeFileSync(join(kept, `${name}.journal`), log);
    }
    const client = join(this.#dir, 'client.log');
    if (existsSync(client)) writeFileSync(join(kept, 'client.log'), readFileSync(client));
    return `logs are in ${kept}`;
  }

  /** Nothing remains. */
  async close(): Promise<void> {
    for (const name of [...this.#booted.keys()]) await this.powerOff(name).catch(() => undefined);
    for (const name of this.#places.keys()) {
      if (existsSync(join(this.#dir, name, 'root'))) await tryRun('umount', ['-l', join(this.#dir, name, 'root')]);
      await tryRun('ip', ['netns', 'del', this.namespace(name)]);
    }
    await tryRun('ip', ['link', 'del', this.#prefix]);
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/**
 * With `--keep-unit` nspawn stays in the control groups of whoever calls it: the systemd of each host would take the others' units
 * for its own, and keep one whose package is gone for as long as it runs on another host.
 */
const CGROUPS = `$(ls -d /sys/fs/cgroup/systemd /sys/fs/cgroup/unified 2>/dev/null || echo /sys/fs/cgroup)`;
const ALONE_IN_CGROUPS = `name=$1; shift
for root in ${CGROUPS}; do mkdir -p "$root/$name" && echo $$ > "$root/$name/cgroup.procs" || exit 1; done
exec "$@"`;
/** The kernel lets go of a killed host's processes a moment after nspawn has ended. */
const NO_CGROUPS = `for root in ${CGROUPS}; do
for attempt in 1 2 3 4 5 6 7 8 9 10; do test -d "$root/$1" || break; find "$root/$1" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1; done
done`;

/** What a login there would have: nothing of this machine's. */
const ENVIRONMENT = ['HOME=/root', 'LANG=C.UTF-8', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
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
