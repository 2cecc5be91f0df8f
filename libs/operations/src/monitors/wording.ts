import type { MonitorBody, NumericJudgement, Thresholds, ValueRange } from '@yosugara/protocol';

export type NumericBody = Extract<MonitorBody, { numeric: NumericJudgement }>;

/** What the value is called. */
export function nameOf({ type, itemName }: MonitorBody, item: string): string {
  const name = itemName === '' ? (NAMES[type] ?? type) : itemName;
  return item === '' ? name : `${name} of ${item}`;
}

const NAMES: Readonly<Record<string, string>> = {
  ...{ ping: 'Response time', port: 'Response time', 'http-numeric': 'Response time', 'http-scenario': 'Scenario' },
  ...{
    process: 'Processes',
    'log-count': 'Lines',
    correlation: 'Correlation',
    'agent-alive': 'Agent',
    integration: 'Integration',
  },
  ...{ 'windows-service': 'Service' },
};
const UNITS: Readonly<Record<string, string>> = { ping: 'ms', port: 'ms', 'http-numeric': 'ms', 'http-scenario': 'ms' };

/** With its unit, in six digits. */
export function shown({ type, unit }: MonitorBody, value: number): string {
  const number = String(Number(value.toPrecision(6)));
  const what = unit === '' ? (UNITS[type] ?? '') : unit;
  return what === '' ? number : `${number} ${what}`;
}

export const rangesText = ({ info, warning }: Thresholds) =>
  `info: ${rangeText(info)}, warning: ${rangeText(warning)}, else critical`;

export function rangeText([lower, upper]: ValueRange): string {
  if (lower !== null && lower === upper) return 'never';
  if (lower === null) return upper === null ? 'always' : `below ${upper}`;
  return upper === null ? `from ${lower}` : `from ${lower} to below ${upper}`;
}
