import { percentiles } from './check/measure.js';
import type { RunReport, ScenarioReport } from './check/types.js';

const known = (values: readonly (number | null)[]) => values.filter((value) => value !== null);

export function scenarioReport(scenario: string, runs: readonly RunReport[]): ScenarioReport {
  const summary = {
    failoverMs: percentiles(known(runs.map((run) => run.failoverMs))),
    recoverMs: percentiles(known(runs.map((run) => run.recoverMs))),
  };
  return { scenario, runs, summary };
}

/** The contract's document: one scenario is the document itself, several are an array. */
export function jsonDocument(reports: readonly ScenarioReport[]): string {
  return JSON.stringify(reports.length === 1 ? reports[0] : reports, null, 2);
}

const seconds = (ms: number | null) => (ms === null ? '–' : `${(ms / 1000).toFixed(2)} s`);
const sum = (runs: readonly RunReport[], pick: (run: RunReport) => number) => runs.reduce((total, run) => total + pick(run), 0);

/** For people: one line a scenario. */
export function table(reports: readonly ScenarioReport[]): string {
  const head = [
    'scenario',
    'ok',
    'take-over p50',
    'p95',
    'max',
    'recover p50',
    'p95',
    'max',
    'writes',
    'lost',
    'messages',
    'lost',
    'doubled',
    'two Masters',
  ];
  const rows = reports.map(({ scenario, runs, summary: { failoverMs, recoverMs } }) => [
    scenario,
    `${runs.filter((run) => run.ok).length}/${runs.length}`,
    ...[failoverMs.p50, failoverMs.p95, failoverMs.max, recoverMs.p50, recoverMs.p95, recoverMs.max].map(seconds),
    ...[
      sum(runs, (run) => run.writesAcknowledged),
      sum(runs, (run) => run.writesLost),
      sum(runs, (run) => run.messagesSent),
      sum(runs, (run) => run.messagesLost),
      sum(runs, (run) => run.messagesDoubled),
    ].map(String),
    `${sum(runs, (run) => run.twoMastersMs)} ms`,
  ]);
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  ');
  return [line(head), ...rows.map(line)].join('\n');
}

export function runLine(report: RunReport): string {
  const figures = `gap ${seconds(report.failoverMs)}, recover ${seconds(report.recoverMs)}${report.recoverMethod === null ? '' : ` by ${report.recoverMethod}`}`;
  const counts = `${report.writesAcknowledged} writes, ${report.writesLost} lost; ${report.messagesSent} messages, ${report.messagesLost} lost, ${report.messagesDoubled} doubled`;
  return `${report.ok ? 'ok' : 'NOT OK'}: ${figures}; ${counts}${report.ok ? '' : `; ${report.why}`}`;
}
