import { percentiles } from './check/measure.js';
import type { RunReport, ScenarioReport } from './check/types.js';
import { expectationOf, type Scenario } from './scenarios/types.js';
import { senderLines, senderMarkdown, senderTotals } from './senders/table.js';

const known = <T>(values: readonly (T | null)[]) => values.filter((value) => value !== null);

type Told = Pick<Scenario, 'name' | 'pattern' | 'why'>;

export function scenarioReport({ name, pattern, why }: Told, runs: readonly RunReport[]): ScenarioReport {
  const summary = {
    failoverMs: percentiles(known(runs.map((run) => run.failoverMs))),
    recoverMs: percentiles(known(runs.map((run) => run.recoverMs))),
  };
  return { scenario: name, pattern, expect: why, runs, summary };
}

/** The contract's document: one scenario is the document itself, several are an array. */
export function jsonDocument(reports: readonly ScenarioReport[]): string {
  return JSON.stringify(reports.length === 1 ? reports[0] : reports, null, 2);
}

const seconds = (ms: number | null) => (ms === null ? '–' : `${(ms / 1000).toFixed(2)} s`);
const percent = (shares: readonly number[]) => (shares.length === 0 ? '–' : `${Math.round(Math.min(...shares) * 100)} %`);
const sum = (runs: readonly RunReport[], pick: (run: RunReport) => number) => runs.reduce((total, run) => total + pick(run), 0);

const HEAD = [
  'scenario',
  'runs',
  'ok',
  'in goal',
  'take-over p50',
  'p95',
  'max',
  'recover p95',
  'by',
  'writes during it',
  'writes',
  'lost',
  'messages',
  'lost',
  'doubled',
  'two Masters',
] as const;

/** A row a pattern. */
function rowOf({ scenario, runs, summary: { failoverMs, recoverMs } }: ScenarioReport): readonly string[] {
  const goals = runs.flatMap((run) => (typeof run.withinGoal === 'boolean' ? [run.withinGoal] : []));
  return [
    scenario,
    `${runs.length}`,
    `${runs.filter((run) => run.ok).length}`,
    goals.length === 0 ? '–' : `${goals.filter((met) => met).length}/${goals.length}`,
    ...[failoverMs.p50, failoverMs.p95, failoverMs.max, recoverMs.p95].map(seconds),
    [...new Set(known(runs.map((run) => run.recoverMethod)))].join(', ') || '–',
    percent(known(runs.map((run) => run.recoverThroughput ?? null))),
    ...[
      sum(runs, (run) => run.writesAcknowledged),
      sum(runs, (run) => run.writesLost),
      sum(runs, (run) => run.messagesSent),
      sum(runs, (run) => run.messagesLost),
      sum(runs, (run) => run.messagesDoubled),
    ].map(String),
    `${sum(runs, (run) => run.twoMastersMs)} ms`,
  ];
}

/** For people: one line a scenario. */
export function table(reports: readonly ScenarioReport[]): string {
  const rows = reports.map(rowOf);
  const widths = HEAD.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  ');
  const senders = senderTotals(reports);
  const more = senders.length === 0 ? [] : ['', ...senderLines(senders)];
  return [line(HEAD), ...rows.map(line), ...more, ...measuredLines(reports)].join('\n');
}

/** What scenarios measured besides, smallest to largest of all runs. */
function measuredLines(reports: readonly ScenarioReport[]): readonly string[] {
  return reports.flatMap(({ scenario, runs }) => {
    const names = [...new Set(runs.flatMap(({ measured }) => Object.keys(measured ?? {})))];
    const lines = names.map((name) => {
      const values = runs.flatMap(({ measured }) => measured?.[name] ?? []).sort((left, right) => left - right);
      return `${scenario}: ${name} ${values.length === 1 ? values[0] : `${values[0]} … ${values.at(-1)}`}`;
    });
    return lines.length === 0 ? [] : ['', ...lines];
  });
}

const row = (cells: readonly string[]) =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;

export const README_MARKS = ['<!-- scenarios -->', '<!-- end of scenarios -->'] as const;

/** What the README shows between its marks: each scenario with the outcome that it expects. */
export function expectations(scenarios: readonly Scenario[]): string {
  const rows = scenarios.map((one) => {
    const variants = one.variants.length === 0 ? [''] : one.variants;
    const outcome = [...new Set(variants.map((variant) => expectationOf(one, variant)))].join(' / ');
    return row([`\`${one.name}\``, one.pattern, outcome, one.why]);
  });
  return [
    README_MARKS[0],
    '',
    row(['id', 'fault', 'outcome', 'must be seen']),
    '|---|---|---|---|',
    ...rows,
    '',
    README_MARKS[1],
  ].join('\n');
}

/** For the README and the notes: the same table, then what each expects and what went wrong. */
export function markdown(reports: readonly ScenarioReport[]): string {
  const wrong = reports.flatMap(({ scenario, runs }) =>
    runs.flatMap((run, at) =>
      run.ok ? [] : [`- \`${scenario}\` run ${at + 1}${run.variant ? ` (${run.variant})` : ''}: ${run.why}`],
    ),
  );
  const power = reports.flatMap(({ scenario, runs }) =>
    runs.flatMap((run, at) => (run.powerLog ?? []).map((said) => `- \`${scenario}\` run ${at + 1}, ${said}`)),
  );
  return [
    row(HEAD),
    `|---|${'---:|'.repeat(HEAD.length - 1)}`,
    ...reports.map((report) => row(rowOf(report))),
    ...senderMarkdown(senderTotals(reports)),
    ...measuredLines(reports),
    '',
    row(['scenario', 'fault', 'what must be seen']),
    '|---|---|---|',
    ...reports.map(({ scenario, pattern, expect }) => row([scenario, pattern ?? '', expect ?? ''])),
    ...(wrong.length === 0 ? [] : ['', 'Not as expected:', '', ...wrong]),
    ...(power.length === 0 ? [] : ['', 'What the power controllers were asked:', '', ...power]),
    '',
  ].join('\n');
}

export function runLine(report: RunReport): string {
  const figures = `gap ${seconds(report.failoverMs)}, recover ${seconds(report.recoverMs)}${report.recoverMethod === null ? '' : ` by ${report.recoverMethod}`}`;
  const counts = `${report.writesAcknowledged} writes, ${report.writesLost} lost; ${report.messagesSent} messages, ${report.messagesLost} lost, ${report.messagesDoubled} doubled`;
  const stated = report.statedLoss ?? null;
  const loss =
    stated === null
      ? ''
      : `; ${stated.writes} writes went with the old Master (${stated.bytes ?? '?'} bytes, stated ${stated.statedBytes ?? '?'})`;
  return `${report.ok ? 'ok' : 'NOT OK'}: ${figures}; ${counts}${loss}${report.ok ? '' : `; ${report.why}`}`;
}
