import { SYSLOG_FACILITIES, SYSLOG_SEVERITIES, type SyslogConditions } from '@yosugara/protocol';
import type { ParsedMessage } from '../events/record.js';
import type { Pattern, PatternPort } from './patterns.js';
import { compileMatch, type MonitorProblem } from './rules.js';

/** What a rule asks of a message beside its text. */
export interface CompiledConditions {
  /** A bit for each that is allowed; 0 = any. */
  readonly facilities: number;
  readonly severities: number;
  readonly app: Pattern | null;
  readonly host: Pattern | null;
  readonly structured: readonly { readonly id: string; readonly param: string; readonly value: Pattern | null }[];
}

export function compileConditions(
  where: SyslogConditions,
  patterns: PatternPort,
  place: string,
  problems: MonitorProblem[],
): CompiledConditions {
  return {
    facilities: bits(where.facilities, SYSLOG_FACILITIES),
    severities: bits(where.severities, SYSLOG_SEVERITIES),
    app: compileMatch(where.app, patterns, `${place}.app`, problems),
    host: compileMatch(where.host, patterns, `${place}.host`, problems),
    structured: where.structured.map(({ id, param, value }, at) => ({
      ...{ id, param },
      value: compileMatch(value, patterns, `${place}.structured.${at}.value`, problems),
    })),
  };
}

const bits = (names: readonly string[], all: readonly string[]) =>
  names.reduce((mask, name) => mask | (1 << all.indexOf(name)), 0);

/** The first thing that does not hold, in a sentence; null = all of it does. */
export function unmetCondition(asked: CompiledConditions, message: ParsedMessage): string | null {
  const { facility, severity } = message;
  if (asked.facilities !== 0 && (facility === null || (asked.facilities & (1 << facility)) === 0))
    return `its facility is ${facility === null ? 'not said' : SYSLOG_FACILITIES[facility]}`;
  if (asked.severities !== 0 && (severity === null || (asked.severities & (1 << severity)) === 0))
    return `its severity is ${severity === null ? 'not said' : SYSLOG_SEVERITIES[severity]}`;
  if (asked.app !== null && !asked.app.test(message.app ?? '')) return `its program is ${message.app ?? 'not said'}`;
  if (asked.host !== null && !asked.host.test(message.host ?? '')) return `its host is ${message.host ?? 'not said'}`;
  for (const { id, param, value } of asked.structured) {
    const found = valuesOf(message, id, param);
    if (found.length === 0) return `its structured data have no ${param} in ${id}`;
    if (value !== null && !found.some((one) => value.test(one)))
      return `${param} in ${id} of its structured data is ${found.join(', ')}`;
  }
  return null;
}

function valuesOf({ structured }: ParsedMessage, id: string, param: string): readonly string[] {
  const element = structured !== null && Object.hasOwn(structured, id) ? structured[id]! : {};
  const value = Object.hasOwn(element, param) ? element[param]! : [];
  return typeof value === 'string' ? [value] : value;
}
