import {
  type IpmiAccess,
  type NodeBody,
  PRIORITIES,
  type Priority,
  type SnmpAccess,
  type SshAccess,
  snmpOf,
  sshOf,
} from '@yosugara/protocol';
import { shortened } from '../monitors/index.js';
import { zoneOffsetUs } from '../time/index.js';
import type { Told } from './told.js';
import type { Values } from './variables.js';

/** All that can be said of what is told. */
export interface TellContext {
  readonly told: Told;
  /** Of the notification. */
  readonly description: string;
  readonly calendar: string | null;
  /** null: the facility is no node. */
  readonly node: NodeBody | null;
  /** As it is shown. */
  readonly scope: string;
  readonly monitor: { readonly description: string; readonly ownerRole: string; readonly calendar: string | null } | null;
  /** IANA name; missing = UTC. */
  readonly timeZone?: string;
}

const NAMES: Readonly<Record<Priority, { readonly en: string; readonly jp: string }>> = {
  critical: { en: 'Critical', jp: '危険' },
  unknown: { en: 'Unknown', jp: '不明' },
  warning: { en: 'Warning', jp: '警告' },
  info: { en: 'Information', jp: '情報' },
};
const WHY: Readonly<Record<Told['why'], string>> = {
  first: 'it is the first one',
  changed: 'the priority changed',
  again: 'it is still so',
  'failed open': 'it could not be worked out whether to tell',
  escalated: 'nobody confirmed the event',
  suppressed: 'it is kept quiet',
  tested: 'somebody tries the notification out',
};
/** A line of a log may be a megabyte. */
const MAX_CHARS = 8_192;

const BASIC: Readonly<Record<string, (context: TellContext) => string>> = {
  PRIORITY: ({ told }) => told.result.priority,
  PRIORITY_NUM: ({ told }) => String(PRIORITIES.indexOf(told.result.priority)),
  PRIORITY_EN: ({ told }) => NAMES[told.result.priority].en,
  PRIORITY_JP: ({ told }) => NAMES[told.result.priority].jp,
  PRIORITY_BEFORE: ({ told }) => told.before ?? '-',
  PLUGIN_ID: ({ told }) => told.result.plugin,
  PLUGIN_NAME: ({ told }) => told.result.plugin,
  MONITOR_ID: ({ told }) => told.result.monitor,
  MONITOR_DETAIL_ID: ({ told }) => [told.result.item, told.result.sub].filter((part) => part !== '').join(' '),
  MONITOR_DESCRIPTION: ({ monitor }) => monitor?.description ?? '',
  MONITOR_OWNER_ROLE_ID: ({ monitor }) => monitor?.ownerRole ?? '',
  CALENDAR_ID: ({ monitor, calendar }) => monitor?.calendar ?? calendar ?? '',
  FACILITY_ID: ({ told }) => told.result.facility,
  FACILITY_NAME: ({ told, node }) => node?.name ?? told.result.sender ?? told.result.facility,
  SCOPE: ({ scope }) => scope,
  SENDER: ({ told }) => told.result.sender ?? '',
  TRIGGER: ({ told }) => told.result.trigger,
  GENERATION_DATE: ({ told, timeZone }) => localTime(told.result.atMs, timeZone),
  APPLICATION: ({ told }) => told.result.application,
  MESSAGE: ({ told }) => told.result.message,
  ORG_MESSAGE: ({ told }) => told.result.original,
  NOTIFY_ID: ({ told }) => told.notification,
  NOTIFY_DESCRIPTION: ({ description }) => description,
  /** The same one when it comes twice. */
  NOTIFY_UUID: ({ told }) => told.id,
  RESULT_ID: ({ told }) => told.result.id,
  WHY: ({ told }) => WHY[told.why],
};
export const BASIC_VARIABLES: readonly string[] = Object.keys(BASIC);

const list = (values: readonly string[] | undefined) => values ?? [];
const family = (node: NodeBody, is6: boolean) => node.addresses.find((address) => address.includes(':') === is6) ?? '';

