import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Lsn, parseLsn } from '@yosugara/kernel';
import { parseHistory } from '../postgres/history.js';
import { BackupError } from './errors.js';
import type { Repository } from './repository.js';
import type { Restored } from './restored.js';
import { archivedNames, segmentOf } from './unsent.js';

/**
 * All that ever arrived was asked for: nothing of what lies in the repository may be behind where replay came to its end. PostgreSQL ends there
 * without a word, since to it a missing segment is the end of the archive.
 * @throws BackupError BACKUP_GAP.
 */
export async function mustBeAll(repository: Repository, restored: Restored): Promise<void> {
  const { pgdata, timeline, lsn, systemId } = restored;
  const history = await readFile(
    join(pgdata, 'pg_wal', `${timeline.toString(16).toUpperCase().padStart(8, '0')}.history`),
    'utf8',
  );
  const from = parseHistory(history).at(-1)?.timeline ?? timeline;
  const behind = beyond(await archivedNames(repository, systemId), from, parseLsn(lsn));
  if (behind.length === 0) return;
  throw new BackupError(
    'BACKUP_GAP',
    `replay ended at ${lsn}, and ${behind.length} segments of WAL behind it lie in the repository, up to ${behind.at(-1)}: one before ${behind[0]} is missing or damaged. \`--accept-gap\` takes what there is up to there`,
  );
}

/** Segments behind that place, of the timeline that was replayed or of one that came after it. */
export function beyond(names: readonly string[], timeline: number, end: Lsn): readonly string[] {
  return names
    .filter((name) => {
      const found = segmentOf(name);
      return found !== null && found.timeline >= timeline && found.start >= Number(end);
    })
    .sort();
}
