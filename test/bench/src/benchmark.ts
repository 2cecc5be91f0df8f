/** One comparison, measured in one run of one process or machine. */
export interface Measure {
  /** `parse/rfc5424-sd`: the benchmark, and what of it. */
  readonly name: string;
  /** Of `ours`, `peer` and `goal`: `messages/s`, `ms` … */
  readonly unit: string;
  /** Median of the runs. */
  readonly ours: number;
  /** null = nobody does it, or the peer is not installed. */
  readonly peer: number | null;
  readonly peerName: string;
  /** ours / peer */
  readonly ratio: number | null;
  /** What issue or docs ask for, with its direction. */
  readonly goal?: { readonly of: 'ours' | 'ratio'; readonly is: 'at least' | 'at most'; readonly value: number };
  /** Every run, in the order in which they were made: ours and peer by turns. */
  readonly runs: { readonly ours: readonly number[]; readonly peer: readonly number[] };
  /** How it was measured, where that is not plain. */
  readonly note?: string;
}

export interface BenchOptions {
  /** Of each side. */
  readonly runs: number;
  readonly seconds: number;
  /** `search`: among so many rows. */
  readonly rows?: number;
  /** `search`: with a Standby that commits wait for. */
  readonly replicated?: boolean;
  /** `memory`: with the peer down for so long. */
  readonly minutes?: number;
  readonly say: (line: string) => void;
}

/** One module each, below `src/`. */
export interface Benchmark {
  readonly name: string;
  readonly what: string;
  run(options: BenchOptions): Promise<readonly Measure[]>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Ours and the peer by turns, so that a machine that is slow for a while is slow for both. The first pair only warms up. */
export async function alternate(
  runs: number,
  ours: () => number | Promise<number>,
  peer: (() => number | Promise<number>) | null,
): Promise<Pick<Measure, 'ours' | 'peer' | 'ratio' | 'runs'>> {
  const made = { ours: [] as number[], peer: [] as number[] };
  for (let run = 0; run <= runs; run++) {
    const [one, other] = [await ours(), await peer?.()];
    if (run === 0) continue;
    made.ours.push(one);
    if (other !== undefined) made.peer.push(other);
  }
  const [mine, theirs] = [median(made.ours), made.peer.length === 0 ? null : median(made.peer)];
  return { ours: mine, peer: theirs, ratio: theirs === null ? null : mine / theirs, runs: made };
}

export function goalMet({ ours, ratio, goal }: Measure): boolean | null {
  if (goal === undefined) return null;
  const value = goal.of === 'ours' ? ours : ratio;
  if (value === null) return null;
  return goal.is === 'at least' ? value >= goal.value : value <= goal.value;
}