/** Never a secret: a variable is seen in lists of processes, in logs and by whoever is told. */
const NODE: Readonly<Record<string, (node: NodeBody) => string | readonly string[]>> = {
  NODE_NAME: (node) => node.name,
  HOST_NAME: (node) => list(node.hostNames),
  IP_ADDRESS: (node) => node.addresses,
  IP_ADDRESS_V4: (node) => family(node, false),
  IP_ADDRESS_V6: (node) => family(node, true),
  IP_ADDRESS_VERSION: (node) => (node.addresses[0] === undefined ? '' : node.addresses[0].includes(':') ? '6' : '4'),
  PLATFORM: (node) => node.platform,
  SUB_PLATFORM: (node) => node.subPlatform ?? '',
  HARDWARE_TYPE: (node) => node.hardware ?? '',
  OS_NAME: (node) => node.os?.name ?? '',
  OS_RELEASE: (node) => node.os?.release ?? '',
  OS_VERSION: (node) => node.os?.version ?? '',
  CHARSET: (node) => node.os?.charset ?? '',
  ADMINISTRATOR: (node) => node.administrator ?? '',
  CONTACT: (node) => node.contact ?? '',
  NOTE: (node) => list(node.notes),
  JOB_PRIORITY: (node) => String(node.job?.priority ?? 16),
  JOB_MULTIPLICITY: (node) => String(node.job?.multiplicity ?? 0),
  ...accessed('SNMP', (node): SnmpAccess => snmpOf(node), {
    ...{ PORT: 'port', VERSION: 'version', TIMEOUT: 'timeoutMs', RETRIES: 'retries', USER: 'user' },
    ...{ SECURITY_LEVEL: 'level', AUTH_PROTOCOL: 'auth', PRIV_PROTOCOL: 'priv' },
  }),
  ...accessed('SSH', (node): SshAccess => sshOf(node), { USER: 'user', PORT: 'port', TIMEOUT: 'timeoutMs' }),
  ...accessed('IPMI', (node): IpmiAccess | undefined => node.ipmi, {
    ...{ IP_ADDRESS: 'address', PORT: 'port', USER: 'user', TIMEOUT: 'timeoutMs', RETRIES: 'retries' },
    ...{ PROTOCOL: 'protocol', LEVEL: 'privilege' },
  }),
  ...web('WBEM', (node) => node.wbem),
  ...web('WINRM', (node) => node.winrm),
};
export const NODE_VARIABLES: readonly string[] = Object.keys(NODE);

function web(prefix: string, part: (node: NodeBody) => NodeBody['wbem']) {
  return accessed(prefix, part, { USER: 'user', PORT: 'port', PROTOCOL: 'protocol', TIMEOUT: 'timeoutMs', RETRIES: 'retries' });
}

function accessed<T extends object>(
  prefix: string,
  part: (node: NodeBody) => T | undefined,
  fields: Readonly<Record<string, keyof T>>,
): Record<string, (node: NodeBody) => string> {
  const entries = Object.entries(fields).map(([name, field]) => {
    return [`${prefix}_${name}`, (node: NodeBody) => String(part(node)?.[field] ?? '')] as const;
  });
  return Object.fromEntries(entries);
}

/** Values of one thing told. */
export function valuesOf(context: TellContext): Values {
  return (name) => {
    const basic = Object.hasOwn(BASIC, name) ? BASIC[name] : undefined;
    if (basic !== undefined) return clip(basic(context));
    const value = context.node === null ? undefined : nodeValue(context.node, name);
    return value === undefined ? undefined : clip(value);
  };
}

/** Of a list all (`:ALL`, or nothing), the first (`:TOP`), or the n-th from 0. */
export function nodeValue(node: NodeBody, written: string): string | undefined {
  const [name = '', part = 'ALL'] = written.split(':');
  const known = Object.hasOwn(NODE, name) ? NODE[name]!(node) : undefined;
  if (known === undefined)
    return node.variables !== undefined && Object.hasOwn(node.variables, written) ? node.variables[written] : undefined;
  if (typeof known === 'string') return written.includes(':') ? undefined : known;
  // What a command wants of a node is one address.
  if (name === 'IP_ADDRESS' && !written.includes(':')) return known[0] ?? '';
  if (part === 'ALL') return known.join(',');
  if (part === 'TOP') return known[0] ?? '';
  return /^\d{1,3}$/.test(part) ? (known[Number(part)] ?? '') : undefined;
}

const clip = (value: string) => shortened(value, MAX_CHARS);

/** `2026-11-21 21:00:00.123 +09:00` */
export function localTime(atMs: number, timeZone?: string): string {
  const offsetMs = zoneOffsetUs(timeZone, atMs * 1_000) / 1_000;
  const text = new Date(atMs + offsetMs).toISOString().replace('T', ' ').slice(0, -1);
  const minutes = Math.abs(Math.round(offsetMs / 60_000));
  const two = (number: number) => String(number).padStart(2, '0');
  return `${text} ${offsetMs < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** What of these names is known of no node and no result: perhaps a variable of some node, perhaps a slip. For a warning. */
export function unknownVariables(names: readonly string[], others: ReadonlySet<string> = new Set()): readonly string[] {
  return names.filter((name) => {
    const [first = ''] = name.split(':');
    return !(Object.hasOwn(BASIC, name) || Object.hasOwn(NODE, first) || others.has(name));
  });
}
