import type { Arming, FenceHealth } from '@yosugara/failover';
import type { Epoch, NodeId } from '@yosugara/kernel';

/** What the devices of one node said; `off` only when every device of one level was read back `off` after the order. */
export interface FenceResult {
  /** `unknown`: unreachable, timed out, contradictory. Never taken for `off` (F2–F4, F7, F11). */
  readonly power: 'off' | 'on' | 'unknown';
  /** Such as `fence_ipmilan` or `fence_ipmilan + command`. */
  readonly method: string;
  /** One sentence: which level, which device, what it said, how long it took. */
  readonly evidence: string;
  readonly tookMs: number;
}

/** The power of other members. One order a target at a time; each has a deadline of its own. */
export interface FencePort {
  readonly targets: readonly NodeId[];
  /**
   * Orders `off` and reads it back, level by level. Never throws for what a device does: that is a result.
   * signal: once aborted no further device is told anything, and the result is `unknown` unless all is read back already.
   */
  off(target: NodeId, options?: { readonly signal?: AbortSignal }): Promise<FenceResult>;
  on(target: NodeId): Promise<FenceResult>;
  /** Reads the power state with the real credentials; every 60 s, and on demand. */
  check(target: NodeId): Promise<FenceHealth>;
  close(): Promise<void>;
}

/**
 * Programs of the operator around a promotion (failover.md 5.7), run with a deadline; epoch and node in the environment.
 * signal: once aborted the program is killed with all that it started, and has not passed.
 */
export interface HookPort {
  /** Exit 0 lets the promotion go on; anything else, or no answer in time, vetoes it. */
  before(epoch: Epoch, options?: HookOptions): Promise<{ readonly passed: boolean; readonly says: string }>;
  after(epoch: Epoch, options?: HookOptions): Promise<{ readonly ok: boolean; readonly says: string }>;
}

export interface HookOptions {
  readonly signal?: AbortSignal;
}

/** Looks at the host itself, each in a child process with a deadline: volumes that stall, fail, fill or turn read-only. */
export interface HostWatch {
  /** The newest look; `unfit` is a whole sentence. */
  facts(): {
    readonly unfit: string | null;
    readonly disks: readonly {
      readonly name: string;
      readonly freeBytes: number;
      readonly totalBytes: number;
      readonly level: 'ok' | 'warn' | 'high' | 'full';
    }[];
    readonly loopDelayMs: number;
  };
  onChange(handler: () => void): void;
  close(): Promise<void>;
}

export type { Arming };
