import type { Clock } from '@yosugara/kernel';

/** CLOCK_MONOTONIC of Linux, the same for every process of this host until it goes down: a deadline outlives a restart of the agent. */
export const HOST_CLOCK: Clock = {
  monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
  wallMs: () => Date.now(),
};
