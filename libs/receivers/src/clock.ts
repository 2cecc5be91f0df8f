/** performance.now() counts from the start of the process; this brings it to CLOCK_MONOTONIC, the same for every process of the host. */
const MONOTONIC_BASE_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();
let wallBaseMs = Date.now() - performance.now();

export function monotonicMs(): number {
  return performance.now() + MONOTONIC_BASE_MS;
}

/** Wall clock in whole microseconds. Date.now() counts milliseconds only; the rest comes from the monotonic clock, and a step of the wall clock is followed. */
export function wallUs(): number {
  return wallUsAt(performance.now());
}

/** One reading of both clocks. */
export function bothClocks(): { readonly monotonicMs: number; readonly wallUs: number } {
  const now = performance.now();
  return { monotonicMs: now + MONOTONIC_BASE_MS, wallUs: wallUsAt(now) };
}

function wallUsAt(now: number): number {
  const wall = Date.now();
  const guess = now + wallBaseMs;
  if (guess < wall || guess >= wall + 1) wallBaseMs = wall - now;
  return Math.floor((now + wallBaseMs) * 1_000);
}
