import { readdir, readFile, readlink } from 'node:fs/promises';
import { re2Patterns } from '@yosugara/connectors/patterns';
import { explain, YosugaraError } from '@yosugara/kernel';
import { compileOne, isProblem } from '@yosugara/operations/patterns';
import type { FromAgent, ToAgent } from '@yosugara/protocol/agents';
import {
  type Counters,
  readCpu,
  readDisks,
  readFilesystems,
  readLoads,
  readMemory,
  readNetwork,
  readSwapping,
} from './readings.js';

type Measured = Extract<FromAgent, { say: 'measured' }>;
type Values = Measured['values'];

/** Of the first look at a rate, which has none before it. */
const FIRST_MS = 500;
/** Two looks that are nearer to each other say little. */
const LEAST_MS = 400;
const MOST_ITEMS = 10_000;
const MOST_BEFORE = 1_000;

class MeasureError extends YosugaraError {
  override readonly name = 'MeasureError';
  constructor(message: string) {
    super('MEASURE', message);
  }
}

/** What this host is like now. Rates are for each second since the same was asked last; never throws: `why` says what went wrong. */
export async function measure({ id, type, check }: Extract<ToAgent, { say: 'measure' }>): Promise<Measured> {
  try {
    const values = type === 'process' ? await ofProcesses(check) : await ofResource(check);
    return { say: 'measured', id, values: values.slice(0, MOST_ITEMS), why: null };
  } catch (error) {
    return { say: 'measured', id, values: [], why: explain(error).slice(0, 4_096) };
  }
}

const single = (value: number): Values => [{ item: '', value }];
const percent = (part: number, whole: number): number => (whole <= 0 ? 0 : Math.min(100, Math.max(0, (100 * part) / whole)));

async function ofResource(check: unknown): Promise<Values> {
  const { resource, device = '' } = check as { readonly resource: string; readonly device?: string };
  const [family, field] = resource.split('.') as [string, string];
  if (family === 'cpu' && field.startsWith('load')) return await ofLoad(field);
  if (family === 'cpu') return await ofCpu(resource, field);
  if (resource === 'memory.swapIn' || resource === 'memory.swapOut') {
    return single(await rateOf(resource, readSwapping, field));
  }
  if (family === 'memory') return await ofMemory(resource, field);
  if (resource === 'filesystem.used') return devices(await readFilesystems(), device, 'filesystem');
  if (family === 'disk') return await ofDevices(resource, field, device, readDisks);
  if (family === 'network') return await ofDevices(resource, field, device, readNetwork);
  throw new MeasureError(`an agent knows nothing of ${resource}`);
}

async function ofLoad(field: string): Promise<Values> {
  const at = ['load1', 'load5', 'load15'].indexOf(field);
  if (at < 0) throw new MeasureError(`an agent knows nothing of cpu.${field}`);
  return single((await readLoads())[at]!);
}

/* ---------- Rates ---------- */

const before = new Map<string, Counters>();

/** The look before and one of now. */
async function twoLooks(key: string, read: () => Promise<Counters>): Promise<readonly [Counters, Counters]> {
  let first = before.get(key);
  let now = await read();
  if (first === undefined || now.atMs - first.atMs < LEAST_MS) {
    first ??= now;
    await new Promise((resolve) => setTimeout(resolve, FIRST_MS));
    now = await read();
  }
  if (before.size >= MOST_BEFORE) before.clear();
  before.set(key, now);
  return [first, now];
}

/** null = it began anew: less than before. */
function grown(key: string, [from, to]: readonly [Counters, Counters]): number | null {
  const [was, is] = [from.values.get(key), to.values.get(key)];
  return was === undefined || is === undefined || is < was ? null : is - was;
}

async function rateOf(key: string, read: () => Promise<Counters>, field: string): Promise<number> {
  const looks = await twoLooks(key, read);
  return (grown(field, looks) ?? 0) / ((looks[1].atMs - looks[0].atMs) / 1_000);
}

