import { AuditRepository, type Connections } from '@yosugara/store';
import type { AuditEntry } from './ports.js';

type Db = Parameters<Parameters<Connections['read']>[0]>[0];

/** In the transaction of what it tells of. */
export async function noteAudit(db: Db, entry: AuditEntry): Promise<void> {
  const { login, action, epoch, detail, node } = entry;
  await new AuditRepository(db).note({ actor: login, action, epoch, detail: { ...detail, node } });
}
