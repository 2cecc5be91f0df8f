import { re2Patterns } from '@yosugara/connectors';
import { judge, LineJudge, lineOf, type ReceivedLine } from '@yosugara/operations';
import { RE2JS } from 're2js';
import { alternate, type Benchmark, type BenchOptions, type Measure } from './benchmark.js';
import { type Kind, linesOf, monitorsOf, RULES, RULES_A_MONITOR, rulesOf } from './rules-data.js';

/** Between two looks at the clock. */
const BATCH = 10;
/** Of issue 5: 2 µs for each rule and message. */
const GOAL_US = 2 * RULES;

const CASES: readonly { readonly name: string; readonly kind: Kind; readonly hits: boolean }[] = [
  { name: 'rules/miss', kind: 'worded', hits: false },
  { name: 'rules/hit', kind: 'worded', hits: true },
  { name: 'rules/miss-without-case', kind: 'without case', hits: false },
  { name: 'rules/hit-without-case', kind: 'without case', hits: true },
  { name: 'rules/wordless', kind: 'wordless', hits: false },
];

/** µs of processor time a message, collector included. @returns also how many of a round were told. */
function costOf(
  lines: readonly ReceivedLine[],
  seconds: number,
  tell: (line: ReceivedLine) => number,
): { readonly us: number; readonly told: number } {
  const endMs = performance.now() + seconds * 1_000;
  const before = process.cpuUsage();
  let [done, told] = [0, 0];
  // A slow side gets through a part of the lines only.
  for (let at = 0; done === 0 || performance.now() < endMs; at = (at + BATCH) % lines.length)
    for (const line of lines.slice(at, at + BATCH)) {
      told += tell(line);
      done++;
    }
  const { user, system } = process.cpuUsage(before);
  return { us: (user + system) / done, told: told / done };
}

async function measure({ name, kind, hits }: (typeof CASES)[number], { runs, seconds, say }: BenchOptions): Promise<Measure> {
  const patterns = re2Patterns();
  const rules = rulesOf(kind);
  const monitors = monitorsOf(rules, patterns);
  const byId = new Map(monitors.map((monitor) => [monitor.id, monitor]));
  const lineJudge = new LineJudge(monitors, patterns, { isWithin: () => true, isOpen: () => true });
  const lines = linesOf(hits);
  const ours = (line: ReceivedLine): number => {
    let told = 0;
    for (const sample of lineJudge.samplesOf(line)) told += judge(byId.get(sample.monitor)!, sample, null).results.length;
    return told;
  };
  const one = ({ pattern, caseSensitive }: (typeof rules)[number]) =>
    RE2JS.compile(pattern, RE2JS.DOTALL | (caseSensitive ? 0 : RE2JS.CASE_INSENSITIVE));
  const singly = monitors.map((_, at) => rules.slice(at * RULES_A_MONITOR, (at + 1) * RULES_A_MONITOR).map(one));
  const theirs = (line: ReceivedLine): number => {
    const text = lineOf(line.message);
    let matched = 0;
    // The first of each monitor, as ours.
    for (const own of singly) if (own.some((one) => one.testExact(text))) matched++;
    return matched;
  };
  let told = 0;
  const found = await alternate(
    runs,
    () => {
      const cost = costOf(lines, seconds, ours);
      told = cost.told;
      return cost.us;
    },
    () => costOf(lines, seconds, theirs).us,
  );
  if (hits ? told < 1 : told > 0) throw new Error(`${name}: ${told} events a line, which is not what it is to measure`);
  say(`${name}: ${found.ours.toFixed(1)} µs against ${found.peer?.toFixed(1)} µs one by one`);
  return {
    ...{ name, unit: 'µs/message', ...found, peerName: 're2js, one rule after the other' },
    goal: { of: 'ours', is: 'at most', value: GOAL_US },
    note: `${RULES} rules of 50 monitors, ${(found.ours / RULES).toFixed(3)} µs a rule; ${told.toFixed(2)} events a line; processor time`,
  };
}

export const RULES_BENCH: Benchmark = {
  name: 'rules',
  what: `lines judged by ${RULES} rules`,
  async run(options) {
    const measures: Measure[] = [];
    for (const one of CASES) measures.push(await measure(one, options));
    return measures;
  },
};
