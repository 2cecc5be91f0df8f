import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROFILES } from '@yosugara/failover';
import { epoch, SILENT_LOG } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { childProgram } from '../os/child-program.js';
import { heldMarker } from '../os/markers.js';
import { isAlive, processesMarked } from '../os/processes.js';
import { createPostgresHost } from '../postgres/host.js';
import { buildChildPrograms } from '../testing/build.js';
import { CLOCK, eventually, Testbed } from '../testing/testbed.js';
import { WatchdogStandIn } from '../testing/watchdog-stand-in.js';
import type { HostDeadMan } from './port.js';
import { startDeadMan } from './start.js';
import { inspectWatchdog, Watchdog, type WatchdogFacts, type WatchdogSetup } from './watchdog.js';
import { planWatchdog } from './watchdog-plan.js';

const { leaseOwnMs, killBudgetMs, roundMaxMs } = PROFILES.lan;
/** A lease that is told at the moment of its round. */
const LEASE_MS = leaseOwnMs - killBudgetMs;
const HARDWARE: WatchdogFacts = { watchdog: 'hardware', timeoutMs: 1_000, says: '' };

let folder: string;
let standIn: WatchdogStandIn;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'yosugara-watchdog-'));
  standIn = new WatchdogStandIn(folder);
});
afterEach(() => {
  standIn.close();
  rmSync(folder, { recursive: true, force: true });
});

const setup = (over: Partial<WatchdogSetup> = {}): WatchdogSetup => ({
  device: standIn.device,
  seconds: 1,
  leaseOwnMs,
  roundMaxMs,
  leaseMs: LEASE_MS,
  ...standIn.overrides,
  standIn: true,
  ...over,
});

describe('what a watchdog can do is read back', () => {
  it('whole seconds, rounded down from the profile, are asked for and read back', async () => {
    expect(await inspectWatchdog(setup())).toMatchObject({ watchdog: 'hardware', timeoutMs: 1_000 });
    expect(readFileSync(`${standIn.overrides.wdctl}.calls`, 'utf8')).toBe(`-s 1 -O ${standIn.device}\n`);
    expect(standIn.text()).toBe('');
  });

  it.each<[string, WatchdogFacts['watchdog'], RegExp, () => Partial<WatchdogSetup>]>([
    ['is not there', 'absent', /there is no/, () => ({ device: join(folder, 'none') })],
    ['is a file', 'failed', /is no device/, () => ({ device: standIn.overrides.wdctl })],
    ['is a FIFO outside of a specification', 'failed', /is no device/, () => ({ standIn: false })],
    [
      'is open by another program',
      'busy',
      /in use by another/,
      () => said({ says: `${standIn.device}: watchdog already in use, terminating.`, code: 1 }),
    ],
    ['cannot be stopped again', 'nowayout', /planned stop would reset/, nowayout],
    ['may be nowayout or not: the kernel does not say', 'failed', /does not say/, () => ({ sysfs: join(folder, 'nothing') })],
    ['takes no less than 60 s', 'too-coarse', /counts 60 s/, () => said({ seconds: '60' })],
    ['takes no less than 2 s, and refuses what was asked', 'too-coarse', /counts 2 s/, () => said({ seconds: '2', code: 1 })],
    ['refuses the time-out', 'failed', /exited 1/, () => said({ code: 1 })],
    ['has no magic close', 'failed', /no magic close/, () => said({ flags: 'SETTIMEOUT="0"' })],
    [
      'may not be opened',
      'failed',
      /Permission denied/,
      () => said({ says: `cannot open ${standIn.device}: Permission denied`, code: 1 }),
    ],
    ['cannot be asked: there is no wdctl', 'failed', /wdctl/, () => ({ wdctl: join(folder, 'none') })],
    ['should count less than a second', 'too-coarse', /whole seconds/, () => ({ seconds: 0 })],
  ])('is refused when it %s', async (_, watchdog, says, given) => {
    const facts = await inspectWatchdog(setup(given()));
    expect(facts).toMatchObject({ watchdog, timeoutMs: null, says: expect.stringMatching(says) });
  });

  function said(answer: Parameters<WatchdogStandIn['wdctl']>[0]): Partial<WatchdogSetup> {
    standIn.wdctl(answer);
    return {};
  }
  function nowayout(): Partial<WatchdogSetup> {
    standIn.nowayout('1');
    return {};
  }
});

