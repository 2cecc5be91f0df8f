import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Log } from '@yosugara/kernel';
import { type NodeConfig, type ProfileName, STATE_LAYOUT } from '@yosugara/protocol';
import type { HostWatch } from '@yosugara/runtime';
import { postgresAccount } from '../os/account.js';
import { postgresPaths } from '../postgres/paths.js';
import type { VolumeSetup } from './protocol.js';
import { type VolumeTimes, VolumeWatch } from './volume.js';

export interface HostWatchOptions {
  readonly config: NodeConfig;
  readonly log: Log;
  readonly lookEveryMs?: number;
  readonly stallMs?: number;
  readonly againMs?: number;
}

const MIB = 1024 * 1024;
const LOOK_EVERY_MS = 1_000;
const AGAIN_MS = 10_000;
/** How long a volume may be silent. Well above what a busy disk needs, well below what an operator would wait. */
const STALL_MS: Record<ProfileName, number> = { fast: 2_000, lan: 5_000, tolerant: 5_000, vm: 10_000, 'wan-arbiter': 10_000 };
/** Two WAL segments: less, and the next one may be the PANIC. The state volume needs little. */
const WAL_ROOM_BYTES = 32 * MIB;
const STATE_ROOM_BYTES = 4 * MIB;
const LOG_LIMIT_BYTES = 64 * MIB;
/** The event loop's worst delay is told for this many looks. */
const DELAYS_KEPT = 10;
const DELAY_RESOLUTION_MS = 20;

/** Looks at this host's volumes about once a second, each through a child process of its own. */
export function startHostWatch(options: HostWatchOptions): HostWatch {
  return new LocalHostWatch(options);
}

class LocalHostWatch implements HostWatch {
  readonly #log: Log;
  readonly #times: VolumeTimes;
  readonly #data: VolumeWatch | null;
  readonly #dataSetup: VolumeSetup | null;
  readonly #volumes: VolumeWatch[] = [];
  readonly #handlers: (() => void)[] = [];
  readonly #loop = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  readonly #delays: number[] = [];
  readonly #timer: NodeJS.Timeout;
  #walAt: string | null = null;

  constructor({ config, log, lookEveryMs, stallMs, againMs }: HostWatchOptions) {
    this.#log = log;
    this.#times = { stallMs: stallMs ?? STALL_MS[config.cluster.profile], againMs: againMs ?? AGAIN_MS };
    this.#dataSetup = config.dataDir === undefined ? null : dataSetup(config);
    this.#data = this.#dataSetup === null ? null : this.#watch(this.#dataSetup);
    this.#watch(stateSetup(config));
    this.#loop.enable();
    this.#timer = setInterval(() => this.#look(), lookEveryMs ?? LOOK_EVERY_MS);
    this.#look();
  }

  facts(): ReturnType<HostWatch['facts']> {
    const unfit = this.#volumes.map((volume) => volume.unfit()).filter((why) => why !== null);
    const disks = this.#volumes.flatMap((volume) => {
      const space = volume.space();
      if (space === null) return [];
      const { freeBytes, totalBytes, level } = space;
      return [{ name: volume.name, freeBytes, totalBytes, level }];
    });
    return { unfit: unfit.length === 0 ? null : unfit.join('; '), disks, loopDelayMs: Math.max(0, ...this.#delays) };
  }

  onChange(handler: () => void): void {
    this.#handlers.push(handler);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#loop.disable();
    await Promise.all(this.#volumes.map((volume) => volume.close()));
  }

  #watch(setup: VolumeSetup): VolumeWatch {
    const volume = new VolumeWatch(setup, this.#times, this.#log, () => {
      for (const handler of this.#handlers) handler();
    });
    this.#volumes.push(volume);
    return volume;
  }

  #look(): void {
    // What a timer of this resolution is late by, anyway, is no delay.
    this.#delays.push(Math.max(0, Math.round(this.#loop.max / 1e6) - DELAY_RESOLUTION_MS));
    if (this.#delays.length > DELAYS_KEPT) this.#delays.shift();
    this.#loop.reset();
    this.#followWal();
    for (const volume of this.#volumes) volume.look();
  }

  /** pg_wal that leads to another file system is a volume of its own. */
  #followWal(): void {
    const wal = this.#data?.wal() ?? null;
    if (wal === null || wal === this.#walAt || this.#dataSetup === null) return;
    const earlier = this.#volumes.findIndex(({ name }) => name === 'wal');
    if (earlier >= 0) void this.#volumes.splice(earlier, 1)[0]!.close();
    this.#walAt = wal;
    this.#watch({ ...this.#dataSetup, name: 'wal', folder: wal, pgdata: null });
  }
}

const percentOf = ({ disks }: NodeConfig) => ({ warn: disks.warnPercent, high: disks.highPercent, full: disks.fullPercent });

function dataSetup(config: NodeConfig): VolumeSetup {
  const { dataDir, pgdata } = postgresPaths(config);
  const { name, uid, gid, switchTo } = postgresAccount(config.postgres.user);
  return {
    name: 'data',
    folder: dataDir,
    account: switchTo ? { name, uid, gid } : null,
    pgdata,
    ballastBytes: config.disks.ballastMb * MIB,
    roomBytes: WAL_ROOM_BYTES,
    percent: percentOf(config),
    logs: null,
  };
}

function stateSetup(config: NodeConfig): VolumeSetup {
  return {
    name: 'state',
    folder: config.stateDir,
    account: null,
    pgdata: null,
    ballastBytes: 0,
    roomBytes: STATE_ROOM_BYTES,
    percent: percentOf(config),
    logs: { folder: join(config.stateDir, STATE_LAYOUT.logs), limitBytes: LOG_LIMIT_BYTES },
  };
}
