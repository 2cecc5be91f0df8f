import type { Authority } from '../control/authority.js';
import type { AuditEntry, ManagerStore } from './ports.js';

type Kept = Parameters<ManagerStore['audit']>[2];

/**
 * What somebody did is done and committed already (of jobs with its line in the session's history): an audit trail that cannot be written
 * just now does not make it undone.
 *
 * @param kept the answer, for whoever sends the same command again.
 */
export async function auditDone(
  store: Pick<ManagerStore, 'audit'>,
  authority: Authority,
  entry: AuditEntry,
  onFailure: (error: unknown) => void,
  kept: Kept = null,
): Promise<void> {
  try {
    await store.audit(entry, () => void authority.demand('active', entry.epoch), kept);
  } catch (error) {
    onFailure(error);
  }
}
