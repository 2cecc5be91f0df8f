import type { Clock } from '@yosugara/kernel';

/** `process.hrtime` reads CLOCK_MONOTONIC, whose origin every process of this host shares: the controller's leases can be compared with it. */
export const hostClock: Clock = {
  monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
  wallMs: () => Date.now(),
};
