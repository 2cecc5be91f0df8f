import type { ProbeAnswer, ProbeMemory } from '@yosugara/runtime';
import { failure, type Look, ProbeFailure, single } from '../look.js';
import type { SnmpClient, SnmpTarget } from './client.js';
import { grewBy, type ReadingsBefore } from './counters.js';
import { DEVICES, type DeviceResource, type Devices } from './devices.js';
import { numberOf, type SnmpValue } from './value.js';

export interface ResourceAsk {
  /** Such as `cpu.used`. */
  readonly resource: string;
  /** '' = every one, an item each. */
  readonly device: string;
  /** Of whom the reading before is kept: monitor and node. */
  readonly key: string;
  readonly memory?: ProbeMemory;
}

export interface ResourceContext {
  readonly client: SnmpClient;
  readonly before: ReadingsBefore;
  readonly nowMs: () => number;
}

export const UP_TIME = '1.3.6.1.2.1.1.3.0';
const UCD = '1.3.6.1.4.1.2021';
/** UCD-SNMP-MIB systemStats: ticks of all processors together. */
const CPU = {
  ...{
    user: `${UCD}.11.50.0`,
    nice: `${UCD}.11.51.0`,
    system: `${UCD}.11.52.0`,
    idle: `${UCD}.11.53.0`,
    iowait: `${UCD}.11.54.0`,
  },
  ...{ kernel: `${UCD}.11.55.0`, interrupt: `${UCD}.11.56.0`, softInterrupt: `${UCD}.11.61.0`, steal: `${UCD}.11.64.0` },
} as const;
/** What the machine did nothing in. */
const IDLE: readonly string[] = [CPU.idle, CPU.iowait];
const CPU_SHARES: Readonly<Record<string, readonly string[]>> = {
  'cpu.user': [CPU.user],
  'cpu.system': [CPU.system, CPU.kernel, CPU.interrupt, CPU.softInterrupt],
  'cpu.nice': [CPU.nice],
  'cpu.iowait': [CPU.iowait],
};
/** For each second. */
const RATES: Readonly<Record<string, string>> = {
  'cpu.interrupts': `${UCD}.11.59.0`,
  'cpu.contextSwitches': `${UCD}.11.60.0`,
  'memory.swapIn': `${UCD}.11.62.0`,
  'memory.swapOut': `${UCD}.11.63.0`,
};
/** laLoadInt: in hundredths. */
const LOADS: Readonly<Record<string, string>> = {
  'cpu.load1': `${UCD}.10.1.5.1`,
  'cpu.load5': `${UCD}.10.1.5.2`,
  'cpu.load15': `${UCD}.10.1.5.3`,
};
const MEMORY = {
  ...{ totalSwap: `${UCD}.4.3.0`, freeSwap: `${UCD}.4.4.0`, total: `${UCD}.4.5.0`, free: `${UCD}.4.6.0` },
  ...{ buffers: `${UCD}.4.14.0`, cache: `${UCD}.4.15.0` },
} as const;
/** HOST-RESOURCES-MIB, for agents without UCD's. */
const PROCESSOR_LOAD = '1.3.6.1.2.1.25.3.3.1.2';
const MAX_ROWS = 4_096;

type Numbers = ReadonlyMap<string, number>;
/** In per cent of what there is. */
const MEMORY_SHARES: Readonly<Record<string, readonly [part: (of: Numbers) => number, whole: string]>> = {
  'memory.used': [
    (of) => of.get(MEMORY.total)! - of.get(MEMORY.free)! - of.get(MEMORY.buffers)! - of.get(MEMORY.cache)!,
    MEMORY.total,
  ],
  'memory.physical': [(of) => of.get(MEMORY.total)! - of.get(MEMORY.free)!, MEMORY.total],
  'memory.swap': [(of) => of.get(MEMORY.totalSwap)! - of.get(MEMORY.freeSwap)!, MEMORY.totalSwap],
  'memory.buffers': [(of) => of.get(MEMORY.buffers)!, MEMORY.total],
  'memory.cache': [(of) => of.get(MEMORY.cache)!, MEMORY.total],
};

