import type { MessageKind, MonitorOf, StringRule, SyslogRule } from '@yosugara/protocol';
import type { ParsedMessage } from '../events/record.js';
import type { CompiledMonitor } from './compile.js';
import type { PatternPort, PatternSet } from './patterns.js';
import type { Sample, SampleValue } from './result.js';
import { groupsFor, messageOf, placeOf } from './rules.js';
import { unmetCondition } from './syslog-conditions.js';
import { judgeTrap, type TrapSeen, trapSeen } from './trap-lines.js';

/** A received message, and whose it is. */
export interface ReceivedLine {
  readonly kind: MessageKind;
  /** `JOURNAL:SEQ` of the record. */
  readonly origin: string;
  readonly message: ParsedMessage;
  /** The datagram, without its framing. */
  readonly raw: Uint8Array;
  /** A node, or `UNREGISTERED`. */
  readonly facility: string;
  /** Who sent what is `UNREGISTERED`; null = a node did. */
  readonly sender: string | null;
  /** The message's own time; when it says none, that of its reception. ms since 1970. */
  readonly atMs: number;
}

/** What must be known of the rest of the settings. The same questions have the same answers as long as the judge lives. */
export interface LineWorld {
  /** Whether a node (or `UNREGISTERED`) is that facility or in that scope. */
  isWithin(facility: string, target: string): boolean;
  isOpen(calendar: string | null, atMs: number): boolean;
}

/** What rules are matched with: program and text, as RFC 3164 writes them. */
export function lineOf({ app, procId, text }: Pick<ParsedMessage, 'app' | 'procId' | 'text'>): string {
  if (app === null) return text;
  return procId === null ? `${app}: ${text}` : `${app}[${procId}]: ${text}`;
}

interface RulePlace {
  /** Index of the monitor among those of syslog. */
  readonly monitor: number;
  readonly at: number;
  readonly rule: StringRule | SyslogRule;
}

/** Facilities whose monitors are remembered; beyond, all are forgotten. */
const MAX_FACILITIES = 50_000;
const NOTHING: readonly Sample[] = [];

/**
 * What all monitors of lines and traps see in a message. The rules of all syslog monitors are looked for at once; whether a monitor is
 * about the message's node, and its calendar open, is asked only of those of which a rule matched.
 */
export class LineJudge {
  readonly #world: LineWorld;
  readonly #syslog: readonly CompiledMonitor[];
  readonly #traps: readonly CompiledMonitor[];
  readonly #custom: readonly CompiledMonitor[];
  /** Enabled rules of all syslog monitors, those of one monitor together and in its order. */
  readonly #places: readonly RulePlace[];
  readonly #set: PatternSet;
  /** By facility, of each monitor about lines: 1 = it is about it, 2 = it is not, 0 = not asked yet. */
  readonly #within = new Map<string, Uint8Array>();
  readonly #numbers: ReadonlyMap<CompiledMonitor, number>;

  constructor(monitors: readonly CompiledMonitor[], patterns: PatternPort, world: LineWorld) {
    const active = monitors.filter(({ enabled, body }) => enabled && (body.monitor || body.collect));
    const judging = active.filter(({ body }) => body.monitor);
    this.#world = world;
    this.#syslog = judging.filter(({ body }) => body.type === 'syslog');
    this.#traps = judging.filter(({ body }) => body.type === 'snmp-trap');
    this.#custom = active.filter(({ key }) => key !== null);
    this.#numbers = new Map([...this.#syslog, ...this.#traps, ...this.#custom].map((monitor, number) => [monitor, number]));
    this.#places = this.#syslog.flatMap(({ rules }, monitor) =>
      rules!.rules.flatMap((rule, at) => (rule.enabled ? [{ monitor, at, rule }] : [])),
    );
    this.#set = patterns.compile(this.#places.map(({ rule }) => rule));
  }

  /** In the order of the monitors, at most one of each; each for `judge`. */
  samplesOf(line: ReceivedLine): readonly Sample[] {
    switch (line.kind) {
      case 'syslog':
        return this.#ofSyslog(line);
      case 'trap':
        return this.#ofTrap(line);
      case 'custom':
        return this.#ofCustom(line);
    }
  }

  #ofSyslog(line: ReceivedLine): readonly Sample[] {
    const text = lineOf(line.message);
    const matched = this.#set.match(text);
    if (matched.length === 0) return NOTHING;
    const samples: Sample[] = [];
    let settled = -1;
    for (const index of matched) {
      const { monitor: number, at, rule } = this.#places[index]!;
      if (number === settled) continue;
      const monitor = this.#syslog[number]!;
      if (!this.#isInForce(monitor, line)) {
        settled = number;
        continue;
      }
      const conditions = monitor.conditions[at] ?? null;
      if (conditions !== null && unmetCondition(conditions, line.message) !== null) continue;
      settled = number;
      if (rule.action === 'ignore') continue;
      const groups = groupsFor(rule, this.#set.at(index), text);
      const value = {
        kind: 'matched',
        sub: placeOf(at),
        priority: rule.priority,
        message: messageOf({ at, rule, groups }, text),
        original: text,
      } as const;
      samples.push(sampleOf(monitor, line, '', value));
    }
    return samples;
  }

  #ofTrap(line: ReceivedLine): readonly Sample[] {
    const about = this.#traps.filter((monitor) => this.#isInForce(monitor, line));
    if (about.length === 0) return NOTHING;
    const seen: TrapSeen | null = trapSeen(line.message, line.raw);
    if (seen === null) return NOTHING;
    return about.flatMap((monitor) => {
      const { told } = judgeTrap(monitor.body as MonitorOf<'snmp-trap'>, monitor.traps!, seen);
      return told === null ? [] : [sampleOf(monitor, line, '', { kind: 'matched', ...told })];
    });
  }

  #ofCustom(line: ReceivedLine): readonly Sample[] {
    const { app, text, structured } = line.message;
    if (app === null) return NOTHING;
    const isNumber = structured?.['custom']?.['type'] === 'number';
    return this.#custom.flatMap((monitor) => {
      const wantsNumber = monitor.body.type === 'custom-trap-numeric';
      if (wantsNumber && !isNumber) return [];
      if (!monitor.key!.test(app) || !this.#isInForce(monitor, line)) return [];
      return [sampleOf(monitor, line, app, wantsNumber ? { kind: 'number', number: Number(text) } : { kind: 'text', text })];
    });
  }

  /** It is about the node, and its calendar is open at the time of the message. */
  #isInForce(monitor: CompiledMonitor, { facility, atMs }: ReceivedLine): boolean {
    return this.#isAbout(monitor, facility) && this.#world.isOpen(monitor.body.calendar, atMs);
  }

  #isAbout(monitor: CompiledMonitor, facility: string): boolean {
    let known = this.#within.get(facility);
    if (known === undefined) {
      if (this.#within.size >= MAX_FACILITIES) this.#within.clear();
      known = new Uint8Array(this.#numbers.size);
      this.#within.set(facility, known);
    }
    const number = this.#numbers.get(monitor)!;
    if (known[number] === 0) known[number] = this.#world.isWithin(facility, monitor.body.facility) ? 1 : 2;
    return known[number] === 1;
  }
}

const sampleOf = (
  { id }: CompiledMonitor,
  { origin, facility, sender, atMs }: ReceivedLine,
  item: string,
  value: SampleValue,
): Sample => ({
  ...{ origin, monitor: id, facility, sender, item, atMs, value },
});
