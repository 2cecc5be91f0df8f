/** Prometheus' text format, version 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/). */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

type Labels = Readonly<Record<string, string | number>>;

/** Metrics in the order in which they were first named; samples of one metric stand together, as the format asks. */
export class Metrics {
  readonly #metrics = new Map<string, { readonly head: string; readonly samples: string[] }>();

  /** Only ever grows while what counts it runs. The name ends in `_total`. */
  counter(name: `yosugara_${string}_total`, help: string, value: number | null | undefined, labels: Labels = {}): void {
    this.#add(name, 'counter', help, value, labels);
  }

  gauge(name: `yosugara_${string}`, help: string, value: number | boolean | null | undefined, labels: Labels = {}): void {
    this.#add(name, 'gauge', help, typeof value === 'boolean' ? Number(value) : value, labels);
  }

  /**
   * How many were how large. @param bounds upper ones, ascending. @param counts of each bound those above the one before; then those above all.
   */
  histogram(name: `yosugara_${string}`, help: string, bounds: readonly number[], counts: readonly number[], sum: number): void {
    let below = 0;
    for (const [at, count] of counts.entries()) {
      below += count;
      this.#add(name, 'histogram', help, below, { le: bounds[at] ?? '+Inf' }, '_bucket');
    }
    this.#add(name, 'histogram', help, sum, {}, '_sum');
    this.#add(name, 'histogram', help, below, {}, '_count');
  }

  text(): string {
    return [...this.#metrics.values()].map(({ head, samples }) => `${head}${samples.join('')}`).join('');
  }

  #add(name: string, type: string, help: string, value: number | null | undefined, labels: Labels, end = ''): void {
    let metric = this.#metrics.get(name);
    // What is not known has no sample: nought would be a lie.
    if (value === null || value === undefined) return;
    if (metric === undefined)
      this.#metrics.set(name, (metric = { head: `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n`, samples: [] }));
    const named = Object.entries(labels).map(([label, text]) => `${label}="${escaped(String(text)).replaceAll('"', '\\"')}"`);
    metric.samples.push(`${name}${end}${named.length === 0 ? '' : `{${named.join(',')}}`} ${value}\n`);
  }
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