/** Everything that can be measured here. */
export const MEASURED: readonly string[] = [
  ...['cpu.used', ...Object.keys(CPU_SHARES), ...Object.keys(RATES), ...Object.keys(LOADS), ...Object.keys(MEMORY_SHARES)],
  ...Object.keys(DEVICES),
];

/** @returns none when a rate has only begun. @throws ProbeFailure */
export async function measure(
  look: Look,
  target: SnmpTarget,
  ask: ResourceAsk,
  context: ResourceContext,
): Promise<readonly ProbeAnswer[]> {
  const { resource } = ask;
  if (DEVICES[resource] !== undefined) return await ofDevices(look, target, ask, DEVICES[resource], context);
  if (LOADS[resource] !== undefined) {
    const load = (await numbers(look, target, [LOADS[resource]], context)).get(LOADS[resource])!;
    return single({ kind: 'number', number: load / 100 });
  }
  if (MEMORY_SHARES[resource] !== undefined) return await ofMemory(look, target, MEMORY_SHARES[resource], context);
  if (RATES[resource] !== undefined) return await rate(look, target, ask, RATES[resource], context);
  if (resource === 'cpu.used' || CPU_SHARES[resource] !== undefined) return await ofProcessor(look, target, ask, context);
  throw new ProbeFailure(`${resource} is nothing that can be measured by SNMP; it can be one of ${MEASURED.join(', ')}`);
}

/** @throws ProbeFailure — the agent has not all of them. */
async function numbers(look: Look, target: SnmpTarget, oids: readonly string[], { client }: ResourceContext): Promise<Numbers> {
  const values = await client.get(look, target, oids);
  return new Map(
    oids.map((oid) => {
      const number = numberOf(values.get(oid) ?? { kind: 'none' });
      if (number === null) throw lacking(oid);
      return [oid, number];
    }),
  );
}

const lacking = (oid: string) =>
  new ProbeFailure(`the agent has no object ${oid}, which this is measured by: is UCD-SNMP-MIB in its view?`);

async function ofMemory(
  look: Look,
  target: SnmpTarget,
  [part, whole]: readonly [(of: Numbers) => number, string],
  context: ResourceContext,
): Promise<readonly ProbeAnswer[]> {
  const of = await numbers(look, target, Object.values(MEMORY), context);
  const total = of.get(whole)!;
  // A machine without swap uses none of it.
  return single({ kind: 'number', number: total <= 0 ? 0 : bounded((100 * part(of)) / total) });
}

const bounded = (percent: number): number => Math.min(100, Math.max(0, percent));

async function ofProcessor(
  look: Look,
  target: SnmpTarget,
  ask: ResourceAsk,
  context: ResourceContext,
): Promise<readonly ProbeAnswer[]> {
  const read = await readCounters(look, target, ask, Object.values(CPU), context);
  if (read.counts.get(CPU.idle)?.kind !== 'counter')
    return ask.resource === 'cpu.used'
      ? await ofProcessorLoads(look, target, context)
      : [{ item: '', value: failure(lacking(CPU.idle).message) }];
  if (read.before === null) return [];
  const grown = new Map(Object.values(CPU).map((oid) => [oid, grewBy(read.before!.get(oid), read.counts.get(oid)) ?? 0]));
  // Where there is a part for the kernel, the system's may be it and others together (UCD-SNMP-MIB, ssCpuRawSystem).
  if (read.counts.get(CPU.kernel)?.kind === 'counter') grown.set(CPU.system, 0);
  const sum = (oids: readonly string[]) => oids.reduce((total, oid) => total + grown.get(oid)!, 0);
  const all = sum(Object.values(CPU));
  // The agent looks every few seconds only: asked faster, it says the same again.
  if (all === 0) return [];
  const part = ask.resource === 'cpu.used' ? all - sum(IDLE) : sum(CPU_SHARES[ask.resource]!);
  return single({ kind: 'number', number: bounded((100 * part) / all) });
}

/** hrProcessorLoad: of each processor, over the last minute. */
async function ofProcessorLoads(look: Look, target: SnmpTarget, { client }: ResourceContext): Promise<readonly ProbeAnswer[]> {
  const table = await client.table(look, target, [PROCESSOR_LOAD], { maxRows: MAX_ROWS });
  const loads = [...table.get(PROCESSOR_LOAD)!.values()].map(numberOf).filter((load) => load !== null);
  if (loads.length === 0) throw lacking(PROCESSOR_LOAD);
  return single({ kind: 'number', number: loads.reduce((sum, load) => sum + load, 0) / loads.length });
}

