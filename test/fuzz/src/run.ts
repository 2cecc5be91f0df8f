import { mutate } from './mutate.js';
import { Random } from './random.js';
import type { Target } from './target.js';

export interface RunOptions {
  readonly inputs: number;
  readonly seed: number;
  /** Index of the first one, default 0. */
  readonly first?: number;
  /** No input may take longer, and 2 µs for each of its bytes: measured again in CPU time before it counts, since the machine may be busy. */
  readonly limitMs: number;
  readonly maxGrowthBytes: number;
  readonly onProgress?: (done: number) => void;
}

export interface Found {
  readonly index: number;
  readonly why: string;
  readonly input: Uint8Array;
}

export interface RunResult {
  readonly target: string;
  readonly inputs: number;
  readonly seed: number;
  readonly first: number;
  readonly seconds: number;
  readonly inputsPerSecond: number;
  readonly bytes: number;
  readonly slowestMs: number;
  readonly growthBytes: number;
  readonly found: readonly Found[];
}

/** So many are shown; one mistake is usually found again and again. */
const MAX_FOUND = 10;
/** What is linear may take longer for 64 KiB; what goes by the square takes seconds. */
const MS_PER_BYTE = 0.002;
const PROGRESS_EVERY = 100_000;
/** What is compiled and kept once is kept by then. */
const WARM = 0.2;

/** Every input has chance of its own, made of seed and index: one of them can be run alone. */
export function runTarget(target: Target, options: RunOptions): RunResult {
  const found: Found[] = [];
  let [bytes, slowestMs, warmHeap] = [0, 0, 0];
  const startMs = performance.now();
  const first = options.first ?? 0;
  let index = first;
  for (; index < first + options.inputs && found.length < MAX_FOUND; index++) {
    if (index === first + Math.floor(options.inputs * WARM)) warmHeap = heapBytes();
    const outcome = runOne(target, options, index);
    bytes += outcome.input.length;
    slowestMs = Math.max(slowestMs, outcome.tookMs);
    if (outcome.why !== null) found.push({ index, why: outcome.why, input: outcome.input });
    if ((index + 1) % PROGRESS_EVERY === 0) options.onProgress?.(index + 1);
  }
  const seconds = (performance.now() - startMs) / 1_000;
  const growthBytes = heapBytes() - warmHeap;
  if (growthBytes > options.maxGrowthBytes)
    found.push({ index, why: `the heap grew by ${growthBytes} bytes`, input: new Uint8Array(0) });
  const inputs = index - first;
  return {
    ...{ target: target.name, inputs, seed: options.seed, first, seconds, inputsPerSecond: Math.round(inputs / seconds) },
    bytes,
    slowestMs,
    growthBytes,
    found,
  };
}

export function runOne(target: Target, { seed, limitMs }: Pick<RunOptions, 'seed' | 'limitMs'>, index: number) {
  const random = new Random(seed, index);
  const modelled = target.grammar !== undefined && random.oneIn(4) ? target.grammar(random) : null;
  // A message that is right is a good beginning of one that is not.
  const made = target.grammar === undefined || modelled !== null || !random.oneIn(2) ? null : target.grammar(random).input;
  const corpus = made === null ? target.corpus : [made];
  const input = modelled?.input ?? mutate(random, corpus, target.dictionary);
  const check = modelled?.check ?? (() => target.check(input, new Random(seed, ~index)));
  const mostMs = limitMs + input.length * MS_PER_BYTE;
  let tookMs = timed(check, wallMs);
  for (let again = 0; typeof tookMs === 'number' && tookMs > mostMs && again < 5; again++) {
    const next = timed(check, cpuMs);
    tookMs = typeof next === 'number' ? Math.min(tookMs, next) : next;
  }
  if (typeof tookMs === 'string') return { input, tookMs: 0, why: tookMs };
  return { input, tookMs, why: tookMs > mostMs ? `took ${tookMs.toFixed(1)} ms` : null };
}

/** @returns ms; a text: what was thrown. */
function timed(check: () => void, nowMs: () => number): number | string {
  const startMs = nowMs();
  try {
    check();
  } catch (error) {
    return error instanceof Error
      ? `${error.name}: ${error.message}\n${error.stack?.split('\n').slice(1, 5).join('\n')}`
      : String(error);
  }
  return nowMs() - startMs;
}

const wallMs = () => performance.now();

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage?.() ?? process.cpuUsage();
  return (user + system) / 1_000;
}

/** Of what is still in use; without `--expose-gc` of everything. */
function heapBytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
}
