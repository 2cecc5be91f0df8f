import type { MonitorOf, Priority } from '@yosugara/protocol';
import type { ParsedMessage, Varbind } from '../events/record.js';
import { type Charset, readableText } from '../events/text.js';
import { decodeTrap } from '../events/trap.js';
import { SNMP_TRAP_ENTERPRISE, SNMP_TRAP_OID } from '../events/trap-pdu.js';
import { firstMatch, messageOf, placeOf } from './rules.js';
import { fillParms } from './template.js';
import { type CompiledDefinition, type CompiledTraps, definitionFor, type TrapKind } from './trap-definitions.js';

/** What is needed of a trap to judge it. */
export interface TrapSeen extends TrapKind {
  /** v3 has none: null. */
  readonly community: string | null;
  readonly message: ParsedMessage;
  /** Without sysUpTime.0 and snmpTrapOID.0: what `%parm[#1]%` counts. */
  readonly varbinds: readonly Varbind[];
}

/** sysUpTime.0 and snmpTrapOID.0 come first in what is parsed. */
const LEADING = 2;

/** null = it is none that was understood. @param raw the datagram: of version and community the message says nothing. */
export function trapSeen(message: ParsedMessage, raw: Uint8Array): TrapSeen | null {
  const { varbinds } = message;
  const oid = varbinds?.find((varbind) => varbind.oid === SNMP_TRAP_OID)?.value;
  if (varbinds === null || oid === undefined) return null;
  const outcome = decodeTrap(raw);
  if (outcome.kind === 'malformed') return null;
  const { version, community } = outcome.trap;
  const enterprise = version === 'v1' ? (varbinds.find((varbind) => varbind.oid === SNMP_TRAP_ENTERPRISE)?.value ?? null) : null;
  return { oid, version, enterprise, community: version === 'v3' ? null : community, message, varbinds: varbinds.slice(LEADING) };
}

/** Which part of the monitor decided, and what is told; `told` null: nothing. */
export interface TrapVerdict {
  readonly told: {
    readonly sub: string;
    readonly priority: Priority;
    readonly message: string;
    readonly original: string;
  } | null;
  readonly definition: CompiledDefinition | null;
  readonly why: string;
}

export function judgeTrap({ check }: MonitorOf<'snmp-trap'>, traps: CompiledTraps, trap: TrapSeen): TrapVerdict {
  const expected = check.community ?? '';
  if (expected !== '' && trap.community !== null && trap.community !== expected)
    return { told: null, definition: null, why: 'its community is another one than the monitor asks for' };
  const definition = definitionFor(traps, trap);
  if (definition === null) return unspecified(traps, trap);
  const values = trap.varbinds.map((varbind) => shownVarbind(varbind, check.charset));
  const { name, message, detail } = definition.definition;
  const called = name === '' ? trap.oid : name;
  const place = placeOf(definition.at);
  const say = (sub: string, priority: Priority, text: string) => ({
    ...{ sub, priority, message: text === '' ? readAs(called, trap) : text },
    original: [...(detail === '' ? [] : [fillParms(detail, values)]), trap.message.text].join('\n'),
  });
  const { judge } = definition.definition;
  if (judge.by === 'always')
    return {
      told: say(place, judge.priority, fillParms(message, values)),
      definition,
      why: `definition ${place} (${called}) always tells`,
    };
  const text = fillParms(judge.format, values);
  const match = firstMatch(definition.rules!, text);
  if (match === null)
    return { told: null, definition, why: `no rule of definition ${place} (${called}) matches ${JSON.stringify(text)}` };
  const rulePlace = `${place}.${placeOf(match.at)}`;
  if (match.rule.action === 'ignore')
    return { told: null, definition, why: `rule ${rulePlace} of ${called} ignores ${JSON.stringify(text)}` };
  // The rule's own words come first; its usual ones would only be the varbinds, and the definition says more.
  const own = match.rule.message === '#[LOG_LINE]' && message !== '' ? fillParms(message, values) : messageOf(match, text);
  return {
    told: say(rulePlace, match.rule.priority, own),
    definition,
    why: `rule ${rulePlace} of ${called} matches ${JSON.stringify(text)}`,
  };
}

function unspecified(traps: CompiledTraps, { oid, message }: TrapSeen): TrapVerdict {
  if (traps.unspecified === null) return { told: null, definition: null, why: `no definition names ${oid}` };
  const told = {
    sub: oid,
    priority: traps.unspecified.priority,
    message: `A trap that no definition names: ${message.text}`,
    original: message.text,
  };
  return { told, definition: null, why: `no definition names ${oid}, and such traps are told` };
}

/** The parsed text begins with the trap's name in the MIBs, or its OID. */
const readAs = (called: string, { oid, message }: TrapSeen): string =>
  called === oid || message.text.startsWith(called) ? message.text : `${called}: ${message.text}`;

const TICKS_A_DAY = 8_640_000;

/** A value as it stands in messages. Octets that no charset makes text of stay hexadecimal. */
export function shownVarbind({ type, value }: Varbind, charset: Charset | null): string {
  if (type === 'TimeTicks') return ticks(Number(value));
  if (type !== 'hex' || charset === null) return value;
  const bytes = Uint8Array.from(value.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const { text, valid } = readableText(bytes, charset);
  return valid && !bytes.includes(0) && !/[\x01-\x08\x0e-\x1f\x7f-\x9f]/.test(text) ? text : value;
}

function ticks(hundredths: number): string {
  const day = Math.floor(hundredths / TICKS_A_DAY);
  const rest = hundredths % TICKS_A_DAY;
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${day === 0 ? '' : `${day}d `}${two(rest / 360_000)}h ${two((rest / 6_000) % 60)}m ${two((rest / 100) % 60)}.${two(rest % 100)}s`;
}
