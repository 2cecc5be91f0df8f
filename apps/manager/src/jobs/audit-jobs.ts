import type { Authority } from '../control/authority.js';
import type { AuditEntry, ManagerStore } from '../store/ports.js';

/**
 * What somebody did with jobs is committed already, with its line in the session's history: an audit trail that cannot be written just now
 * does not make it undone.
 */
export async function auditJobs(
  store: Pick<ManagerStore, 'audit'>,
  authority: Authority,
  entry: AuditEntry,
  onFailure: (error: unknown) => void,
): Promise<void> {
  try {
    await store.audit(entry, () => void authority.demand('active', entry.epoch));
  } catch (error) {
    onFailure(error);
  }
}
