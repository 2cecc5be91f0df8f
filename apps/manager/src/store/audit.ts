import { AuditRepository, type Connections } from '@yosugara/store';
import { whoAsks } from '../access/asking.js';
import type { AuditEntry } from './ports.js';

type Db = Parameters<Parameters<Connections['read']>[0]>[0];

/** In the transaction of what it tells of. */
export async function noteAudit(db: Db, entry: AuditEntry): Promise<void> {
  const { login, action, epoch, detail, node, object, done } = entry;
  const asking = whoAsks();
  await new AuditRepository(db).note({
    ...{ actor: login, action, epoch, detail: { ...detail, node }, node },
    ...{ target: object ?? objectOf(detail), done: done ?? true },
    ...{ came: asking?.came ?? null, address: asking?.address ?? null },
  });
}

/** As the addresses of the API name it. */
function objectOf(detail: AuditEntry['detail']): string | null {
  const { kind, id, session, unit } = detail;
  if (typeof kind === 'string' && typeof id === 'string') return `${kind}/${id}`;
  if (typeof session === 'string') return `job-session/${session}`;
  return typeof unit === 'string' ? `job-unit/${unit}` : null;
}
