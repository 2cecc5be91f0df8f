import { compileOne, isProblem, type Pattern, type PatternPort, type SampleValue } from '@yosugara/operations';
import { communityOf, type MonitorOf, snmpOf } from '@yosugara/protocol';
import type { ProbeAnswer, ProbeRequest } from '@yosugara/runtime';
import { label } from '../dial.js';
import { failure, type Look, ProbeFailure, quoted, single } from '../look.js';
import { SnmpClient, type SnmpTarget } from '../snmp/client.js';
import { ReadingsBefore } from '../snmp/counters.js';
import { countProcesses, type ProcessPattern } from '../snmp/processes.js';
import { measure } from '../snmp/resources.js';
import { numberOf, type SnmpValue, textOf } from '../snmp/value.js';
import { type AgentsPort, measuredBy } from './agents.js';
import { type Family, hostOf, nodeOf } from './family.js';

export interface SnmpFamilyOptions {
  readonly patterns: PatternPort;
  /** In numbers, of a name of the MIB store such as `ifInOctets.3`; null = it knows none. */
  readonly oidOf?: ((name: string) => string | null) | undefined;
  readonly nowMs?: (() => number) | undefined;
  /** For what is measured by agents; null or missing: there are none. */
  readonly agents?: AgentsPort | null;
}

const NUMBERS = /^\.?(\d+(?:\.\d+)+)$/;

export function snmpFamily(options: SnmpFamilyOptions): Family {
  const { patterns, oidOf = () => null, nowMs = () => performance.now(), agents = null } = options;
  const client = new SnmpClient();
  const before = new ReadingsBefore();
  const compiled = new WeakMap<object, ProcessPattern>();
  return {
    types: ['snmp-numeric', 'snmp-string', 'resource', 'process'],
    // Of one agent only so many are asked at once; agents that are silent must not hold up the others.
    concurrency: 1_000,
    look: async (look, request) => {
      if (request.type === 'resource') {
        const { resource, device, by } = request.check as MonitorOf<'resource'>['check'];
        if (by === 'agent') return await measuredBy(agents, look, request, 'resource');
        const key = `${request.monitor}/${request.facility}`;
        const ask = { resource, device, key, ...(request.memory === undefined ? {} : { memory: request.memory }) };
        return await measure(look, targetOf(request), ask, { client, before, nowMs });
      }
      if (request.type === 'process')
        return (request.check as MonitorOf<'process'>['check']).by === 'agent'
          ? await measuredBy(agents, look, request, 'process')
          : await processes(look, request, client, patterns, compiled);
      return single(await get(look, request, client, oidOf));
    },
    close: () => client.close(),
  };
}

async function processes(
  look: Look,
  request: ProbeRequest,
  client: SnmpClient,
  patterns: PatternPort,
  compiled: WeakMap<object, ProcessPattern>,
): Promise<readonly ProbeAnswer[]> {
  const check = request.check as MonitorOf<'process'>['check'];
  const pattern = compiled.get(check) ?? processPattern(check, patterns);
  compiled.set(check, pattern);
  return single({ kind: 'number', number: await countProcesses(look, client, targetOf(request), pattern) });
}

function processPattern(check: MonitorOf<'process'>['check'], patterns: PatternPort): ProcessPattern {
  const one = (pattern: string): Pattern => {
    const found = compileOne(patterns, { pattern, mode: 'whole', caseSensitive: check.caseSensitive });
    if (isProblem(found)) throw new ProbeFailure(found.says);
    return found;
  };
  const [command, parameters] = [one(check.command), one(check.arguments)];
  return { command: (text) => command.test(text), parameters: (text) => parameters.test(text) };
}

async function get(
  look: Look,
  request: ProbeRequest,
  client: SnmpClient,
  oidOf: (name: string) => string | null,
): Promise<SampleValue> {
  const { oid } = request.check as MonitorOf<'snmp-numeric'>['check'];
  const number = NUMBERS.exec(oid)?.[1] ?? oidOf(oid);
  if (number === null) throw new ProbeFailure(`no MIB that was given knows the name ${oid}`);
  const target = targetOf(request);
  const value = (await client.get(look, target, [number])).get(number) ?? { kind: 'none' };
  if (value.kind === 'none') return failure(`the SNMP agent at ${label(target)} has no object ${oid}`);
  return request.type === 'snmp-string' ? { kind: 'text', text: textOf(value) } : numeric(oid, value);
}

function numeric(oid: string, value: SnmpValue): SampleValue {
  const number = numberOf(value);
  if (number === null) return failure(`${oid} is no number: ${quoted(textOf(value))}`);
  return { kind: 'number', number, ...(value.kind === 'counter' ? { counter: value.bits } : {}) };
}

/** @throws ProbeFailure */
function targetOf(request: ProbeRequest): SnmpTarget {
  const host = hostOf(request);
  const snmp = snmpOf(nodeOf(request)!);
  const { port, timeoutMs, retries, version } = snmp;
  if (version !== 'v3') return { host, port, timeoutMs, retries, access: { version, community: communityOf(snmp) } };
  const { user: name, level, auth, priv } = snmp;
  const user = { name, level, auth, priv, authPassphrase: snmp.authSecret ?? '', privPassphrase: snmp.privSecret ?? '' };
  return { host, port, timeoutMs, retries, access: { version, user } };
}