describe('the open device', () => {
  let nowMs: number;
  let lost: WatchdogFacts[];
  let dog: Watchdog;
  beforeEach(() => {
    nowMs = 1_000;
    lost = [];
    dog = new Watchdog(
      setup(),
      HARDWARE,
      () => nowMs,
      (facts) => lost.push(facts),
    );
  });
  afterEach(() => dog.release());
  const hears = (text: string) => eventually(`the device got ${text}`, () => standIn.text() === text);

  it('is opened by a fresh lease only, and petted by each: an older one may have waited anywhere', async () => {
    expect(dog.lease(nowMs + LEASE_MS - roundMaxMs - 1)).toBe(true);
    expect(dog.guards()).toBe(false);
    dog.lease(nowMs + LEASE_MS - roundMaxMs);
    expect(dog.guards()).toBe(true);
    dog.lease(nowMs + LEASE_MS);
    dog.lease(nowMs + LEASE_MS - roundMaxMs - 1);
    await hears('11');
  });

  it('is not petted between a strike and its proof, and stopped by the magic character after it', async () => {
    dog.lease(nowMs + LEASE_MS);
    dog.strike();
    dog.lease(nowMs + LEASE_MS);
    await hears('1');
    dog.release();
    await hears('1V');
    dog.release();
    expect(dog.guards()).toBe(false);
    dog.lease(nowMs + LEASE_MS);
    await hears('1V1');
  });

  it('asks for a strike when it cannot be opened though it was declared, and is declared no more', () => {
    dog = new Watchdog(
      setup({ device: join(folder, 'gone') }),
      HARDWARE,
      () => nowMs,
      (facts) => lost.push(facts),
    );
    expect(dog.lease(nowMs + LEASE_MS)).toBe(false);
    expect(lost).toMatchObject([{ watchdog: 'failed', timeoutMs: null, says: expect.stringContaining('ENOENT') }]);
  });

  it('asks for a strike when it takes a pet no more', () => {
    dog.lease(nowMs + LEASE_MS);
    standIn.close(); // EPIPE
    expect(dog.lease(nowMs + LEASE_MS)).toBe(false);
    expect(lost).toMatchObject([{ watchdog: 'failed' }]);
    standIn = new WatchdogStandIn(join(folder, 'next'));
  });
});

