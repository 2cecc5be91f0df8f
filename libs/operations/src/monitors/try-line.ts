import type { MonitorOf, MonitorType, Tried, TriedRule } from '@yosugara/protocol';
import type { ParsedMessage } from '../events/record.js';
import { parseSyslog } from '../events/syslog.js';
import { parseTrap } from '../events/trap.js';
import type { CompiledMonitor } from './compile.js';
import { lineOf } from './lines.js';
import { firstMatch, messageOf, placeOf } from './rules.js';
import { unmetCondition } from './syslog-conditions.js';
import { judgeTrap, trapSeen } from './trap-lines.js';

/** What an operator tries: a text, or a message as it is received. */
export type TriedLine =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'message'; readonly message: ParsedMessage; readonly raw: Uint8Array };

/** A line as somebody pastes it: read as it would be when it came now. */
export function pastedLine(type: MonitorType, text: string, receivedAtUs: number): TriedLine {
  if (type !== 'syslog' && type !== 'snmp-trap') return { kind: 'text', text };
  const raw = type === 'syslog' ? utf8.encode(text) : bytesOf(text.replace(/\s+/g, ''));
  return { kind: 'message', raw, message: type === 'syslog' ? parseSyslog(raw, receivedAtUs) : parseTrap(raw) };
}

const utf8 = new TextEncoder();

/** Of hexadecimal digits; of anything else the letters themselves, which are no trap. */
const bytesOf = (text: string): Uint8Array =>
  /^([\da-f]{2})+$/i.test(text) ? Uint8Array.from(text.match(/../g)!, (pair) => Number.parseInt(pair, 16)) : utf8.encode(text);

/** What a monitor's rules say of one line, and why. Its facility, calendar and switches are left out: those are about when and where. */
export function tryLine(monitor: CompiledMonitor, line: TriedLine): Tried {
  const { body } = monitor;
  if (body.type === 'snmp-trap') return tryTrap(monitor, body, line);
  const text = line.kind === 'text' ? line.text : body.type === 'syslog' ? lineOf(line.message) : line.message.text;
  if (monitor.rules === null)
    return { text, rules: [], told: null, why: `a monitor of the type ${body.type} has no rules for texts` };
  return tryRules(monitor, monitor.rules, text, line.kind === 'message' ? line.message : null);
}

function tryRules(
  { body, conditions }: CompiledMonitor,
  rules: NonNullable<CompiledMonitor['rules']>,
  text: string,
  message: ParsedMessage | null,
): Tried {
  const unmet = (at: number): string | null => {
    const asked = conditions[at] ?? null;
    if (asked === null) return null;
    return message === null ? 'it asks for more than the text, and only a text was given' : unmetCondition(asked, message);
  };
  const match = firstMatch(rules, text, (_, at) => unmet(at) === null);
  const matching = new Set(rules.set.match(text));
  const broken = new Map(rules.set.problems.map(({ index, says }) => [index, says]));
  const tried = rules.rules.map((rule, at): TriedRule => {
    const is = (outcome: TriedRule['outcome'], why: string) => ({
      place: placeOf(at),
      description: rule.description,
      outcome,
      why,
    });
    if (!rule.enabled) return is('disabled', 'it is disabled');
    if (broken.has(at)) return is('broken', broken.get(at)!);
    if (match !== null && at > match.at) return is('behind', `rule ${placeOf(match.at)} has decided`);
    if (!matching.has(at)) return is('no match', `its pattern ${MODES[rule.mode]}`);
    const why = unmet(at);
    if (why !== null) return is('other conditions', why);
    return rule.action === 'ignore'
      ? is('ignores', 'it is the first that matches, and ignores')
      : is('tells', 'it is the first that matches');
  });
  if (match === null) return { text, rules: tried, told: null, why: noMatch(body.type) };
  const place = placeOf(match.at);
  if (match.rule.action === 'ignore') return { text, rules: tried, told: null, why: `rule ${place} ignores it` };
  const told = { priority: match.rule.priority, message: messageOf(match, text), original: text };
  return { text, rules: tried, told, why: `rule ${place} tells it` };
}

const MODES = {
  whole: 'does not match the whole text',
  contains: 'is not in the text',
  regex: 'is found nowhere in the text',
} as const;

const noMatch = (type: string) =>
  type.endsWith('-string') && type !== 'custom-trap-string'
    ? 'no rule matches: an answer that no rule foresees is told with the priority of failures'
    : 'no rule matches: nothing is told';

function tryTrap(monitor: CompiledMonitor, body: MonitorOf<'snmp-trap'>, line: TriedLine): Tried {
  const seen = line.kind === 'text' ? null : trapSeen(line.message, line.raw);
  const text = line.kind === 'text' ? line.text : line.message.text;
  if (seen === null) return { text, rules: [], told: null, why: 'this is no SNMP trap that could be understood' };
  const { told, definition, why } = judgeTrap(body, monitor.traps!, seen);
  const rules: TriedRule[] =
    definition === null
      ? []
      : [
          {
            ...{ place: placeOf(definition.at), description: definition.definition.name, why },
            outcome: told !== null ? 'tells' : why.includes(' ignores ') ? 'ignores' : 'no match',
          },
        ];
  return { text, rules, told, why };
}
