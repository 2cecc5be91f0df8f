import type { MessageRow, Messages } from '@yosugara/protocol';
import { pagedLines } from '../http/csv.js';

const COLUMNS = [
  ...[
    'id',
    'receivedAt',
    'kind',
    'source',
    'host',
    'severity',
    'facility',
    'app',
    'procId',
    'msgId',
    'transport',
    'seenBy',
    'text',
    'cut',
  ],
] as const;

/** Messages as a table, page after page; what only some of them carry (structured data, varbinds) is in their text. */
export async function messageLines(
  search: (after: string | null, limit: number) => Promise<Messages>,
  most: number,
): Promise<AsyncIterable<string>> {
  const lineOf = (row: MessageRow) => ({
    ...row,
    ...{ facility: row.facility ?? null, procId: row.procId ?? null, msgId: row.msgId ?? null, transport: row.transport ?? null },
    seenBy: row.seenBy.join(' '),
    cut: row.cut === true ? 'cut' : null,
  });
  return await pagedLines(
    COLUMNS,
    async (after, limit) => {
      const { rows, next } = await search(after, limit);
      return { rows: rows.map(lineOf), next };
    },
    most,
  );
}
