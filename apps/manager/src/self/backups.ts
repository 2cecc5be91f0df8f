import type { BackupSet } from '@yosugara/host-control/backup';
import { explain } from '@yosugara/kernel';
import { NO_BACKUP, NO_BACKUP_S, type Seen } from '@yosugara/operations';
import type { NodeConfig } from '@yosugara/protocol';
import type { DatabaseActivity } from '@yosugara/store';
import type { Facts } from './gatherer.js';

const MOST_NOTE = 300;

/** What lies in the repository, oldest first. */
export type AskRepository = (config: NodeConfig) => Promise<readonly Pick<BackupSet, 'label' | 'endedAtMs'>[]>;

/** One run of the program. Loaded when it is needed: most managers never ask. */
export const askRepository: AskRepository = async (config) => {
  const { Repository } = await import('@yosugara/host-control/backup');
  return await (await Repository.open(config)).sets();
};

/** Of the repository; nothing where no backups are kept. Whoever serves looks for all: the other node sees the same. */
export async function repositoryFacts(config: NodeConfig, ask: AskRepository, nowMs: number): Promise<Facts> {
  if (config.backup === undefined) return {};
  try {
    const newest = (await ask(config)).at(-1);
    const seen: Seen =
      newest === undefined
        ? { item: '', value: NO_BACKUP_S, note: NO_BACKUP }
        : { item: '', value: Math.max(0, nowMs - newest.endedAtMs) / 1_000, note: newest.label };
    return { 'backup-age': [seen], 'backup-repository': [{ item: '', value: 0 }] };
  } catch (error) {
    return { 'backup-repository': [{ item: '', value: 1, note: explain(error).slice(0, MOST_NOTE) }] };
  }
}

/** Of PostgreSQL's archiver, as the Master tells it. */
export function archiverFacts(config: NodeConfig, { archiver }: Pick<DatabaseActivity, 'archiver'>): Facts {
  if (config.backup === undefined) return {};
  const { isOn, waitsSeconds, failedSegment } = archiver;
  return {
    'backup-wal': isOn ? [{ item: '', value: waitsSeconds, note: failedSegment ?? '' }] : [],
    'backup-off': [{ item: '', value: isOn ? 0 : 1 }],
  };
}
