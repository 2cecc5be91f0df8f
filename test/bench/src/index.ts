export { alternate, type Benchmark, type BenchOptions, goalMet, type Measure, median } from './benchmark.js';
export { BENCHMARKS, PLANNED } from './benchmarks.js';
