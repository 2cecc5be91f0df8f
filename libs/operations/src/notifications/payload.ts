import {
  DEFAULT_MAIL_TEMPLATE,
  type MailTemplateBody,
  type NotificationBody,
  type NotificationOf,
  type Priority,
  type RestAccessBody,
  splitWords,
} from '@yosugara/protocol';
import { shortened } from '../monitors/index.js';
import { beginEscalation, type EscalationMemory } from './escalation.js';
import { BASIC_VARIABLES, type TellContext, valuesOf } from './values.js';
import { render, renderShell, type Values, variablesIn } from './variables.js';

/** What a sender needs of what is told, rendered when it is told. Secrets and addresses of servers are read when it is sent. */
export type Payload =
  | MailPayload
  | CommandPayload
  | SyslogPayload
  | RestPayload
  | TrapPayload
  | JobPayload
  | { readonly kind: 'escalation'; readonly memory: EscalationMemory }
  /** It cannot be told; that is told. */
  | { readonly kind: 'impossible'; readonly why: string };

export interface MailPayload {
  readonly kind: 'mail';
  readonly servers: readonly string[];
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly subject: string;
  readonly text: string;
}

export interface CommandPayload {
  readonly kind: 'command';
  /** The program and its words; of a shell the whole line in one. */
  readonly words: readonly string[];
  readonly shell: boolean;
  readonly user: string | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface SyslogPayload {
  readonly kind: 'syslog';
  readonly host: string;
  readonly port: number;
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly facility: number;
  readonly severity: number;
  readonly message: string;
  /** PEM of whom to believe; null = those of the system. The name in its certificate; null = `host`. */
  readonly tls: { readonly ca: string | null; readonly serverName: string | null };
  readonly timeoutMs: number;
}

export interface RestPayload {
  readonly kind: 'rest';
  readonly access: string;
  /** The access may be another one when it is sent: all that is usual, and what it asks for now. */
  readonly values: Readonly<Record<string, string>>;
}

export interface TrapPayload {
  readonly kind: 'trap';
  readonly message: string;
  readonly scope: string;
  readonly timeoutMs: number;
}

/** A session that it begins. */
export interface JobPayload {
  readonly kind: 'job';
  readonly unit: string;
  /** null = all of the unit. */
  readonly job: string | null;
  readonly variables: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** Settings that are needed while rendering; null = not there. */
export interface PayloadSettings {
  readonly mailTemplate: (id: string) => MailTemplateBody | null;
  readonly restAccess: (id: string) => RestAccessBody | null;
}

const MAX_SUBJECT = 250;

/** @returns null — nothing leaves the cluster by this kind. */
export function payloadOf(
  body: NotificationBody,
  context: TellContext,
  settings: PayloadSettings,
  nowMs: number,
): Payload | null {
  const { priority } = context.told.result;
  const values = valuesOf(context);
  switch (body.kind) {
    case 'event':
    case 'status':
      return null;
    case 'mail':
      return mailOf(body, priority, values, settings);
    case 'command':
      return commandOf(body, priority, values);
    case 'syslog':
      return syslogOf(body, context, values);
    case 'rest':
      return restOf(body, priority, values, settings);
    case 'trap': {
      const message = render(body.priorities[priority]?.message ?? '#[MESSAGE]', values);
      return { kind: 'trap', message, scope: context.scope, timeoutMs: body.timeoutMs };
    }
    case 'escalation':
      return { kind: 'escalation', memory: beginEscalation(nowMs) };
    case 'job':
      return jobOf(body, priority, values);
  }
}

/** Who told although nobody is named for the priority (it failed open): whoever is named for another one, the worst first. */
function parametersFor<T>(priorities: Partial<Record<Priority, T | undefined>>, priority: Priority): T | undefined {
  return priorities[priority] ?? priorities.critical ?? priorities.unknown ?? priorities.warning ?? priorities.info;
}

const JOB_TIMEOUT_MS = 10_000;

function jobOf(body: NotificationOf<'job'>, priority: Priority, values: Values): Payload {
  const named = parametersFor(body.priorities, priority)?.job;
  if (named === undefined) return NOBODY;
  const [unit = '', ...job] = named.split('/');
  const variables = Object.fromEntries(
    BASIC_VARIABLES.flatMap((name) => (values(name) === undefined ? [] : [[name, values(name)!]])),
  );
  return { kind: 'job', unit, job: job.length === 0 ? null : job.join('/'), variables, timeoutMs: JOB_TIMEOUT_MS };
}

const NOBODY = { kind: 'impossible', why: 'the notification names nobody for any priority' } as const;

function mailOf(body: NotificationOf<'mail'>, priority: Priority, values: Values, settings: PayloadSettings): Payload {
  const who = parametersFor(body.priorities, priority);
  if (who === undefined) return NOBODY;
  const template = (body.template === null ? null : settings.mailTemplate(body.template)) ?? DEFAULT_MAIL_TEMPLATE;
  return {
    kind: 'mail',
    servers: body.servers,
    ...{ to: who.to, cc: who.cc, bcc: who.bcc },
    // After all values are in: also one with `:original` begins no header.
    subject: shortened(
      render('#[SUBJECT]', () => render(template.subject, values), 'line'),
      MAX_SUBJECT,
    ),
    text: render(template.body, values),
  };
}

function commandOf(body: NotificationOf<'command'>, priority: Priority, values: Values): Payload {
  const command = parametersFor(body.priorities, priority)?.command;
  if (command === undefined) return NOBODY;
  const words = body.shell ? [renderShell(command, values)] : (splitWords(command) ?? []).map((word) => render(word, values));
  const environment = Object.fromEntries(IN_ENVIRONMENT.map((name) => [`YOSUGARA_${name}`, render(`#[${name}]`, values)]));
  const { shell, user, timeoutMs } = body;
  return { kind: 'command', words, shell, user, environment, timeoutMs };
}

/** For scripts that would rather not be given them as words. */
const IN_ENVIRONMENT = [
  ...['PRIORITY', 'PLUGIN_ID', 'MONITOR_ID', 'MONITOR_DETAIL_ID', 'FACILITY_ID', 'FACILITY_NAME', 'SCOPE'],
  ...['GENERATION_DATE', 'APPLICATION', 'MESSAGE', 'ORG_MESSAGE', 'NOTIFY_ID'],
];

function syslogOf(body: NotificationOf<'syslog'>, { node, told }: TellContext, values: Values): Payload {
  const how = parametersFor(body.priorities, told.result.priority);
  if (how === undefined) return NOBODY;
  const host = body.host ?? node?.addresses[0] ?? node?.hostNames[0] ?? told.result.sender;
  if (host === null) return { kind: 'impossible', why: `${told.result.facility} has no address to send a line of syslog to` };
  const { port, transport, tls, timeoutMs } = body;
  const { facility, severity } = how;
  return { kind: 'syslog', host, port, transport, facility, severity, message: render(how.message, values), tls, timeoutMs };
}

function restOf(body: NotificationOf<'rest'>, priority: Priority, values: Values, settings: PayloadSettings): Payload {
  const access = parametersFor(body.priorities, priority)?.access;
  if (access === undefined) return NOBODY;
  const is = settings.restAccess(access);
  const asked = is === null ? [] : [is.url, is.body ?? '', ...Object.values(is.headers)].flatMap(variablesIn);
  const found: Record<string, string> = {};
  for (const name of new Set([...BASIC_VARIABLES, ...asked])) {
    const value = values(name);
    if (value !== undefined) found[name] = value;
  }
  return { kind: 'rest', access, values: found };
}
