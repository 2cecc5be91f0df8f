import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { YosugaraError } from '@yosugara/kernel';
import { LATCHED_BOOTS, USM_COUNTERS, type UsmCounters } from '@yosugara/operations';

/** What this node is to SNMPv3 senders, over restarts. */
export interface SnmpEngine {
  readonly engineId: Uint8Array;
  /** How often it started with this id, this time included. At 2^31-1 it stays there (RFC 3414 2.2.3). */
  readonly boots: number;
  readonly counters: UsmCounters;
  /** true: senders of INFORM have to discover it anew. */
  readonly isNew: boolean;
  /** Not fsynced: after a power cut they go on from an older count. */
  saveCounters(counters: UsmCounters): void;
}

export class SnmpEngineError extends YosugaraError {
  override readonly name = 'SnmpEngineError';
  constructor(why: string, cause?: unknown) {
    super('SNMP_ENGINE', `SNMP engine: ${why}`, { cause });
  }
}

interface Stored {
  readonly engineId: string;
  readonly boots: number;
}

/** RFC 3411, SnmpEngineID: an enterprise number with the top bit set, then how the rest is made. 5: octets that we choose. */
const OCTETS = 5;
/** RFC 5612's number for examples: this project has none of its own yet. Ids that were made stay as they are. */
const ENTERPRISE = 32_473;

/** Counts this start and fsyncs before it returns: a boots number is never used twice. @throws SnmpEngineError — the disk refuses, or the file is damaged. */
export function startSnmpEngine(dir: string): SnmpEngine {
  const file = join(dir, 'engine.json');
  const countersFile = join(dir, 'counters.json');
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const before = readEngine(file);
    const engineId = before === null ? newEngineId() : Buffer.from(before.engineId, 'hex');
    const boots = before === null ? 1 : Math.min(LATCHED_BOOTS, before.boots + 1);
    replaceFile(file, `${JSON.stringify({ engineId: Buffer.from(engineId).toString('hex'), boots })}\n`, true);
    return {
      ...{ engineId, boots, isNew: before === null, counters: readCounters(countersFile) },
      saveCounters: (counters) => {
        try {
          replaceFile(countersFile, `${JSON.stringify(counters)}\n`, false);
        } catch {
          // They are statistics: no reason to stop taking traps in.
        }
      },
    };
  } catch (error) {
    if (error instanceof SnmpEngineError) throw error;
    throw new SnmpEngineError(`its id and number of starts cannot be kept in ${dir}`, error);
  }
}

function newEngineId(): Uint8Array {
  const id = Buffer.alloc(17);
  id.writeUInt32BE((0x8000_0000 | ENTERPRISE) >>> 0);
  id[4] = OCTETS;
  randomBytes(12).copy(id, 5);
  return id;
}

/** A damaged file is no reason for a new id in silence: every sender of INFORM would have to learn it. */
function readEngine(file: string): Stored | null {
  const text = readIfThere(file);
  if (text === null) return null;
  const { engineId, boots } = objectIn(text);
  if (
    typeof engineId === 'string' &&
    /^([0-9a-f]{2}){5,32}$/.test(engineId) &&
    isCount(boots) &&
    boots >= 1 &&
    boots <= LATCHED_BOOTS
  )
    return { engineId, boots };
  throw new SnmpEngineError(`${file} is damaged; remove it to begin with a new engine id`);
}

/** Statistics: what cannot be read begins at 0. */
function readCounters(file: string): UsmCounters {
  const stored = objectIn(readIfThere(file) ?? '');
  return Object.fromEntries(USM_COUNTERS.map((name) => [name, isCount(stored[name]) ? stored[name] : 0])) as UsmCounters;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
}

function objectIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

function replaceFile(file: string, text: string, durable: boolean): void {
  const next = `${file}.next`;
  const fd = openSync(next, 'w', 0o600);
  try {
    writeFileSync(fd, text);
    if (durable) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(next, file);
  if (!durable) return;
  const folder = openSync(dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
