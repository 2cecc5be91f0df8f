import type { AuditPage, AuditRow } from '@yosugara/protocol';
import { accessAudit } from '@yosugara/protocol/api';
import type { ManagerApi } from '../control/manager-api.js';
import { type Paint, printable, table } from '../output/terminal.js';
import { sleep } from './follow.js';
import { queryOf } from './messages.js';

export interface AuditFilter {
  readonly who?: string | undefined;
  readonly what?: string | undefined;
  readonly object?: string | undefined;
  readonly done?: boolean | undefined;
  /** RFC 3339. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

const PAGE = 1_000;
const FOLLOW_EVERY_MS = 1_000;

async function pageOf(api: ManagerApi, filter: AuditFilter, limit: number, after: string | null): Promise<AuditPage> {
  return await api.ask(accessAudit(queryOf({ ...filter, limit, ...(after === null ? {} : { after }) })));
}

/** Pages until `limit` lines are there, newest first. */
export async function readAudit(api: ManagerApi, filter: AuditFilter, limit: number, after: string | null): Promise<AuditPage> {
  const rows: AuditRow[] = [];
  let next = after;
  do {
    const page = await pageOf(api, filter, Math.min(PAGE, limit - rows.length), next);
    rows.push(...page.rows);
    next = page.next;
  } while (next !== null && rows.length < limit);
  return { rows, next };
}

export const auditTable = async (api: ManagerApi, filter: AuditFilter): Promise<string> =>
  await api.text(accessAudit(queryOf({ ...filter, format: 'csv' })).path);

/** Every new line, oldest first, until stopped; what was written while no Master answered comes when one does. */
export async function followAudit(
  api: ManagerApi,
  filter: AuditFilter,
  show: (rows: readonly AuditRow[]) => void,
  stop: AbortSignal,
): Promise<void> {
  const { from: _, to: __, ...wanted } = filter;
  let last = BigInt((await pageOf(api, wanted, 1, null)).rows[0]?.id ?? 0);
  while (!stop.aborted) {
    await sleep(FOLLOW_EVERY_MS, stop);
    const fresh = await since(api, wanted, last).catch(() => []);
    if (fresh.length > 0) show(fresh);
    last = BigInt(fresh.at(-1)?.id ?? last);
  }
}

/** Oldest first. */
async function since(api: ManagerApi, filter: AuditFilter, last: bigint): Promise<readonly AuditRow[]> {
  const rows: AuditRow[] = [];
  for (let after: string | null = null; ; ) {
    const page: AuditPage = await pageOf(api, filter, PAGE, after);
    const fresh = page.rows.filter(({ id }) => BigInt(id) > last);
    rows.push(...fresh);
    if (fresh.length < page.rows.length || page.next === null) return rows.reverse();
    after = page.next;
  }
}

export function renderAudit(rows: readonly AuditRow[], paint: Paint, withHead = true): string {
  const cells = rows.map(({ id, at, who, by, from, action, object, done, detail, node }) => [
    id,
    at,
    printable(who === '' ? '–' : who),
    `${by ?? '–'}${from === null ? '' : ` ${printable(from)}`}`,
    done ? printable(action) : paint(`${printable(action)} (refused)`, 'yellow'),
    printable(object ?? '–'),
    node,
    detail === null || detail === undefined ? '' : printable(JSON.stringify(detail)),
  ]);
  const text = table(['NUMBER', 'AT', 'WHO', 'CAME', 'WHAT', 'OBJECT', 'NODE', 'DETAIL'], cells);
  return withHead ? text : text.slice(text.indexOf('\n') + 1);
}
