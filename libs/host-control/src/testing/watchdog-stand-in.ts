import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monotonicMs } from '../deadman/protocol.js';
import type { WatchdogOverrides } from '../deadman/watchdog-plan.js';

/** One byte the "driver" got, and when. */
export interface Byte {
  readonly what: string;
  readonly atMs: number;
}

const LOOK_MS = 5;

/**
 * A watchdog in software: a FIFO as its device, a folder for /sys/class/watchdog, a script for wdctl that prints what util-linux 2.38
 * prints. It resets nobody: `wouldHaveFiredMs` says when a real one would have.
 */
export class WatchdogStandIn {
  readonly device: string;
  readonly overrides: WatchdogOverrides;
  readonly bytes: Byte[] = [];
  readonly #folder: string;
  readonly #fd: number;
  readonly #timer: NodeJS.Timeout;

  constructor(root: string) {
    this.#folder = join(root, 'watchdog-stand-in');
    mkdirSync(join(this.#folder, 'sysfs/watchdog0'), { recursive: true });
    this.device = join(this.#folder, 'watchdog');
    execFileSync('mkfifo', [this.device]);
    this.overrides = { wdctl: join(this.#folder, 'wdctl'), sysfs: join(this.#folder, 'sysfs') };
    this.nowayout('0');
    this.wdctl();
    this.#fd = openSync(this.device, constants.O_RDONLY | constants.O_NONBLOCK);
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  nowayout(said: '0' | '1'): void {
    writeFileSync(join(this.#folder, 'sysfs/watchdog0/nowayout'), `${said}\n`);
  }

  /** seconds: what the device takes whatever it is asked; default: as asked. */
  wdctl({ seconds = '$2', says = '', code = 0, flags = 'MAGICCLOSE="0" MAGICCLOSE_BOOT="0"' } = {}): void {
    const answer = `echo "${this.device}: VERSION=\\"0\\" IDENTITY=\\"Stand-in\\" TIMEOUT=\\"${seconds}\\" PRETIMEOUT=\\"0\\" ${flags.replaceAll('"', '\\"')}"`;
    const script = ['#!/bin/sh', 'echo "$*" >>"$0.calls"', says === '' ? answer : `echo "wdctl: ${says}" >&2`, `exit ${code}`];
    writeFileSync(this.overrides.wdctl, `${script.join('\n')}\n`, { mode: 0o755 });
  }

  pets(): readonly Byte[] {
    return this.bytes.filter(({ what }) => what === '1');
  }

  text(): string {
    return this.bytes.map(({ what }) => what).join('');
  }

  /** What a real device of this time-out would have done: its first reset, or null. */
  wouldHaveFiredMs(timeoutMs: number, nowMs: number): number | null {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const { what, atMs } of [...this.bytes, { what: 'now', atMs: nowMs }]) {
      if (atMs > dueMs) return dueMs;
      if (what === '1') dueMs = atMs + timeoutMs;
      if (what === 'V') dueMs = Number.POSITIVE_INFINITY;
    }
    return null;
  }

  /** Nobody reads the device any more: the next open of it fails. */
  close(): void {
    clearInterval(this.#timer);
    closeSync(this.#fd);
  }

  #look(): void {
    const buffer = Buffer.alloc(64);
    try {
      const count = readSync(this.#fd, buffer);
      for (const what of buffer.toString('latin1', 0, count)) this.bytes.push({ what, atMs: monotonicMs() });
    } catch {
      // EAGAIN: it is open, and nothing was written.
    }
  }
}