async function rate(
  look: Look,
  target: SnmpTarget,
  ask: ResourceAsk,
  oid: string,
  context: ResourceContext,
): Promise<readonly ProbeAnswer[]> {
  const read = await readCounters(look, target, ask, [oid], context);
  if (read.counts.get(oid)?.kind !== 'counter') throw lacking(oid);
  const grown = read.before === null ? null : grewBy(read.before.get(oid), read.counts.get(oid));
  return grown === null ? [] : single({ kind: 'number', number: grown / read.seconds });
}

interface Counted {
  readonly counts: ReadonlyMap<string, SnmpValue>;
  readonly before: ReadonlyMap<string, SnmpValue> | null;
  /** Since then. */
  readonly seconds: number;
}

async function readCounters(
  look: Look,
  target: SnmpTarget,
  ask: ResourceAsk,
  oids: readonly string[],
  { client, before, nowMs }: ResourceContext,
): Promise<Counted> {
  const counts = await client.get(look, target, [UP_TIME, ...oids]);
  return since(before, ask, counts.get(UP_TIME), counts, nowMs());
}

function since(
  before: ReadingsBefore,
  ask: ResourceAsk,
  upTime: SnmpValue | undefined,
  counts: ReadonlyMap<string, SnmpValue>,
  atMs: number,
): Counted {
  const reading = { upTime: upTime?.kind === 'number' ? upTime.number : 0, atMs, counts };
  const last = before.since(ask.key, reading, ask.memory);
  return { counts, before: last?.counts ?? null, seconds: last?.seconds ?? 0 };
}

async function ofDevices(
  look: Look,
  target: SnmpTarget,
  ask: ResourceAsk,
  { devices, of }: DeviceResource,
  context: ResourceContext,
): Promise<readonly ProbeAnswer[]> {
  const { client, before, nowMs } = context;
  const columns = [...new Set([...devices.columns, ...of.columns])];
  const table = await client.table(look, target, columns, { maxRows: MAX_ROWS });
  const upTime = of.isRate ? (await client.get(look, target, [UP_TIME])).get(UP_TIME) : undefined;
  const named = namesOf(devices, table);
  if (named.size === 0) throw new ProbeFailure(`the agent names no ${devices.what}: is ${devices.mib} in its view?`);
  const wanted = [...named].filter(([, name]) => ask.device === '' || name === ask.device);
  if (wanted.length === 0)
    throw new ProbeFailure(
      `there is no ${devices.what} ${JSON.stringify(ask.device)}; there are ${[...named.values()].slice(0, 20).join(', ')}`,
    );
  const counts = new Map<string, SnmpValue>();
  for (const column of of.columns)
    for (const [row] of wanted) {
      const cell = table.get(column)!.get(row);
      if (cell !== undefined) counts.set(`${column}.${row}`, cell);
    }
  const read = of.isRate ? since(before, ask, upTime, counts, nowMs()) : { counts, before: null, seconds: 0 };
  return wanted.flatMap(([row, name]) => {
    const number = of.value(
      (column) => read.counts.get(`${column}.${row}`),
      (column) => read.before?.get(`${column}.${row}`),
      read.seconds,
    );
    const item = ask.device === '' ? name : '';
    return number === null ? [] : [{ item, value: { kind: 'number', number } as const }];
  });
}

/** Two of one name are told apart by their row. */
function namesOf(devices: Devices, table: ReadonlyMap<string, ReadonlyMap<string, SnmpValue>>): ReadonlyMap<string, string> {
  const named = new Map<string, string>();
  const taken = new Set<string>();
  for (const row of table.get(devices.columns[0]!)!.keys()) {
    const name = devices.name((column) => table.get(column)?.get(row));
    if (name === null) continue;
    const unique = taken.has(name) ? `${name} (${row})` : name;
    taken.add(unique);
    named.set(row, unique);
  }
  return named;
}
