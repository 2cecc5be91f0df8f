import { z } from 'zod';
import { PrioritySchema, SettingIdSchema } from './common.js';
import {
  AgentAliveCheckSchema,
  CorrelationCheckSchema,
  CustomCheckSchema,
  CustomTrapCheckSchema,
  HttpCheckSchema,
  IntegrationCheckSchema,
  JmxCheckSchema,
  LogCountCheckSchema,
  LogFileCheckSchema,
  PingCheckSchema,
  PortCheckSchema,
  ProcessCheckSchema,
  ResourceCheckSchema,
  ScenarioCheckSchema,
  SnmpCheckSchema,
  SqlCheckSchema,
  SyslogCheckSchema,
  TrapCheckSchema,
  WindowsEventCheckSchema,
  WindowsServiceCheckSchema,
} from './monitor-checks.js';
import {
  NumericJudgementSchema,
  numericWith,
  StringRulesSchema,
  SyslogRulesSchema,
  ThresholdsSchema,
  TrapJudgementSchema,
  TruthSchema,
} from './monitor-judgement.js';
import type { SettingMistake } from './schemas.js';

const common = {
  /** A node, a scope with all its nodes, `UNREGISTERED` (what nobody registered sends) or `INTERNAL` (ourselves). */
  facility: SettingIdSchema,
  /** null = always. Of what is received, at the time that the message says. */
  calendar: SettingIdSchema.nullable().default(null),
  /** Judge. */
  monitor: z.boolean().default(true),
  /** Keep the values for graphs, whether they are judged or not. */
  collect: z.boolean().default(false),
  /** What the value is called, and in what it is measured. */
  itemName: z.string().max(128).default(''),
  unit: z.string().max(32).default(''),
  application: z.string().max(64).default(''),
  notifications: z.array(SettingIdSchema).max(100).default([]),
  /** Told when the value could not be had. */
  failurePriority: PrioritySchema.default('unknown'),
  /** Such a failure is a change of priority for notifications; false: they wait for the next value as if nothing had been. */
  failureIsChange: z.boolean().default(true),
  /** Notifications count all rules of one node and item together. */
  acrossSubs: z.boolean().default(false),
};
const polled = {
  ...common,
  intervalS: z.int().min(10).max(3_600).default(300),
  /** When it fails nothing reaches the node: what lies behind it is not told of (suppression by dependency). */
  reachability: z.boolean().default(false),
};
/** What comes when it comes. */
const received = { ...common, intervalS: z.null().default(null) };

const of = <Type extends string, Shape extends z.core.$ZodShape>(type: Type, shape: Shape) =>
  z.strictObject({ type: z.literal(type), ...shape });

const numeric = NumericJudgementSchema;
/** Milliseconds of what answers people. */
const answersSoon = numericWith([0, 1_000], [1_000, 3_000]);
const rules = StringRulesSchema;
const truth = TruthSchema;

const KINDS = [
  of('ping', {
    ...{ ...polled, reachability: z.boolean().default(true), check: PingCheckSchema, numeric: answersSoon },
    /** Of the packets lost, in percent; the worse of both counts. */
    loss: ThresholdsSchema.default({ info: [0, 1], warning: [1, 51] }),
  }),
  of('port', { ...polled, check: PortCheckSchema.prefault({}), numeric: answersSoon }),
  of('http-numeric', { ...polled, check: HttpCheckSchema, numeric: numericWith([0, 3_000], [3_000, 10_000]) }),
  of('http-string', { ...polled, check: HttpCheckSchema, rules }),
  of('http-scenario', { ...polled, check: ScenarioCheckSchema }),
  of('snmp-numeric', { ...polled, check: SnmpCheckSchema, numeric }),
  of('snmp-string', { ...polled, check: SnmpCheckSchema, rules }),
  of('resource', { ...polled, check: ResourceCheckSchema, numeric }),
  of('process', { ...polled, check: ProcessCheckSchema, numeric: numericWith([1, null], [0, 0]) }),
  of('sql-numeric', { ...polled, check: SqlCheckSchema, numeric }),
  of('sql-string', { ...polled, check: SqlCheckSchema, rules }),
  of('jmx', { ...polled, check: JmxCheckSchema, numeric }),
  of('custom-numeric', { ...polled, check: CustomCheckSchema, numeric }),
  of('custom-string', { ...polled, check: CustomCheckSchema, rules }),
  of('agent-alive', { ...polled, check: AgentAliveCheckSchema, truth }),
  of('windows-service', { ...polled, check: WindowsServiceCheckSchema, truth }),
  of('log-count', { ...polled, check: LogCountCheckSchema, numeric }),
  of('correlation', { ...polled, check: CorrelationCheckSchema, numeric }),
  of('integration', { ...polled, check: IntegrationCheckSchema, truth }),
  of('syslog', { ...received, check: SyslogCheckSchema, rules: SyslogRulesSchema }),
  of('snmp-trap', { ...received, check: TrapCheckSchema, traps: TrapJudgementSchema }),
  of('custom-trap-numeric', { ...received, check: CustomTrapCheckSchema, numeric }),
  of('custom-trap-string', { ...received, check: CustomTrapCheckSchema, rules }),
  of('log-file', { ...received, check: LogFileCheckSchema, rules }),
  of('windows-event', { ...received, check: WindowsEventCheckSchema, rules }),
] as const;

