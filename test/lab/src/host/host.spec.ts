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
    await until('the wire carries frames', 5_000, async () => ((await reached()) ? true : undefined));
    await network.cable('b', 'out');
    expect(await reached()).toBe(false);
    await network.cable('b', 'in');
    await until('the wire carries frames again', 5_000, async () => ((await reached()) ? true : undefined));
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
    const first = await until('first start', 5_000, () => a.pidOf('looper'));
    a.kill('KILL', first);
    await until('restart', 5_000, () => {
      const now = a.pidOf('looper');
      return now !== undefined && now !== first ? true : undefined;
    });
    const [program, args] = a.inside('ps', ['-eo', 'stat,args', '--no-headers']);
    await until('no zombie', 5_000, async () => (/^Z/m.test(await run(program, args)) ? undefined : true));
    expect((await run(program, args)).split('\n').filter((line) => line.includes('sleep')).length).toBeLessThanOrEqual(2);
    expect(readFileSync(a.logOf('looper'), 'utf8')).toBe('started\nstarted\n');
  });

  it('leaves no process, mount or namespace after a power cut', async () => {
    b.start({ name: 'sleeper', args: ['/bin/sh', '-c', 'trap "" TERM; setsid sleep 1234 & sleep 1234'], respawnMs: null });
    await until('start', 5_000, () => b.pidOf('sleeper'));
    appendFileSync(b.pathFromOutside(`${b.mountpoint}/held`), 'x');
    await b.powerOff();
    expect(spawnSync('pgrep', ['-f', '^sleep 1234'], { encoding: 'utf8' }).stdout).toBe('');
    expect(await run('losetup', ['-j', b.disk.image])).toBe('');
    expect(await run('ip', ['netns'])).not.toContain(network.namespace('b'));
    await b.boot();
  });
});
