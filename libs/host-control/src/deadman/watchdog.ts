import { closeSync, constants, openSync, readFileSync, realpathSync, type Stats, statSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { lastWords, run } from '../os/run.js';

/** What the dead man is told of a hardware watchdog that it should use. */
export interface WatchdogSetup {
  readonly device: string;
  /** The time-out to ask for: wdctl and the kernel count whole seconds. */
  readonly seconds: number;
  readonly leaseOwnMs: number;
  readonly roundMaxMs: number;
  /** A lease that is told at the very moment of its round lasts this long: one that lasts less is that much older. */
  readonly leaseMs: number;
  /** util-linux: plain Node has no ioctl, and so cannot set a time-out. */
  readonly wdctl: string;
  /** Such as /sys/class/watchdog. */
  readonly sysfs: string;
  /** Specifications: a FIFO stands in for the device. It resets nobody, so elsewhere it is refused. */
  readonly standIn: boolean;
}

export interface WatchdogFacts {
  readonly watchdog: 'hardware' | 'off' | 'absent' | 'busy' | 'nowayout' | 'too-coarse' | 'failed';
  /** As read back from the device; null without one that works. */
  readonly timeoutMs: number | null;
  /** Why it is so, for an operator. */
  readonly says: string;
}

const WDCTL_DEADLINE_MS = 3_000;

/**
 * Can this host's watchdog do what P3 counts on? The answer is read back, never assumed. Only to be asked while nothing serves here:
 * wdctl opens the device and closes it again with the magic character, which also ends a countdown that an earlier dead man left.
 */
export async function inspectWatchdog(setup: WatchdogSetup): Promise<WatchdogFacts> {
  const { device, seconds } = setup;
  const no = (watchdog: WatchdogFacts['watchdog'], says: string): WatchdogFacts => ({ watchdog, timeoutMs: null, says });
  let real: string;
  let stats: Stats;
  try {
    real = realpathSync(device);
    stats = statSync(real);
  } catch {
    return no('absent', `there is no ${device}`);
  }
  if (!stats.isCharacterDevice() && !(setup.standIn && stats.isFIFO())) return no('failed', `${device} is no device`);
  // Before anybody opens it: with nowayout, wdctl's own look would begin a countdown that nobody can stop.
  const stuck = nowayout(setup.sysfs, real);
  if (stuck === null)
    return no('failed', `the kernel does not say in ${setup.sysfs} whether ${device} can be stopped again (nowayout)`);
  if (stuck)
    return no('nowayout', `${device} cannot be stopped once it was opened (nowayout): every planned stop would reset the host`);
  if (seconds < 1) return no('too-coarse', `this profile needs a time-out below a second, and watchdogs count whole seconds`);
  try {
    return judge(setup, await run(setup.wdctl, ['-s', `${seconds}`, '-O', device], { cwd: '/', deadlineMs: WDCTL_DEADLINE_MS }));
  } catch (error) {
    return no('failed', `wdctl: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** /dev/watchdog is another name of watchdog0's device: kernel, Documentation/watchdog/watchdog-kernel-api.rst. null: it is not said. */
function nowayout(sysfs: string, device: string): boolean | null {
  const name = basename(device);
  try {
    const said = readFileSync(join(sysfs, name === 'watchdog' ? 'watchdog0' : name, 'nowayout'), 'utf8').trim();
    return said === '0' ? false : said === '1' ? true : null;
  } catch {
    return null;
  }
}

type WdctlResult = Awaited<ReturnType<typeof run>>;

function judge({ device, seconds, leaseOwnMs, roundMaxMs }: WatchdogSetup, result: WdctlResult): WatchdogFacts {
  const no = (watchdog: WatchdogFacts['watchdog'], says: string): WatchdogFacts => ({ watchdog, timeoutMs: null, says });
  const words = `wdctl exited ${result.code}: ${lastWords(result)}`;
  if (/already in use|resource busy/i.test(result.stderr)) return no('busy', `${device} is in use by another program (${words})`);
  const read = Number(/\bTIMEOUT="(\d+)"/.exec(result.stdout)?.[1] ?? Number.NaN);
  // A driver that cannot count so short may refuse, or take another value: only what is read back counts.
  if (!(read > 0)) return no('failed', `${device} tells no time-out (${words})`);
  if (2 * read * 1_000 + roundMaxMs > leaseOwnMs)
    return no(
      'too-coarse',
      `${device} counts ${read} s where at most ${seconds} s were asked for: too long for the lease of ${leaseOwnMs} ms`,
    );
  if (result.code !== 0) return no('failed', words);
  // Without it any close stops the countdown, ours by a kill included.
  if (!/\bMAGICCLOSE="/.test(result.stdout))
    return no('failed', `${device} has no magic close: it would stop counting when the dead man is killed`);
  return {
    watchdog: 'hardware',
    timeoutMs: read * 1_000,
    says: `${device} resets this host after ${read} s without a fresh lease`,
  };
}

/**
 * The open device. From `lease` to `release` the host is reset unless fresh leases go on coming; nothing here is driven by a timer.
 *
 * Every operation is a synchronous call of one byte. Asynchronous ones would go through libuv's thread pool, where they could wait behind
 * a file system that hangs and come out late: 2·W + roundMaxMs ≤ leaseOwnMs allows exactly one pet that was decided on before a pause
 * and done after it, so nothing may stand between the look at the clock and the byte. A driver's write is a register, never a disk.
 */
export class Watchdog {
  readonly #setup: WatchdogSetup | null;
  readonly #clock: () => number;
  readonly #say: (facts: WatchdogFacts) => void;
  #facts: WatchdogFacts;
  #fd: number | null = null;
  #striking = false;

  constructor(setup: WatchdogSetup | null, facts: WatchdogFacts, clock: () => number, say: (facts: WatchdogFacts) => void) {
    this.#setup = setup;
    this.#facts = facts;
    this.#clock = clock;
    this.#say = say;
  }

  facts(): WatchdogFacts {
    return this.#facts;
  }

  /** May something here begin to serve, as far as the watchdog goes? Not before it counts, where it was declared. */
  guards(): boolean {
    return this.#facts.watchdog !== 'hardware' || this.#fd !== null;
  }

  /** A lease was told. Petted only when it is fresh. @returns false: what was declared is not there: strike. */
  lease(untilMs: number): boolean {
    if (this.#setup === null || this.#facts.watchdog !== 'hardware' || this.#striking) return true;
    const { device, leaseMs, roundMaxMs } = this.#setup;
    if (untilMs - this.#clock() < leaseMs - roundMaxMs) return true;
    try {
      // Opening begins the countdown. Never blocking: a stand-in nobody reads must not hold up the one who kills.
      this.#fd ??= openSync(device, constants.O_WRONLY | constants.O_NONBLOCK);
      writeSync(this.#fd, '1');
      return true;
    } catch (error) {
      this.#failed(`${device} was given up: ${error instanceof Error ? error.message : String(error)}`);
      return false;
    }
  }

  /** From here nothing is petted until `release`: should the kill not succeed, the reset does. */
  strike(): void {
    this.#striking = true;
  }

  /** Proved that nobody is left, or nothing serves: the countdown is stopped by the magic character. */
  release(): void {
    this.#striking = false;
    if (this.#fd === null) return;
    const fd = this.#fd;
    this.#fd = null;
    try {
      writeSync(fd, 'V');
    } catch (error) {
      // It counts on and resets a host on which nothing serves: a pity, no danger.
      this.#failed(`it could not be stopped: ${error instanceof Error ? error.message : String(error)}`);
    }
    closeSync(fd);
  }

  #failed(says: string): void {
    // Kept open: closed without the magic character or open, it counts on; `release` stops it once the kill is proved.
    this.#facts = { watchdog: 'failed', timeoutMs: null, says };
    this.#say(this.#facts);
  }
}
