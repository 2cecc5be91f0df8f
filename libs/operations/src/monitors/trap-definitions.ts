import type { TrapDefinition, TrapJudgement } from '@yosugara/protocol';
import { SNMP_TRAPS } from '../events/trap-pdu.js';
import type { PatternPort } from './patterns.js';
import { type CompiledRules, compileRules, type MonitorProblem } from './rules.js';

/** Enterprises under which MIBs define them; they mean no enterprise. */
const NO_ENTERPRISE: ReadonlySet<string> = new Set<string>([SNMP_TRAPS, '1.3.6.1.2.1.11']);

export interface CompiledDefinition {
  /** Index in the setting. */
  readonly at: number;
  readonly definition: TrapDefinition;
  /** Of one that judges by its varbinds. */
  readonly rules: CompiledRules | null;
}

export interface CompiledTraps {
  /** Enabled ones by each name under which a trap may be looked for. */
  readonly byKey: ReadonlyMap<string, readonly CompiledDefinition[]>;
  readonly unspecified: TrapJudgement['unspecified'];
}

/** What is looked at to find a definition. */
export interface TrapKind {
  readonly oid: string;
  readonly version: 'v1' | 'v2c' | 'v3';
  /** Of a v1 trap. */
  readonly enterprise: string | null;
}

export interface TrapRank {
  readonly is: string;
  readonly keys: (trap: TrapKind) => readonly string[];
  readonly why: string;
}

/** Which definition a trap has: of the first line with one. Of several in a line the one of the trap's own version, then the first. */
export const TRAP_RANKS: readonly TrapRank[] = [
  { is: 'exact', keys: ({ oid }) => [`= ${oid}`], why: 'the definition names this very trap' },
  {
    is: 'with or without 0',
    keys: ({ oid }) => respelled(oid).map((other) => `= ${other}`),
    why: 'v1 traps have a 0 before their number in SNMPv2 (RFC 3584 3.1), and many MIBs and agents leave it out',
  },
  {
    is: 'generic of the enterprise',
    keys: (trap) => genericKeys(trap).slice(0, -1),
    why: 'the definition names what happened and to whose device',
  },
  { is: 'generic', keys: (trap) => genericKeys(trap).slice(-1), why: 'the definition names what happened, to whatever device' },
  {
    is: 'below',
    keys: ({ oid }) => prefixesOf(oid).map((prefix) => `${prefix}.*`),
    why: 'all of a vendor; the longest such OID counts',
  },
];

export function compileTraps(
  { definitions, unspecified }: TrapJudgement,
  patterns: PatternPort,
  problems: MonitorProblem[],
): CompiledTraps {
  const byKey = new Map<string, CompiledDefinition[]>();
  for (const [at, definition] of definitions.entries()) {
    if (!definition.enabled) continue;
    const { judge } = definition;
    const rules =
      judge.by === 'always' ? null : compileRules(judge.rules, patterns, `traps.definitions.${at}.judge.rules`, problems);
    const key = keyOf(definition);
    byKey.set(key, [...(byKey.get(key) ?? []), { at, definition, rules }]);
  }
  return { byKey, unspecified };
}

function keyOf({ oid, generic, specific }: TrapDefinition): string {
  if (oid.endsWith('.*')) return oid;
  if (generic === null) return `= ${oid}`;
  if (generic === 6) return `= ${oid}.0.${specific}`;
  const isAny = NO_ENTERPRISE.has(oid) || oid === `${SNMP_TRAPS}.${generic + 1}`;
  return isAny ? `generic ${generic}` : `generic ${generic} ${oid}`;
}

/** The definition that says what is to be told of the trap; null = none. */
export function definitionFor({ byKey }: CompiledTraps, trap: TrapKind): CompiledDefinition | null {
  const version = trap.version === 'v1' ? 'v1' : 'v2c';
  for (const { keys } of TRAP_RANKS)
    for (const key of keys(trap)) {
      const found = byKey.get(key);
      if (found === undefined) continue;
      return found.find(({ definition }) => definition.version === 'any' || definition.version === version) ?? found[0]!;
    }
  return null;
}

function respelled(oid: string): readonly string[] {
  const found = /^(.+?)(\.0)?\.(\d+)$/.exec(oid);
  if (found === null) return [];
  const [, above, zero, last] = found;
  return [zero === undefined ? `${above}.0.${last}` : `${above}.${last}`];
}

/** With its enterprise, then without; none for what is no generic trap. */
function genericKeys({ oid, enterprise }: TrapKind): readonly string[] {
  // One more than v1 counts them (RFC 3584 3.1).
  if (!oid.startsWith(`${SNMP_TRAPS}.`)) return [];
  // Senders that translate v1 traps put the enterprise behind: `….5.3.1.3.6.1.4.1.9`.
  const [number = '', ...rest] = oid.slice(SNMP_TRAPS.length + 1).split('.');
  const generic = Number(number) - 1;
  const whose = rest.length > 0 ? rest.join('.') : enterprise;
  return [...(whose === null ? [] : [`generic ${generic} ${whose}`]), `generic ${generic}`];
}

/** Longest first, without the whole. */
function prefixesOf(oid: string): readonly string[] {
  const prefixes: string[] = [];
  for (let at = oid.lastIndexOf('.'); at > 0; at = oid.lastIndexOf('.', at - 1)) prefixes.push(oid.slice(0, at));
  return prefixes;
}
