import type { NodeId } from '@yosugara/kernel';

export type Power = 'on' | 'off' | 'unknown';

export interface DeviceOrder {
  /** It took the order. What the power is then, only `status` tells. */
  readonly accepted: boolean;
  /** What it said, on one line, without secrets. */
  readonly says: string;
}

export interface DeviceStatus {
  readonly power: Power;
  readonly says: string;
}

/** One way to one node's power. Each call has the device's own deadline and never throws: silence is an answer. */
export interface PowerDevice {
  readonly name: string;
  /** Such as `fence_ipmilan`, or `command`. */
  readonly method: string;
  readonly timeoutMs: number;
  /** Declared time to a read-back `off`. */
  readonly offMs: number;
  order(action: 'off' | 'on', signal: AbortSignal): Promise<DeviceOrder>;
  status(signal: AbortSignal): Promise<DeviceStatus>;
}

export interface DeviceContext {
  readonly target: NodeId;
  /** Secret files with a relative path lie below it. */
  readonly stateDir: string;
}
