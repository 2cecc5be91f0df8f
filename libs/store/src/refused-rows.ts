import { explain } from '@yosugara/kernel';
import type { MessageToStore, RefusedRow } from '@yosugara/runtime';
import type { PoolClient } from 'pg';
import { storable } from './row-key.js';

/** Of `parse_reason`: the row is there without what was read from its bytes. */
export const REFUSED_BY_DATABASE = 'refused_by_database';
const UNIQUE_VIOLATION = '23505';
/** What PostgreSQL says of data that it cannot hold: data exceptions, constraints, and its own limits (an entry of an index, a row). */
const DATA_CLASSES = /^(?:22|23|54)/;
const MAX_TEXT_CHARS = 2_000;
const MAX_WHY_CHARS = 300;

type Rows = readonly MessageToStore[];

/** By its data, so that it will be refused again as often as it is tried. A key that is there already is no such thing. */
export function isRefusedByItsData(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code !== UNIQUE_VIOLATION && DATA_CLASSES.test(code);
}

/**
 * Stores what can be stored, in the transaction that is open: a part that is refused is halved until the row is found, and that is stored
 * bare. So a row that a parser of ours let through holds up no other.
 * @param write of a part; after an error all of it is undone.
 * @param splitUntilMs monotonic: from then on a part that is refused is stored bare as a whole. Ingest must go on, whatever comes.
 */
export async function storeApart(
  client: PoolClient,
  rows: Rows,
  write: (part: Rows) => Promise<void>,
  splitUntilMs: number,
): Promise<readonly RefusedRow[]> {
  const refused: RefusedRow[] = [];
  const waiting = [rows];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    const why = await refusalOf(client, part, write);
    if (why === null) continue;
    if (part.length > 1 && performance.now() < splitUntilMs) {
      const half = part.length >> 1;
      waiting.push(part.slice(half), part.slice(0, half));
      continue;
    }
    await write(part.map(bareRow));
    for (const { journalId, seq, source } of part) refused.push({ journalId, seq, source, why });
  }
  return refused;
}

/** null = it was written. @throws what is no refusal of data. */
async function refusalOf(client: PoolClient, part: Rows, write: (part: Rows) => Promise<void>): Promise<string | null> {
  await client.query('savepoint part');
  try {
    await write(part);
    await client.query('release savepoint part');
    return null;
  } catch (error) {
    if (!isRefusedByItsData(error)) throw error;
    await client.query('rollback to savepoint part; release savepoint part');
    return explain(error).slice(0, MAX_WHY_CHARS);
  }
}

/** Its bytes as they came, who sent it and when; of what was read from them only what cannot be too long. */
function bareRow(row: MessageToStore): MessageToStore {
  return {
    ...row,
    ...{ host: null, app: null, procId: null, msgId: null, sentAtUs: null, structured: null, varbinds: null },
    text: storable(row.text).slice(0, MAX_TEXT_CHARS),
    reason: row.reason === null ? REFUSED_BY_DATABASE : `${row.reason},${REFUSED_BY_DATABASE}`,
  };
}
