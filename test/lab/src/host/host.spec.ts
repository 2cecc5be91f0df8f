import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabHost } from './host.js';
import { Network } from './network.js';
import { run, until } from './shell.js';

const root = process.getuid?.() === 0;

describe.skipIf(!root)('a host of the lab', () => {
  const dir = mkdtempSync('/tmp/yosugara-labspec-');
  const prefix = `ysgspec-${process.pid}`;
  const network = new Network(prefix);
  const place = (name: string, last: number) => ({
    name,
    address: `10.77.0.${last}`,
    mac: `02:79:73:67:00:${last.toString(16).padStart(2, '0')}`,
  });
  const a = new LabHost({ place: place('a', 11), network, prefix, dir });
  const b = new LabHost({ place: place('b', 12), network, prefix, dir });

  beforeAll(async () => {
    await network.create();
    for (const host of [a, b]) {
      await host.install();
      await host.boot();
    }
  });
  afterAll(async () => {
    for (const host of [a, b]) await host.destroy();
    await network.destroy();
    rmSync(dir, { recursive: true, force: true });
  });

  const write = (host: LabHost, name: string, bytes: number, sync: boolean) => {
    const file = openSync(host.pathFromOutside(`${host.mountpoint}/${name}`), 'a');
    try {
      writeSync(file, 'x'.repeat(bytes));
      if (sync) fsyncSync(file);
    } finally {
      closeSync(file);
    }
  };
  const size = (host: LabHost, name: string) => {
    const path = host.pathFromOutside(`${host.mountpoint}/${name}`);
    return existsSync(path) ? statSync(path).size : 0;
  };

  it('reaches its neighbour while the cable is in, and not while it is out', async () => {
    const reached = () => network.reaches('a', b.place.address);
    await until('the wire carries frames', 60_000, async () => ((await reached()) ? true : undefined));
    await network.cable('b', 'out');
    expect(await reached()).toBe(false);
    await network.cable('b', 'in');
    await until('the wire carries frames again', 60_000, async () => ((await reached()) ? true : undefined));
  });

  it('hears its neighbour late, and every frame once, while its wire is slow', async () => {
    // Sends `count` numbers from a to b and tells, for each that arrives, the number and how long it was on its way.
    // `all` are waited for, also where somebody stands still for seconds; what is too much comes soon after.
    const sent = async (count: number, all = count) => {
      const script = `use IO::Socket::INET; use Time::HiRes qw(time sleep);
        my $at = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '${b.place.address}', LocalPort => 9) or die $!;
        my $pid = fork; if (!$pid) { close $at;
          exec 'nsenter', '--net=/run/netns/${network.namespace('a')}', 'perl', '-MIO::Socket::INET', '-MTime::HiRes=time,sleep', '-e',
            'my $to = IO::Socket::INET->new(Proto => "udp", PeerAddr => "${b.place.address}", PeerPort => 9); for (1..${count}) { print $to "$_ " . time; sleep 0.01 }' }
        $SIG{ALRM} = sub { exit 0 }; alarm 20; $| = 1; my $got = 0;
        while (defined $at->recv(my $text, 100)) { alarm(++$got < ${all} ? 20 : 2); my ($n, $then) = split ' ', $text; printf "%d %.1f\n", $n, (time - $then) * 1000 }`;
      const lines = (await network.exec('b', 'perl', ['-e', script])).trim().split('\n');
      return lines.map((line) => line.split(' ').map(Number)).map(([number = 0, ms = 0]) => ({ number, ms }));
    };
    const inOrder = (got: readonly { number: number }[]) => got.every(({ number }, at) => number >= (got[at - 1]?.number ?? 0));
    const slow = { delayMs: 300, jitterMs: 0, keepsOrder: true, doublesPercent: 0, sparedUdpPorts: [] };
    try {
      await network.relay('b', slow);
      const late = await sent(20);
      expect(late).toHaveLength(20);
      expect(inOrder(late)).toBe(true);
      expect(Math.min(...late.map(({ ms }) => ms))).toBeGreaterThanOrEqual(300);
      await network.relay('b', { ...slow, jitterMs: 200, keepsOrder: false });
      expect(inOrder(await sent(20))).toBe(false);
      await network.relay('b', { ...slow, doublesPercent: 100 });
      expect(await sent(20, 40)).toHaveLength(40);
      await network.relay('b', { ...slow, doublesPercent: 100, sparedUdpPorts: [9] });
      const spared = await sent(20);
      expect(spared).toHaveLength(20);
      expect(Math.min(...spared.map(({ ms }) => ms))).toBeLessThan(300);
      await network.drop([`iifname "b" drop`]);
      expect(await network.reaches('a', b.place.address)).toBe(false);
    } finally {
      await network.drop([]);
      await network.relay('b', null);
    }
    expect(await sent(20)).toHaveLength(20);
  });

  it('keeps over a power cut what was fsynced, and loses what was not', async () => {
    write(a, 'synced', 100_000, true);
    write(a, 'synced', 50_000, false);
    write(a, 'unsynced', 100_000, false);
    expect([size(a, 'synced'), size(a, 'unsynced')]).toEqual([150_000, 100_000]);
    await a.powerOff();
    expect(a.isOn).toBe(false);
    await a.boot();
    expect([size(a, 'synced'), size(a, 'unsynced')]).toEqual([100_000, 0]);
  });

  it('reaps orphans, restarts what should be restarted, and sees only its own processes', async () => {
    a.start({ name: 'looper', args: ['/bin/sh', '-c', 'echo started; (sleep 0.05 &) ; exec sleep 1000'], respawnMs: 50 });
    const first = await until('first start', 60_000, () => a.pidOf('looper'));
    await expect.poll(() => readFileSync(a.logOf('looper'), 'utf8')).toBe('started\n');
    a.kill('KILL', first);
    await until('restart', 60_000, () => {
      const now = a.pidOf('looper');
      return now !== undefined && now !== first ? true : undefined;
    });
    const [program, args] = a.inside('ps', ['-eo', 'stat,args', '--no-headers']);
    await until('no zombie', 60_000, async () => (/^Z/m.test(await run(program, args)) ? undefined : true));
    expect((await run(program, args)).split('\n').filter((line) => line.includes('sleep')).length).toBeLessThanOrEqual(2);
    await expect.poll(() => readFileSync(a.logOf('looper'), 'utf8')).toBe('started\nstarted\n');
  });

  it('leaves no process, mount or namespace after a power cut', async () => {
    const sleeps = `sleep 1234${process.pid}`;
    b.start({ name: 'sleeper', args: ['/bin/sh', '-c', `trap "" TERM; setsid ${sleeps} & ${sleeps}`], respawnMs: null });
    await until('start', 60_000, () => b.pidOf('sleeper'));
    appendFileSync(b.pathFromOutside(`${b.mountpoint}/held`), 'x');
    await b.powerOff();
    expect(spawnSync('pgrep', ['-f', `^${sleeps}`], { encoding: 'utf8' }).stdout).toBe('');
    expect(await run('losetup', ['-j', b.disk.image])).toBe('');
    expect(await run('ip', ['netns'])).not.toContain(network.namespace('b'));
    await b.boot();
  });
});
