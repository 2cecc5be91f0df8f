import type { RunReport, ScenarioReport } from '../check/types.js';
import type { SenderCount } from './count.js';

const HEAD = ['sender', 'way', 'sent', 'lost', 'doubled', 'given up', 'goal'] as const;

/** Of one run or, summed, of several. */
function rowsOf(counts: readonly SenderCount[]): readonly (readonly string[])[] {
  return counts.map(({ stream, way, sent, lost, doubled, givenUp = 0, loss, goal }) => [
    stream.replace(/^(rsyslog|syslog-ng|net-snmp).*/, '$1'),
    ...[way, String(sent), String(lost), String(doubled), String(givenUp)],
    goal ?? (loss === 'none' ? '0 lost, 0 doubled' : 'loss stated, 0 doubled'),
  ]);
}

function total(runs: readonly RunReport[]): readonly SenderCount[] {
  const sums = new Map<string, SenderCount>();
  for (const count of runs.flatMap(({ senders }) => senders ?? [])) {
    const { sent, lost, doubled, givenUp = 0 } = sums.get(count.stream) ?? { sent: 0, lost: 0, doubled: 0 };
    sums.set(count.stream, {
      ...{ ...count, sent: sent + count.sent, lost: lost + count.lost, doubled: doubled + count.doubled },
      givenUp: givenUp + (count.givenUp ?? 0),
    });
  }
  return [...sums.values()];
}

export function senderLines(counts: readonly SenderCount[]): readonly string[] {
  const rows = [HEAD, ...rowsOf(counts)];
  const widths = HEAD.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) =>
    row.map((cell, at) => (at < 2 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
  );
}

/** By protocol, over all runs; nothing where no scenario had real senders. */
export const senderTotals = (reports: readonly ScenarioReport[]): readonly SenderCount[] =>
  total(reports.flatMap(({ runs }) => runs));

export function senderMarkdown(counts: readonly SenderCount[]): readonly string[] {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return counts.length === 0 ? [] : ['', row(HEAD), '|---|---|---:|---:|---:|---:|---|', ...rowsOf(counts).map(row)];
}