async function ofCpu(resource: string, field: string): Promise<Values> {
  if (field === 'interrupts' || field === 'contextSwitches') return single(await rateOf(resource, readCpu, field));
  const looks = await twoLooks(resource, readCpu);
  const of = (...names: readonly string[]) => names.reduce((sum, name) => sum + (grown(name, looks) ?? 0), 0);
  const all = of('user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal');
  switch (field) {
    case 'used':
      return single(percent(all - of('idle', 'iowait'), all));
    case 'system':
      return single(percent(of('system', 'irq', 'softirq'), all));
    case 'user':
    case 'nice':
    case 'iowait':
      return single(percent(of(field), all));
    default:
      throw new MeasureError(`an agent knows nothing of ${resource}`);
  }
}

async function ofDevices(resource: string, field: string, device: string, read: () => Promise<Counters>): Promise<Values> {
  const looks = await twoLooks(`${resource} ${device}`, read);
  const seconds = (looks[1].atMs - looks[0].atMs) / 1_000;
  const rates = new Map<string, number>();
  for (const key of looks[1].values.keys()) {
    const at = key.lastIndexOf(' ');
    if (key.slice(at + 1) !== field) continue;
    const more = grown(key, looks);
    if (more !== null) rates.set(key.slice(0, at), more / seconds);
  }
  return devices(rates, device, resource.startsWith('disk') ? 'disk' : 'network interface');
}

function devices(values: ReadonlyMap<string, number>, device: string, what: string): Values {
  if (device === '') return [...values].map(([item, value]) => ({ item, value }));
  const value = values.get(device);
  if (value !== undefined) return single(value);
  throw new MeasureError(
    `there is no ${what} ${JSON.stringify(device)}; there are ${[...values.keys()].slice(0, 20).join(', ')}`,
  );
}

async function ofMemory(resource: string, field: string): Promise<Values> {
  const memory = await readMemory();
  const of = (name: string) => memory.get(name) ?? 0;
  const [total, free, buffers] = [of('MemTotal'), of('MemFree'), of('Buffers')];
  // As free(1): what can be taken away from a cache at once, tmpfs not.
  const cache = of('Cached') + of('SReclaimable') - of('Shmem');
  const parts: Readonly<Record<string, readonly [number, number]>> = {
    used: [total - free - buffers - cache, total],
    physical: [total - free, total],
    swap: [of('SwapTotal') - of('SwapFree'), of('SwapTotal')],
    buffers: [buffers, total],
    cache: [cache, total],
  };
  const part = parts[field];
  if (part === undefined) throw new MeasureError(`an agent knows nothing of ${resource}`);
  return single(percent(...part));
}

/* ---------- Processes ---------- */

const patterns = re2Patterns();

/** How many there are: the command by its path, by the first word of its line, or by its name; arguments as one text. */
async function ofProcesses(check: unknown): Promise<Values> {
  const {
    command,
    arguments: parameters = '.*',
    caseSensitive = true,
  } = check as {
    readonly command: string;
    readonly arguments?: string;
    readonly caseSensitive?: boolean;
  };
  const compiled = (pattern: string) => {
    const made = compileOne(patterns, { pattern, mode: 'whole', caseSensitive });
    if (isProblem(made)) throw new MeasureError(`${JSON.stringify(pattern)} is no pattern: ${made.says}`);
    return made;
  };
  const [isCommand, isParameters] = [compiled(command), compiled(parameters)];
  let count = 0;
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const process = await processOf(name);
    if (process === null) continue;
    if (process.names.some((each) => isCommand.test(each)) && isParameters.test(process.parameters)) count++;
  }
  return single(count);
}

async function processOf(pid: string): Promise<{ readonly names: readonly string[]; readonly parameters: string } | null> {
  try {
    const [line, comm, stat] = await Promise.all(
      ['cmdline', 'comm', 'stat'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')),
    );
    // It is dead, and only not taken away yet.
    if (/\) [ZX] /.test(stat!)) return null;
    const words = line!.split('\0');
    const path = await readlink(`/proc/${pid}/exe`).catch(() => '');
    return {
      names: [path, words[0] ?? '', comm!.trimEnd()].filter((each) => each !== ''),
      parameters: words.slice(1, -1).join(' '),
    };
  } catch {
    return null;
  }
}