/** What is measured or matched, on which facility, how it is judged, whom it tells. */
export const MonitorBodySchema = z.discriminatedUnion('type', KINDS);
export type MonitorBody = z.infer<typeof MonitorBodySchema>;
export type MonitorType = MonitorBody['type'];
export type MonitorOf<Type extends MonitorType> = Extract<MonitorBody, { type: Type }>;
export const MONITOR_TYPES: readonly MonitorType[] = KINDS.map((kind) => kind.shape.type.value);

/** Those with an interval of their own; the others wait for what comes. */
export const isPolled = (body: MonitorBody): body is Extract<MonitorBody, { intervalS: number }> => body.intervalS !== null;

/** What a monitor needs to be there, and where in its body it says so. `facility`: a node or a scope. */
export interface MonitorReference {
  readonly kind: 'facility' | 'node' | 'calendar' | 'notification' | 'monitor';
  readonly id: string;
  readonly place: string;
}

export function monitorReferences(body: MonitorBody): readonly MonitorReference[] {
  const found: MonitorReference[] = [];
  const add = (kind: MonitorReference['kind'], id: string | null, place: string) => {
    if (id !== null) found.push({ kind, id, place });
  };
  const told = (ids: readonly string[], place: string) => {
    for (const [at, id] of ids.entries()) add('notification', id, `${place}.${at}`);
  };
  add('facility', body.facility, 'facility');
  add('calendar', body.calendar, 'calendar');
  told(body.notifications, 'notifications');
  if ('numeric' in body) {
    told(body.numeric.change?.notifications ?? [], 'numeric.change.notifications');
    told(body.numeric.prediction?.notifications ?? [], 'numeric.prediction.notifications');
  }
  if (body.type === 'custom-numeric' || body.type === 'custom-string') add('node', body.check.runOn, 'check.runOn');
  if (body.type === 'log-count') add('monitor', body.check.of, 'check.of');
  for (const { monitor, facility, place } of valuesOf(body)) {
    add('monitor', monitor, `${place}.monitor`);
    add('facility', facility, `${place}.facility`);
  }
  return found;
}

/**
 * What a command of a monitor does is up to whoever may write monitors; a manager's account owns the database and the keys of the cluster.
 * So commands are for agents, which may run on a manager's host, too, as any other node.
 */
export const monitorMistakes = (body: MonitorBody): readonly SettingMistake[] =>
  (body.type === 'custom-numeric' || body.type === 'custom-string') && body.check.runOn === 'INTERNAL'
    ? [{ place: 'check.runOn', found: '"INTERNAL"', allowed: 'a node with an agent: managers run no commands of monitors' }]
    : [];

function valuesOf(body: MonitorBody) {
  if (body.type === 'integration') return body.check.conditions.map((one, at) => ({ ...one, place: `check.conditions.${at}` }));
  if (body.type !== 'correlation') return [];
  return [
    { ...body.check.first, place: 'check.first' },
    { ...body.check.second, place: 'check.second' },
  ];
}

/** All patterns in it with their places, to be compiled before it is taken. */
export interface PlacedPattern {
  /** `rules.3.pattern`, counted from 0 as in the body. */
  readonly place: string;
  readonly pattern: string;
  readonly mode: 'whole' | 'contains' | 'regex';
  readonly caseSensitive: boolean;
}

/** Whatever has `pattern` and `mode` is one; so are the few fields that are regular expressions by themselves. */
export function patternsOf(body: MonitorBody): readonly PlacedPattern[] {
  const found: PlacedPattern[] = [];
  collect(body, '', found);
  const extra = (place: string, pattern: string | null, mode: 'whole' | 'regex', caseSensitive = true) => {
    if (pattern !== null) found.push({ place: `check.${place}`, pattern, mode, caseSensitive });
  };
  if (body.type === 'process')
    for (const field of ['command', 'arguments'] as const) extra(field, body.check[field], 'whole', body.check.caseSensitive);
  if (body.type === 'log-file') {
    extra('file', body.check.file, 'whole');
    extra('head', body.check.head, 'regex');
    extra('tail', body.check.tail, 'regex');
  }
  if (body.type === 'http-scenario')
    for (const [page, { variables }] of body.check.pages.entries())
      for (const [at, { pattern }] of variables.entries()) extra(`pages.${page}.variables.${at}.pattern`, pattern, 'regex');
  return found;
}

function collect(value: unknown, place: string, found: PlacedPattern[]): void {
  if (value === null || typeof value !== 'object') return;
  const { pattern, mode, caseSensitive } = value as Record<string, unknown>;
  if (typeof pattern === 'string' && (mode === 'whole' || mode === 'contains' || mode === 'regex'))
    found.push({ place: below(place, 'pattern'), pattern, mode, caseSensitive: caseSensitive !== false });
  for (const [key, inner] of Object.entries(value)) collect(inner, below(place, key), found);
}

const below = (place: string, key: string) => (place === '' ? key : `${place}.${key}`);
