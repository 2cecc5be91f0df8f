/** Samples of Prometheus' text format by name with labels, as they stand there. */
export type Samples = ReadonlyMap<string, number>;

export function samplesOf(text: string): Samples {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    const split = line.lastIndexOf(' ');
    if (line.startsWith('#') || split < 0) continue;
    samples.set(line.slice(0, split), Number(line.slice(split + 1)));
  }
  return samples;
}

/** By how much it grew. */
export const grown = (name: string, before: Samples, after: Samples): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);

/**
 * Of a histogram, the value that so many of those in between were at most; between two bounds they are taken to lie evenly.
 *
 * @param share 0.99: of a hundred, ninety-nine.
 * @returns NaN: nothing came in between; Infinity: above the last bound.
 */
export function quantile(name: string, share: number, before: Samples, after: Samples): number {
  const head = `${name}_bucket{le="`;
  const below = [...after.keys()]
    .filter((key) => key.startsWith(head))
    .map((key) => ({ bound: boundOf(key.slice(head.length, -2)), count: grown(key, before, after) }))
    .sort((one, other) => one.bound - other.bound);
  const all = below.at(-1)?.count ?? 0;
  if (all === 0) return Number.NaN;
  const wanted = all * share;
  const at = below.findIndex(({ count }) => count >= wanted);
  const [here, under] = [below[at]!, below[at - 1] ?? { bound: 0, count: 0 }];
  if (here.bound === Number.POSITIVE_INFINITY) return here.bound;
  return under.bound + ((here.bound - under.bound) * (wanted - under.count)) / Math.max(1, here.count - under.count);
}

const boundOf = (text: string): number => (text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text));
