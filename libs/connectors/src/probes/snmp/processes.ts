import type { Look } from '../look.js';
import { ProbeFailure } from '../look.js';
import type { SnmpClient, SnmpTarget } from './client.js';
import { textOf } from './value.js';

/** HOST-RESOURCES-MIB hrSWRunTable. */
const RUN = '1.3.6.1.2.1.25.4.2.1';
const COLUMN = { name: `${RUN}.2`, path: `${RUN}.4`, parameters: `${RUN}.5`, status: `${RUN}.7` } as const;
/** hrSWRunStatus: it is dead, and only not taken away yet. */
const INVALID = '4';
const MAX_PROCESSES = 50_000;

export interface ProcessPattern {
  /** Of the whole text. */
  readonly command: (text: string) => boolean;
  readonly parameters: (text: string) => boolean;
}

/**
 * How many processes fit: the command by its path or by its name, as `ps` shows it. An agent cuts arguments after 128 characters
 * (RFC 2790, hrSWRunParameters).
 * @throws ProbeFailure
 */
export async function countProcesses(
  look: Look,
  client: SnmpClient,
  target: SnmpTarget,
  pattern: ProcessPattern,
): Promise<number> {
  const table = await client.table(look, target, Object.values(COLUMN), { maxRows: MAX_PROCESSES });
  const rows = table.get(COLUMN.name)!;
  if (rows.size === 0) throw new ProbeFailure('the agent names no processes: is HOST-RESOURCES-MIB in its view?');
  const cell = (column: string, row: string) => {
    const value = table.get(column)!.get(row);
    return value === undefined ? '' : textOf(value);
  };
  let count = 0;
  for (const row of rows.keys()) {
    if (cell(COLUMN.status, row) === INVALID) continue;
    const isIt = pattern.command(cell(COLUMN.path, row)) || pattern.command(cell(COLUMN.name, row));
    if (isIt && pattern.parameters(cell(COLUMN.parameters, row))) count++;
  }
  return count;
}
