import type { MonitorBody, Setting, StringRule, SyslogRule } from '@yosugara/protocol';
import type { Pattern, PatternPort } from './patterns.js';
import { type CompiledRules, compileMatch, compileRules, type MonitorProblem } from './rules.js';
import { type CompiledPage, compilePages } from './scenario.js';
import { type CompiledConditions, compileConditions } from './syslog-conditions.js';
import { type CompiledTraps, compileTraps } from './trap-definitions.js';

/** A monitor's setting, with its patterns ready to be used. */
export interface CompiledMonitor {
  readonly id: string;
  /** Whether the setting is; whether it judges is `body.monitor`. */
  readonly enabled: boolean;
  readonly body: MonitorBody;
  /** Of those that judge texts by rules. */
  readonly rules: CompiledRules<StringRule | SyslogRule> | null;
  /** By rule: what it asks beside the text; null = nothing. */
  readonly conditions: readonly (CompiledConditions | null)[];
  readonly traps: CompiledTraps | null;
  readonly pages: readonly CompiledPage[];
  /** Of a custom trap. */
  readonly key: Pattern | null;
  /** Of the conditions of an integration: those on text. */
  readonly texts: readonly (Pattern | null)[];
  /** What of it does not work. The rest does. */
  readonly problems: readonly MonitorProblem[];
}

export type MonitorSetting = Pick<Setting<MonitorBody>, 'id' | 'enabled' | 'body'>;

/** Never refuses: a pattern that is none (say, since the engine changed) matches nothing, is told, and leaves the rest working. */
export function compileMonitor({ id, enabled, body }: MonitorSetting, patterns: PatternPort): CompiledMonitor {
  const problems: MonitorProblem[] = [];
  return {
    ...{ id, enabled, body, problems },
    rules: 'rules' in body ? compileRules<StringRule | SyslogRule>(body.rules, patterns, 'rules', problems) : null,
    conditions: body.type === 'syslog' ? conditionsOf(body.rules, patterns, problems) : [],
    traps: body.type === 'snmp-trap' ? compileTraps(body.traps, patterns, problems) : null,
    pages: body.type === 'http-scenario' ? compilePages(body, patterns, problems) : [],
    key:
      body.type === 'custom-trap-numeric' || body.type === 'custom-trap-string'
        ? compileMatch(body.check.key, patterns, 'check.key', problems)
        : null,
    texts: body.type === 'integration' ? textsOf(body, patterns, problems) : [],
  };
}

const conditionsOf = (rules: readonly SyslogRule[], patterns: PatternPort, problems: MonitorProblem[]) =>
  rules.map(({ where }, at) => (where === null ? null : compileConditions(where, patterns, `rules.${at}.where`, problems)));

const textsOf = (
  { check }: Extract<MonitorBody, { type: 'integration' }>,
  patterns: PatternPort,
  problems: MonitorProblem[],
): readonly (Pattern | null)[] =>
  check.conditions.map(({ is }, at) =>
    is.by === 'text' ? compileMatch(is, patterns, `check.conditions.${at}.is`, problems) : null,
  );
