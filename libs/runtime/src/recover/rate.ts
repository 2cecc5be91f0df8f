/** A few seconds of (when, how many bytes): enough for a rate that neither jumps nor lags. */
export type Samples = readonly { readonly atMs: number; readonly bytes: number }[];

const WINDOW_MS = 5_000;
const MAX_SAMPLES = 64;

/** Bytes that fell are another copy: its rate begins anew. */
export function addSample(samples: Samples, atMs: number, bytes: number): Samples {
  const last = samples.at(-1);
  if (last !== undefined && bytes < last.bytes) return [{ atMs, bytes }];
  return [...samples.filter((sample) => atMs - sample.atMs <= WINDOW_MS), { atMs, bytes }].slice(-MAX_SAMPLES);
}

/** null: too early to tell. */
export function bytesPerSecond(samples: Samples): number | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.atMs - first.atMs < 200) return null;
  return Math.round(((last.bytes - first.bytes) * 1_000) / (last.atMs - first.atMs));
}

export function etaMs(leftBytes: number, rate: number | null): number | null {
  return rate === null || rate <= 0 ? null : Math.round((leftBytes * 1_000) / rate);
}