// A lease that is told at the moment of its round, and a countdown of one second: of a few tries one is not stalled.
describe('a dead man with a watchdog', { retry: 3 }, () => {
  let bed: Testbed;
  beforeAll(buildChildPrograms);
  beforeEach(async () => {
    bed = await Testbed.open();
  });
  afterEach(() => bed.close());

  const config = (mode: NodeConfig['watchdog']['mode'] = 'auto'): NodeConfig => ({
    ...bed.config('a'),
    watchdog: { mode, device: standIn.device },
  });
  async function started(mode?: NodeConfig['watchdog']['mode']): Promise<HostDeadMan> {
    const options = { config: config(mode), bootId: 'boot-a', log: SILENT_LOG, clock: CLOCK, watchdog: standIn.overrides };
    const deadMan = await startDeadMan(options);
    bed.onClose(() => deadMan.close());
    return deadMan;
  }
  const holdsDevice = (pid: number) =>
    readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`) === standIn.device;
      } catch {
        return false;
      }
    });

  it('declares what it read back; holds the device only under a lease, and gives it back when disarmed and at its clean end', async () => {
    const deadMan = await started();
    expect(deadMan.report()).toMatchObject({ watchdog: 'hardware', arming: { kind: 'hardware', timeoutMs: 1_000 } });
    expect([deadMan.arming(), deadMan.armingFacts(), deadMan.unfit()]).toEqual([
      'hardware',
      { kind: 'hardware', timeoutMs: 1_000 },
      null,
    ]);
    expect(holdsDevice(deadMan.pid()!)).toBe(false);
    await expect(deadMan.mustGuard()).rejects.toMatchObject({ code: 'LEASE_ENDED' });
    deadMan.lease(CLOCK.monotonicMs() + LEASE_MS, epoch(1));
    await deadMan.mustGuard();
    expect(holdsDevice(deadMan.pid()!)).toBe(true);
    deadMan.lease(0, epoch(1));
    await eventually('stopped', () => standIn.text() === '1V');
    expect(holdsDevice(deadMan.pid()!)).toBe(false);
    deadMan.lease(CLOCK.monotonicMs() + LEASE_MS, epoch(2));
    await deadMan.mustGuard();
    await deadMan.close();
    await eventually('stopped', () => standIn.text() === '1V1V');
  });

  it('lets nothing become writable before the device counts: a host that freezes in between would never be reset', async () => {
    const deadMan = await started();
    const postgres = createPostgresHost({ config: config(), deadMan, log: SILENT_LOG, clock: CLOCK });
    bed.onClose(() => postgres.close());
    await postgres.initialise();
    await expect(postgres.startPrimary([])).rejects.toMatchObject({ code: 'LEASE_ENDED' });
    await postgres.startStandby(null);
    // As old as may be, and one millisecond more: it is obeyed, but no pet.
    deadMan.lease(CLOCK.monotonicMs() + LEASE_MS - roundMaxMs - 1, epoch(1));
    await expect(postgres.promote()).rejects.toMatchObject({ code: 'LEASE_ENDED', message: expect.stringContaining('watchdog') });
    deadMan.lease(CLOCK.monotonicMs() + LEASE_MS, epoch(1));
    await postgres.promote();
    await eventually('petted once', () => standIn.text() === '1');
  });

  it('strikes when it cannot open at the first lease what it had declared, and arms softly afterwards', async () => {
    const deadMan = await started();
    const struck = new Promise((resolve) => deadMan.onStruck(resolve));
    rmSync(standIn.device);
    deadMan.lease(CLOCK.monotonicMs() + LEASE_MS, epoch(3));
    expect(await struck).toBe(3);
    expect(deadMan.report()).toMatchObject({ watchdog: 'failed', arming: { kind: 'soft', timeoutMs: null } });
    deadMan.lease(CLOCK.monotonicMs() + LEASE_MS, epoch(4));
    await deadMan.mustGuard();
  });

  it('is unfit where a watchdog is required and none works, and soft where it is not', async () => {
    standIn.wdctl({ seconds: '60' });
    const required = await started('required');
    expect(required.unfit()).toMatch(/^a hardware watchdog is required here .* counts 60 s/);
    await required.close();
    const auto = await started();
    expect([auto.unfit(), auto.arming(), auto.report().watchdog]).toEqual([null, 'soft', 'too-coarse']);
  });

  it('is wanted only where its proof counts, and never by two voters', () => {
    const { cluster, ...rest } = config();
    const planned = (over: Partial<NodeConfig['cluster']>, mode: NodeConfig['watchdog']['mode'] = 'auto') =>
      planWatchdog({ ...rest, watchdog: { mode, device: standIn.device }, cluster: { ...cluster, ...over } }).setup;
    expect(planned({})).toMatchObject({ seconds: 1, wdctl: 'wdctl', sysfs: '/sys/class/watchdog', standIn: false });
    expect(planned({ profile: 'wan-arbiter' })).toMatchObject({ seconds: 8 });
    expect(planned({}, 'off')).toBeNull();
    expect(planned({ stopProofs: ['P1', 'P4'] })).toBeNull();
    expect(planned({ stopProofs: ['P1', 'P4'] }, 'required')).not.toBeNull();
    expect(planned({ members: cluster.members.slice(0, 2) }, 'required')).toBeNull();
  });

  it('pets while its controller renews, and no more from the moment it is frozen: the host would be reset before the lease is over', async () => {
    const file = join(bed.root, 'config.json');
    mkdirSync(bed.root, { recursive: true });
    writeFileSync(file, JSON.stringify(config()));
    const manager = ['/bin/sh', '-c', 'exec sleep 600'];
    const argv = [
      childProgram('testing/stand-in-main.js'),
      file,
      'standby',
      '7',
      String(LEASE_MS),
      JSON.stringify(manager),
      JSON.stringify(standIn.overrides),
    ];
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout!.on('data', (chunk) => {
      said += chunk;
    });
    bed.onClose(async () => {
      child.kill('SIGKILL');
      await eventually('the dead man has ended', () => said === '' || !isAlive(JSON.parse(said).deadMan));
    });
    await eventually('the stand-in is ready', () => said.includes('\n'));
    await eventually('it is petted', () => standIn.pets().length >= 3);
    expect(standIn.wouldHaveFiredMs(1_000, CLOCK.monotonicMs())).toBeNull();
    child.kill('SIGSTOP');
    const [frozenMs, before] = [CLOCK.monotonicMs(), standIn.pets().length];
    // Its lease runs out: the kill, the proof that nobody is left, and only then the magic character.
    await eventually('stopped', () => standIn.text().endsWith('V'));
    expect(processesMarked(heldMarker('manager', config()))).toEqual([]);
    // Two may have been under way: one told and not yet given, one given and not yet seen here.
    expect(standIn.pets().length - before).toBeLessThanOrEqual(2);
    const fired = standIn.wouldHaveFiredMs(1_000, CLOCK.monotonicMs());
    expect(fired).not.toBeNull();
    expect(fired! - frozenMs).toBeLessThan(leaseOwnMs);
  });

  it('leaves the countdown running when it is killed itself: the host is reset', async () => {
    const deadMan = await started();
    deadMan.lease(CLOCK.monotonicMs() + LEASE_MS, epoch(1));
    await deadMan.mustGuard();
    process.kill(deadMan.pid()!, 'SIGKILL');
    await eventually('gone', () => deadMan.pid() === null);
    expect(standIn.text()).toBe('1');
    expect(standIn.wouldHaveFiredMs(1_000, CLOCK.monotonicMs() + 1_001)).not.toBeNull();
  });
});
