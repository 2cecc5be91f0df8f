import { parseArgs } from 'node:util';
import { type BenchOptions, goalMet, type Measure } from './benchmark.js';
import { BENCHMARKS, PLANNED } from './benchmarks.js';
import { thisCommit, thisMachine } from './machine.js';

const USAGE = `npm run bench -- NAME… [--runs N] [--seconds S] [--json]   ours and the peer's by turns, N runs of each (default 5, of 1 s)
npm run bench -- search [--rows N] [--replicated]          first page of the last hour among N rows (default 5000000), with a Standby
npm run bench -- memory [--minutes N]                      with the peer down for N minutes (default 2)
npm run bench -- collected events-million console [--rows N] among N values or events (default 10000000 and 1000000)
npm run bench -- monitors [--minutes N]                    for N minutes (default 2)
npm run bench -- --list                                    the benchmarks`;

const { values: asked, positionals } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    rows: { type: 'string' },
    minutes: { type: 'string' },
    replicated: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

function list(): void {
  for (const { name, what } of BENCHMARKS) console.log(`${name}: ${what}`);
  for (const [name, what] of Object.entries(PLANNED)) console.log(`${name} (not there yet): ${what}`);
}

function chosen() {
  const names = positionals.length === 0 ? BENCHMARKS.map(({ name }) => name) : positionals;
  return names.map((name) => {
    const benchmark = BENCHMARKS.find((one) => one.name === name);
    if (benchmark !== undefined) return benchmark;
    const known = [...BENCHMARKS.map((one) => one.name), ...Object.keys(PLANNED)].join(', ');
    throw new Error(name in PLANNED ? `benchmark ${name} is not there yet` : `no benchmark ${name}: there are ${known}`);
  });
}

function positive(name: 'runs' | 'seconds' | 'rows' | 'minutes', text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} ${text} is no number above 0`);
  return value;
}

function options(say: (line: string) => void): BenchOptions {
  const { runs, seconds, rows, minutes, replicated } = asked;
  return {
    ...{ runs: Math.ceil(positive('runs', runs)), seconds: positive('seconds', seconds), replicated, say },
    ...(rows === undefined ? {} : { rows: Math.ceil(positive('rows', rows)) }),
    ...(minutes === undefined ? {} : { minutes: positive('minutes', minutes) }),
  };
}

function row(measure: Measure): string {
  const { name, ours, peer, peerName, ratio, goal, unit } = measure;
  const met = goalMet(measure);
  const number = (value: number | null) =>
    value === null ? '–' : value >= 1_000 ? Math.round(value).toLocaleString('en-US') : value.toFixed(2);
  const wanted =
    goal === undefined
      ? ''
      : ` goal: ${goal.of} ${goal.is} ${number(goal.value)}${met === null ? '' : met ? ', met' : ', MISSED'}`;
  return `${name}: ours ${number(ours)}, peer ${number(peer)} (${peerName}), ratio ${number(ratio)} [${unit}]${wanted}`;
}

function told(measure: Measure): readonly string[] {
  return measure.note === undefined ? [row(measure)] : [row(measure), `  ${measure.note}`];
}

async function main(): Promise<void> {
  if (asked.help) return console.log(USAGE);
  if (asked.list) return list();
  const where = { machine: thisMachine(), commit: thisCommit() };
  const say = (line: string) => void (asked.json || process.stderr.write(`${line}\n`));
  const measures: Measure[] = [];
  for (const benchmark of chosen()) measures.push(...(await benchmark.run(options(say))));
  if (asked.json)
    console.log(
      JSON.stringify(
        measures.map((measure) => ({ ...measure, ...where })),
        null,
        2,
      ),
    );
  else for (const line of [...measures.flatMap(told), JSON.stringify(where)]) console.log(line);
}

// Clusters and daemons in sessions of their own hear of Ctrl-C by 'exit' only.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
